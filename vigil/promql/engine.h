// Evaluates PromQL (Prometheus 3 semantics) over a Queryable.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/clock.h"
#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/promql/value.h"
#include "vigil/storage_api/queryable.h"

namespace vigil::metrics {
class Registry;
}

namespace vigil::promql {

struct Expr;  // ast.h

struct EngineOptions {
  std::uint64_t max_samples = 50'000'000;  // held at one time, per query
  std::uint64_t max_bytes = 1ULL << 30;    // memory of one query
  Duration timeout = 2 * kMinute;
  int max_concurrency = 20;  // further queries wait
  Duration lookback_delta = 5 * kMinute;
  Duration default_subquery_step = kMinute;  // global evaluation_interval
  // Drop __name__ only at the end of a query (feature promql-delayed-name-removal).
  bool delayed_name_removal = false;
  // Experimental syntax, each named by Prometheus' feature flag.
  bool experimental_functions = false;    // promql-experimental-functions
  bool extended_range_selectors = false;  // promql-extended-range-selectors
  bool binop_fill_modifiers = false;      // promql-binop-fill-modifiers
  bool duration_expressions = true;       // stable since Prometheus 3.14
  // Where the engine counts queries, their time and samples; nullptr: nowhere. Must outlive it.
  metrics::Registry* registry = nullptr;
};

// Per query.
struct QueryOptions {
  Duration lookback_delta = 0;  // 0 = the engine's
  Duration timeout = 0;         // 0 = the engine's; a longer one is cut to the engine's
  std::stop_token stop;         // e.g. the client went away
  std::string origin;           // for the list of running queries: "api", "rule:group;name"
  // The text an expression parsed before was parsed from: annotations then say the
  // place. Must outlive the call.
  std::string_view text;
};

struct RunningQuery {
  std::uint64_t id = 0;
  std::string expression;
  std::string origin;
  Timestamp started = 0;
  std::uint64_t samples = 0;  // held now
  std::uint64_t bytes = 0;
};

// Thread-safe. Every query is one call on the caller's thread.
//
// Errors: kInvalidArgument for text that does not parse or type-check ("1:5: parse
// error: …"), kExecution for data that cannot be evaluated, kLimitExceeded, kTimeout,
// kCancelled, kNotSupported.
class Engine {
 public:
  Engine(EngineOptions options, Clock& clock);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Result<QueryResult> instant(Queryable& storage, std::string_view expression, Timestamp at,
                              const QueryOptions& options = {});
  // Evaluates at start, start+step, … <= end. step > 0.
  Result<QueryResult> range(Queryable& storage, std::string_view expression, Timestamp start, Timestamp end,
                            Duration step, const QueryOptions& options = {});

  // The same with an expression parsed before (rules).
  Result<QueryResult> instant(Queryable& storage, const Expr& expression, Timestamp at,
                              const QueryOptions& options = {});

  Result<QueryResult> range(Queryable& storage, const Expr& expression, Timestamp start, Timestamp end, Duration step,
                            const QueryOptions& options = {});

  std::vector<RunningQuery> running() const;
  // Asks a running query to stop; false if there is no such query.
  bool kill(std::uint64_t id);

  const EngineOptions& options() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vigil::promql
