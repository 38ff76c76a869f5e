#include "vigil/collect/collection.h"

#include <chrono>
#include <utility>

#include "vigil/base/log.h"

namespace vigil::collect {
namespace {

constexpr Duration kSlotTolerance = 2;

// The first slot after `after`; times before 1970 do not occur.
Timestamp next_slot(Timestamp after, Duration interval) { return after - after % interval + interval; }

}  // namespace

CollectionMetrics::CollectionMetrics(metrics::RegistryRef registry)
    : samples(registry, "vigil_collect_samples_total", "Samples stored from registries of this process."),
      rejected_samples(registry, "vigil_collect_rejected_samples_total",
                       "Samples of registries that the store did not take, by reason."),
      failures(registry, "vigil_collect_failures_total", "Rounds that the store did not take as a whole."),
      missed_slots(registry, "vigil_collect_missed_slots_total",
                   "Rounds left out because the one before was still running or the process was late."),
      duration(registry, "vigil_collect_duration_seconds", "Time of a round, its commit included.",
               metrics::buckets<0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0>) {
  for (const char* reason : {"duplicate", "out_of_order", "out_of_bounds", "store_limit"})
    rejected_samples.prepare(reason);
}

void CollectionMetrics::count(const Counts& counts) const {
  samples.inc(counts.samples);
  rejected_samples.with("duplicate").inc(counts.duplicates);
  rejected_samples.with("out_of_order").inc(counts.out_of_order);
  rejected_samples.with("out_of_bounds").inc(counts.out_of_bounds);
  rejected_samples.with("store_limit").inc(counts.refused);
}

Collection::Collection(CollectionOptions options)
    : options_(std::move(options)), appender_(options_.labels), timer_(options_.scheduler) {
  VIGIL_CHECK(options_.interval > 0);
}

void Collection::start() { arm(options_.scheduler.clock().now()); }

void Collection::arm(Timestamp after) {
  const Timestamp slot = next_slot(after, options_.interval);
  timer_.arm(slot, [this, slot] { collect(slot); });
}

void Collection::collect(Timestamp slot) {
  const Clock& clock = options_.scheduler.clock();
  const Timestamp now = clock.now();
  // After a delay the values are those of now, not of the slot.
  const Timestamp at = now - slot <= kSlotTolerance ? slot : now;
  const auto started = clock.steady();
  {
    MutexLock lock(mutex_);
    const auto counts = appender_.record(options_.registry, options_.storage, at);
    if (counts) {
      options_.metrics.count(*counts);
      if (std::exchange(failing_, false)) log::info("collect", "the store takes samples again");
    } else {
      options_.metrics.failures.inc();
      if (!std::exchange(failing_, true)) {
        log::error("collect", "the store does not take samples; trying again at every interval",
                   {{"error", counts.error().message()}});
      }
    }
  }
  options_.metrics.duration.observe(std::chrono::duration<double>(clock.steady() - started).count());
  const Timestamp end = clock.now();
  options_.metrics.missed_slots.inc((std::max(end, slot) - slot) / options_.interval);
  arm(std::max(end, slot));
}

void Collection::finish() {
  timer_.stop();
  MutexLock lock(mutex_);
  if (const auto ended = appender_.end(options_.storage, options_.scheduler.clock().now()); !ended) {
    log::warn("collect", "the series of a registry could not be ended", {{"error", ended.error().message()}});
  }
}

}  // namespace vigil::collect
