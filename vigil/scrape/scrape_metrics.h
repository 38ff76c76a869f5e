// What the module tells about itself.
#pragma once

#include "vigil/metrics/metrics.h"
#include "vigil/scrape/page_appender.h"

namespace vigil::scrape {

struct ScrapeMetrics {
  explicit ScrapeMetrics(metrics::RegistryRef registry)
      : scrapes(registry, "vigil_scrape_scrapes_total", "Scrapes done, by result."),
        samples(registry, "vigil_scrape_samples_total", "Samples stored from scrapes."),
        duration(registry, "vigil_scrape_duration_seconds", "Time from the request of a scrape to its commit.",
                 metrics::buckets<0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0>),
        missed_slots(registry, "vigil_scrape_missed_slots_total",
                     "Scrapes left out because the one before was still running or the process was late."),
        rejected_samples(registry, "vigil_scrape_rejected_samples_total",
                         "Samples of good scrapes that were not stored, by reason."),
        exceeded_limits(registry, "vigil_scrape_exceeded_limits_total",
                        "Scrapes that failed because of a limit, by limit."),
        commit_failures(registry, "vigil_scrape_commit_failures_total", "Scrapes that the store did not take."),
        targets(registry, "vigil_scrape_targets", "Targets being scraped, by job."),
        failed_targets(registry, "vigil_scrape_invalid_targets",
                       "Targets that relabelling left without a valid address, by job.") {
    for (const char* result : {"ok", "failed"}) scrapes.prepare(result);
    for (const char* reason : {"duplicate", "out_of_order", "out_of_bounds", "store_limit"})
      rejected_samples.prepare(reason);
    for (const char* limit : {"body_size", "sample", "label", "target"}) exceeded_limits.prepare(limit);
  }

  void count(const PageCounts& counts) const {
    const std::size_t rejected = counts.duplicates + counts.out_of_order + counts.out_of_bounds + counts.refused;
    samples.inc(counts.kept - rejected);
    rejected_samples.with("duplicate").inc(counts.duplicates);
    rejected_samples.with("out_of_order").inc(counts.out_of_order);
    rejected_samples.with("out_of_bounds").inc(counts.out_of_bounds);
    rejected_samples.with("store_limit").inc(counts.refused);
  }

  metrics::Counter<"result"> scrapes;
  metrics::Counter<> samples;
  metrics::Histogram<> duration;
  metrics::Counter<> missed_slots;
  metrics::Counter<"reason"> rejected_samples;
  metrics::Counter<"limit"> exceeded_limits;
  metrics::Counter<> commit_failures;
  metrics::Gauge<"scrape_job"> targets;
  metrics::Gauge<"scrape_job"> failed_targets;
};

}  // namespace vigil::scrape
