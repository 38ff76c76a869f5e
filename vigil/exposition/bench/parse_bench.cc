// How fast a scraped page is read: raw events alone, with the hash that looks a
// series up, and with labels made for every sample (what only new series cost).
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "vigil/base/file_system.h"
#include "vigil/base/hash.h"
#include "vigil/exposition/page_parser.h"
#include "vigil/exposition/series_parser.h"

namespace vigil::exposition {
namespace {

std::string page() {
  const char* shared = std::getenv("VIGIL_SHARED");
  if (shared == nullptr) return {};
  return FileSystem::real()
      .read_file(std::string(shared) + "/conformance/openmetrics/textparse_good/alltypes.237mfs.prom.txt")
      .value_or("");
}

// One histogram family of typical labels: about 106 bytes a line, as in the scrape benchmark.
std::string histogram_page() {
  std::string text = "# TYPE http_request_duration_seconds histogram\n";
  for (int i = 0; i < 2000; ++i) {
    text += "http_request_duration_seconds_bucket{instance_role=\"prover\",method=\"eth_call\",code=\"" +
            std::to_string(200 + i / 12) + "\",le=\"" + std::to_string(i % 12) + ".5\"} " + std::to_string(i * 12345) +
            "\n";
  }
  return text;
}

enum class Work { kScan, kHash, kLabels };

void read_page(benchmark::State& state, const std::string& text, Work work) {
  if (text.empty()) {
    state.SkipWithError("set VIGIL_SHARED to the shared folder");
    return;
  }
  std::size_t samples = 0;
  SeriesParser series;
  for (auto _ : state) {
    PageParser parser(text, Format::kText);
    samples = 0;
    for (auto event = parser.next(); event != PageParser::Event::kEnd; event = parser.next()) {
      if (event == PageParser::Event::kError) std::abort();
      if (event != PageParser::Event::kSample) continue;
      ++samples;
      benchmark::DoNotOptimize(parser.sample().value);
      if (work == Work::kHash) benchmark::DoNotOptimize(hash128(parser.sample().series, 1));
      if (work == Work::kLabels) {
        if (!series.parse(parser.sample().series)) std::abort();
        series.make_canonical(parser.type());
        benchmark::DoNotOptimize(series.build().hash());
      }
    }
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
  state.counters["s/sample"] = benchmark::Counter(
      static_cast<double>(samples), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void scan_real(benchmark::State& state) { read_page(state, page(), Work::kScan); }
void hash_real(benchmark::State& state) { read_page(state, page(), Work::kHash); }
void labels_real(benchmark::State& state) { read_page(state, page(), Work::kLabels); }
void scan_histogram(benchmark::State& state) { read_page(state, histogram_page(), Work::kScan); }
void hash_histogram(benchmark::State& state) { read_page(state, histogram_page(), Work::kHash); }
void labels_histogram(benchmark::State& state) { read_page(state, histogram_page(), Work::kLabels); }
BENCHMARK(scan_real);
BENCHMARK(hash_real);
BENCHMARK(labels_real);
BENCHMARK(scan_histogram);
BENCHMARK(hash_histogram);
BENCHMARK(labels_histogram);

}  // namespace
}  // namespace vigil::exposition
