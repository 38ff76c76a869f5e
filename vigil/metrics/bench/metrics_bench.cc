// Cost of updates: the figures T1-T8 and T13-T15 of the client targets. Threads:2
// shows contention, as ns that each thread sees.
#include <benchmark/benchmark.h>

#include <malloc.h>

#include <array>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "vigil/metrics/metrics.h"

namespace vigil::metrics {
namespace {

constexpr Layout kThirty =
    buckets<1e-6, 1.7e-6, 2.9e-6, 4.9e-6, 8.4e-6, 1.4e-5, 2.4e-5, 4.1e-5, 7e-5, 1.2e-4, 2e-4, 3.4e-4, 5.8e-4, 9.9e-4,
            1.7e-3, 2.9e-3, 4.9e-3, 8.3e-3, 1.4e-2, 2.4e-2, 4.1e-2, 6.9e-2, 0.12, 0.2, 0.34, 0.58, 0.98, 1.7, 2.8, 4.8>;

Registry& registry() {
  static Registry instance;
  return instance;
}

inline constinit Counter<> plain{"bench_plain_total", "Plain."};

const std::vector<double>& values() {
  static const std::vector<double> all = [] {
    std::mt19937 random(7);
    std::uniform_real_distribution<double> log_of(std::log(5e-7), std::log(7.0));
    std::vector<double> made(4096);
    for (double& value : made) value = std::exp(log_of(random));
    return made;
  }();
  return all;
}

void counter_handle(benchmark::State& state) {
  static Counter<"a"> counter{registry(), "bench_a_total", "A."};
  const auto handle = counter.with("x");
  for (auto _ : state) {
    handle.inc();
    benchmark::ClobberMemory();
  }
}
BENCHMARK(counter_handle)->Threads(1)->Threads(2);

void counter_at_namespace_scope(benchmark::State& state) {
  for (auto _ : state) {
    plain.inc();
    benchmark::ClobberMemory();
  }
}
BENCHMARK(counter_at_namespace_scope)->Threads(1)->Threads(2);

void gauge_set(benchmark::State& state) {
  static Gauge<> gauge{registry(), "bench_gauge", "G."};
  const auto handle = gauge.with();
  double value = 0;
  for (auto _ : state) {
    handle.set(value += 1);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(gauge_set)->Threads(1)->Threads(2);

void histogram_30(benchmark::State& state) {
  static Histogram<> histogram{registry(), "bench_h", "H.", kThirty};
  const auto handle = histogram.with();
  const auto& all = values();
  std::size_t i = 0;
  for (auto _ : state) {
    handle.observe(all[i++ & 4095]);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(histogram_30)->Threads(1)->Threads(2);

void timer_scope(benchmark::State& state) {
  static Histogram<> histogram{registry(), "bench_t", "T.", kThirty};
  const auto handle = histogram.with();
  for (auto _ : state) {
    const auto timer = handle.time();
    benchmark::ClobberMemory();
  }
}
BENCHMARK(timer_scope)->Threads(1)->Threads(2);

void lookup_3_labels_of_1000(benchmark::State& state) {
  static Counter<"method", "path", "code"> counter{registry(), "bench_l_total", "L.", {.max_label_sets = 2000}};
  std::vector<std::array<std::string, 3>> keys;
  for (int i = 0; i < 1000; ++i) {
    keys.push_back({i % 2 != 0 ? "POST" : "GET", "/api/v1/endpoint/" + std::to_string(i), i % 4 < 2 ? "200" : "500"});
  }
  std::size_t i = static_cast<std::size_t>(state.thread_index()) * 500;
  for (auto _ : state) {
    const auto& key = keys[i++ % 1000];
    counter.with(key[0], key[1], key[2]).inc();
  }
}
BENCHMARK(lookup_3_labels_of_1000)->Threads(1)->Threads(2);

// Registration of 100k series with three labels, and the heap they take.
void register_100k(benchmark::State& state) {
  std::vector<std::string> paths;
  for (int i = 0; i < 100'000; ++i) paths.push_back("/api/v1/endpoint/" + std::to_string(i));
  double bytes = 0;
  for (auto _ : state) {
    const auto before = mallinfo2();
    Registry own;
    Counter<"method", "path", "code"> counter{own, "bench_r_total", "R.", {.max_label_sets = 200'000}};
    for (const auto& path : paths) counter.with("GET", path, "200").inc();
    const auto after = mallinfo2();
    bytes = static_cast<double>(after.uordblks + after.hblkhd) - static_cast<double>(before.uordblks + before.hblkhd);
  }
  state.SetItemsProcessed(state.iterations() * 100'000);
  state.counters["heap_bytes_per_series"] = bytes / 100'000;
}
BENCHMARK(register_100k)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace vigil::metrics
