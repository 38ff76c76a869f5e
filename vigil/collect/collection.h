// Samples a registry at a fixed interval into a store of the same process.
//
//   CollectionMetrics metrics(own_registry);
//   Collection collection({.registry = registry, .storage = db, .scheduler = scheduler, .metrics = metrics,
//                          .interval = 250, .labels = {{"job", "node"}}});
//   collection.start();
//
// Slots are the times t with t % interval == 0. Samples carry the slot's time if the
// round begins within 2 ms of it, as those of scrapes do. Rounds never overlap: slots
// that pass meanwhile are skipped and counted.
#pragma once

#include "vigil/base/mutex.h"
#include "vigil/base/scheduler.h"
#include "vigil/base/time.h"
#include "vigil/collect/registry_appender.h"
#include "vigil/metrics/metrics.h"
#include "vigil/metrics/registry.h"
#include "vigil/model/labels.h"
#include "vigil/storage_api/appender.h"

namespace vigil::collect {

// What all collections of a process count together.
struct CollectionMetrics {
  explicit CollectionMetrics(metrics::RegistryRef registry);
  void count(const Counts& counts) const;

  metrics::Counter<> samples;
  metrics::Counter<"reason"> rejected_samples;
  metrics::Counter<> failures;
  metrics::Counter<> missed_slots;
  metrics::Histogram<> duration;
};

struct CollectionOptions {
  // All of these outlive the collection.
  const metrics::Registry& registry;
  Appendable& storage;
  Scheduler& scheduler;
  const CollectionMetrics& metrics;
  Duration interval = 15 * kSecond;  // > 0
  Labels labels = {};                // on every series
};

// Thread-safety: all members from any thread.
class Collection {
 public:
  explicit Collection(CollectionOptions options);
  ~Collection() = default;  // stop()
  Collection(const Collection&) = delete;
  Collection& operator=(const Collection&) = delete;

  // The first round is at the next slot.
  void start();
  // The process ends: no more rounds and no markers, so that a restart continues the
  // series. Waits for a running round; idempotent.
  void stop() { timer_.stop(); }
  // The registry is gone: stops and ends its series. A store that fails is logged.
  void finish() EXCLUDES(mutex_);

  const metrics::Registry& registry() const { return options_.registry; }

 private:
  void arm(Timestamp after);
  void collect(Timestamp slot) EXCLUDES(mutex_);

  const CollectionOptions options_;
  Mutex mutex_;
  RegistryAppender appender_ GUARDED_BY(mutex_);
  bool failing_ GUARDED_BY(mutex_) = false;
  Timer timer_;  // last: stops before anything it uses is gone
};

}  // namespace vigil::collect
