// HS-167: a full snapshot of 100,000 series, and its export, each below 100 ms.
#include <benchmark/benchmark.h>

#include <string>

#include "vigil/base/fake_clock.h"
#include "vigil/metrics/metrics.h"
#include "vigil/telemetry/exporter.h"
#include "vigil/telemetry/registry_collector.h"

namespace vigil::telemetry {
namespace {

struct Filled {
  metrics::Registry registry;
  metrics::Counter<"node", "kind", "shard"> counter{registry, "events_total", "Events.", {.max_label_sets = 200'000}};
  Filled() {
    for (int i = 0; i < 100'000; ++i) {
      counter.with("node-" + std::to_string(i % 100), "kind", std::to_string(i / 100)).inc();
    }
  }
};
const Filled& filled() {
  static const Filled* const made = new Filled;
  return *made;
}

void Snapshot(benchmark::State& state) {
  const Filled& all = filled();
  for (auto _ : state) benchmark::DoNotOptimize(MetricsSnapshot::of(all.registry, 0).series());
}
BENCHMARK(Snapshot)->Unit(benchmark::kMillisecond);

void Export(benchmark::State& state) {
  const MetricsSnapshot snapshot = MetricsSnapshot::of(filled().registry, 0);
  const auto format = static_cast<exposition::Format>(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(to_page(snapshot, format).size());
}
BENCHMARK(Export)
    ->Arg(static_cast<int>(exposition::Format::kText))
    ->Arg(static_cast<int>(exposition::Format::kJson))
    ->Arg(static_cast<int>(exposition::Format::kCsv))
    ->Arg(static_cast<int>(exposition::Format::kInflux))
    ->Unit(benchmark::kMillisecond);

void Record(benchmark::State& state) {
  metrics::Registry registry;
  const FakeClock clock;
  RegistryCollector collector(registry, clock, {.batch_size = static_cast<std::size_t>(state.range(0))});
  for (auto _ : state) collector.increment_counter("votes", {{"type", "prepare"}, {"node", "node-1"}});
}
BENCHMARK(Record)->Arg(1)->Arg(100);

}  // namespace
}  // namespace vigil::telemetry
