// A page of 100k counters, and of histograms with about 100k lines: T9 and T11.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>

#include "vigil/exposition/page_writer.h"
#include "vigil/metrics/metrics.h"

namespace vigil::exposition {
namespace {

void write_page(benchmark::State& state, const metrics::Registry& registry) {
  std::size_t bytes = 0;
  std::size_t largest = 0;
  for (auto _ : state) {
    bytes = 0;
    PageWriter page(Format::kText, [&](std::string_view chunk) {
      bytes += chunk.size();
      largest = std::max(largest, chunk.size());
      benchmark::DoNotOptimize(chunk.data());
      return true;
    });
    registry.visit(page);
    page.finish();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
  state.counters["page_bytes"] = static_cast<double>(bytes);
  state.counters["largest_chunk"] = static_cast<double>(largest);
}

void page_100k_counters(benchmark::State& state) {
  metrics::Registry registry;
  metrics::Counter<"method", "path", "code"> counter{
      registry, "http_requests_total", "R.", {.max_label_sets = 200'000}};
  for (int i = 0; i < 100'000; ++i) counter.with("GET", "/api/v1/endpoint/" + std::to_string(i), "200").inc(i * 37);
  write_page(state, registry);
}
BENCHMARK(page_100k_counters)->Unit(benchmark::kMillisecond);

void page_3000_histograms(benchmark::State& state) {
  metrics::Registry registry;
  metrics::Histogram<"path"> histogram{
      registry,
      "duration_seconds",
      "D.",
      metrics::buckets<0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0,
                       2.0, 3.0, 5.0, 7.0, 10.0, 20.0, 30.0, 50.0, 70.0, 100.0, 200.0, 300.0, 500.0, 700.0>,
      {.max_label_sets = 10'000}};
  for (int i = 0; i < 3000; ++i) histogram.with("/api/" + std::to_string(i)).observe(i * 0.013);
  write_page(state, registry);
}
BENCHMARK(page_3000_histograms)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace vigil::exposition
