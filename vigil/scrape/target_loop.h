// Scrapes one target, slot by slot.
//
// Slots are the times t with t % interval == offset, where the offset is a hash of
// the target and a seed: scrapes spread evenly and keep their places over restarts.
// Samples carry the slot's time if the scrape began within 2 ms of it. A scrape
// never overlaps the next: slots that pass meanwhile are skipped and counted.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "vigil/base/mutex.h"
#include "vigil/base/scheduler.h"
#include "vigil/net/http.h"
#include "vigil/scrape/page_appender.h"
#include "vigil/scrape/report_series.h"
#include "vigil/scrape/scrape_config.h"
#include "vigil/scrape/scrape_metrics.h"
#include "vigil/scrape/target.h"
#include "vigil/storage_api/appender.h"

namespace vigil::scrape {

enum class Health { kUnknown, kUp, kDown };

struct TargetStatus {
  Target target;
  Health health = Health::kUnknown;
  std::string last_error;
  Timestamp last_scrape = 0;  // 0: none yet
  double last_duration_seconds = 0;
  std::size_t last_samples = 0;  // on the last page
};

// What every loop of a process shares; outlives all loops.
struct LoopContext {
  Appendable& storage;
  net::HttpClient& client;
  Scheduler& scheduler;
  const ScrapeMetrics& metrics;
  std::uint64_t seed = 0;
  std::string user_agent;
};

// Thread-safety: all members from any thread. Owned by shared_ptr: the HTTP client's
// callback only holds a weak one, so an answer that comes late finds nobody.
class TargetLoop : public std::enable_shared_from_this<TargetLoop> {
 public:
  TargetLoop(const LoopContext& context, std::shared_ptr<const ScrapeConfig> config, Target target);

  void start();

  // From the next scrape on; `target` must have the same identity. With an error, every
  // scrape fails with it and nothing is fetched (target_limit).
  void reconfigure(std::shared_ptr<const ScrapeConfig> config, Target target, std::optional<Error> forced_error);

  // The target is gone: no more scrapes, and its series are ended, one interval and a
  // bit after the next slot, so that a target that comes back at once wins.
  void retire();
  // True once a retired loop has ended its series.
  bool finished() const;

  // The process ends: no more scrapes, no markers. Waits for a running scrape; idempotent.
  void stop();

  TargetStatus status() const;
  MetadataSnapshot metadata() const { return page_.metadata().snapshot(); }

  // The first slot after `after`.
  static Timestamp next_slot(Timestamp after, Duration interval, std::uint64_t offset_hash);

 private:
  enum class State { kIdle, kWaiting, kScraping, kRetiring, kFinished };
  struct Settings {
    std::shared_ptr<const ScrapeConfig> config;
    Target target;
    std::optional<Error> forced_error;
  };
  using Answer = Result<net::ClientResponse>;

  void arm_slot(Timestamp after) REQUIRES(mutex_);
  void begin(Timestamp slot);
  void send(const Settings& settings, std::uint64_t id);
  void receive(std::uint64_t id, Answer answer);
  void complete(std::uint64_t id);
  ScrapeReport store(const Settings& settings, Answer answer, std::string& error);
  Result<void> append_page(const Settings& settings, const Answer& answer, Appender& appender, ScrapeReport& report);
  void write_end_markers(Timestamp timestamp);
  net::ClientRequest make_request(const Settings& settings) const;

  const LoopContext& context_;
  const std::uint64_t offset_hash_;

  mutable Mutex mutex_;
  State state_ GUARDED_BY(mutex_) = State::kIdle;
  std::shared_ptr<const Settings> settings_ GUARDED_BY(mutex_);
  TargetStatus status_ GUARDED_BY(mutex_);
  std::uint64_t scrape_id_ GUARDED_BY(mutex_) = 0;
  std::optional<Answer> answer_ GUARDED_BY(mutex_);
  Timestamp armed_slot_ GUARDED_BY(mutex_) = 0;

  // Of the scrape under way; only touched inside the timer's callback, which never overlaps itself.
  std::shared_ptr<const Settings> current_;
  Timestamp slot_ = 0;
  Timestamp timestamp_ = 0;
  std::chrono::nanoseconds started_{};
  PageAppender page_;
  ReportSeries report_;

  Timer timer_;  // last: stops before anything it uses is gone
};

}  // namespace vigil::scrape
