// What one running query may use and must obey: limits, time, cancellation,
// the view of the store, and the annotations it leaves.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>

#include "vigil/base/clock.h"
#include "vigil/base/error.h"
#include "vigil/promql/ast.h"
#include "vigil/promql/engine.h"
#include "vigil/promql/eval/steps.h"
#include "vigil/promql/value.h"
#include "vigil/storage_api/queryable.h"

namespace vigil::promql {

// What is shared between a query's thread and those that look at it or kill it.
struct QueryCounters {
  std::atomic<std::uint64_t> samples{0};  // held now
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<bool> killed{false};
};

// Used by the query's thread only, save for `counters`.
class QueryContext {
 public:
  QueryContext(const EngineOptions& options, Clock& clock, QueryCounters& counters)
      : options_(options), clock_(clock), counters_(counters) {}
  QueryContext(const QueryContext&) = delete;
  QueryContext& operator=(const QueryContext&) = delete;

  // --- set up once by the engine ---
  std::string_view text;    // that positions refer to; empty: annotations carry no place
  StepGrid query;           // of the whole query: what start(), step() and @ start() mean
  Timestamp query_end = 0;  // end() and @ end(): as asked for, maybe after the last step
  bool is_range = false;
  Duration lookback = 5 * kMinute;
  Duration default_subquery_step = kMinute;
  bool delayed_names = false;
  Querier* querier = nullptr;
  std::stop_token stop;
  std::chrono::nanoseconds deadline{0};

  Duration query_range() const { return query_end - query.start; }

  // --- limits ---
  // Reserves samples and memory; to be released when they are given back.
  Result<void> charge(std::uint64_t samples, std::uint64_t bytes);
  void release(std::uint64_t samples, std::uint64_t bytes);
  // Refuses more steps than a query may hold samples: one series would be too many.
  Result<void> check_steps(std::size_t steps) const;
  // To be called in every loop over data with the number of values touched; looks
  // at the clock and for cancellation once in a while.
  Result<void> work(std::size_t values) {
    budget_ -= static_cast<std::int64_t>(values) + 1;
    return budget_ > 0 ? Result<void>{} : look_up();
  }
  // The same at once.
  Result<void> look_up();
  void count_read(std::size_t samples) { samples_read_ += samples; }

  // --- annotations ---
  // `message` is without "PromQL warning: " and place. The same message is kept once,
  // with the place where it came up last.
  void warn(std::string message, const Position& position);
  void info(std::string message, const Position& position);
  // "input to histogram_quantile needed to be fixed …", gathered over steps and groups.
  void forced_monotonicity(std::string_view metric, const Position& position, Timestamp at, double min_bucket,
                           double max_bucket, double max_difference);

  Annotations annotations() const;
  void fill_stats(QueryStats& stats) const;

 private:
  struct Forced {
    Position position;
    double min_bucket = 0;
    double max_bucket = 0;
    double max_difference = 0;
    std::uint64_t count = 0;
    Timestamp first = 0;
    Timestamp last = 0;
  };
  std::string place(const Position& position) const;

  const EngineOptions& options_;
  Clock& clock_;
  QueryCounters& counters_;
  std::int64_t budget_ = 0;
  std::uint64_t peak_samples_ = 0;
  std::uint64_t peak_bytes_ = 0;
  std::size_t samples_read_ = 0;
  std::map<std::string, Position, std::less<>> warnings_;
  std::map<std::string, Position, std::less<>> infos_;
  std::map<std::string, Forced, std::less<>> forced_;
};

// Memory outside of tables: columns read from the store, results of a match.
class Charge {
 public:
  explicit Charge(QueryContext& context) : context_(context) {}
  ~Charge() { context_.release(samples_, bytes_); }
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;

  // From now on this much instead of what it was.
  Result<void> set(std::uint64_t samples, std::uint64_t bytes) {
    context_.release(samples_, bytes_);
    samples_ = bytes_ = 0;
    VIGIL_TRY_VOID(context_.charge(samples, bytes));
    samples_ = samples;
    bytes_ = bytes;
    return {};
  }

 private:
  QueryContext& context_;
  std::uint64_t samples_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace vigil::promql
