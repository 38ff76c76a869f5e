// What a scrape costs beside the network and the store: a page of known series.
#include <benchmark/benchmark.h>

#include <string>

#include "vigil/scrape/page_appender.h"

namespace vigil::scrape {
namespace {

class NullAppender final : public Appender {
 public:
  Result<SeriesRef> resolve(const Labels&) override { return ++refs_; }
  Result<void> append(SeriesRef, Timestamp, double value) override {
    benchmark::DoNotOptimize(value);
    return {};
  }
  Result<void> append_histogram(SeriesRef, Timestamp, HistogramPtr) override { return {}; }
  Result<void> append_exemplar(SeriesRef, const Exemplar&) override { return {}; }
  Result<void> set_metadata(std::string_view, const MetricMetadata&) override { return {}; }
  Result<void> commit() override { return {}; }
  void rollback() override {}

 private:
  SeriesRef refs_ = 0;
};

std::string page(std::int64_t series) {
  std::string text =
      "# HELP http_request_duration_seconds Time to answer.\n# TYPE http_request_duration_seconds histogram\n";
  for (std::int64_t i = 0; i < series; ++i) {
    text += "http_request_duration_seconds_bucket{instance_role=\"prover\",method=\"eth_call\",code=\"" +
            std::to_string(200 + i / 12) + "\",le=\"" + std::to_string(i % 12) + ".5\"} " + std::to_string(i * 12345) +
            "\n";
  }
  return text;
}

void known_series(benchmark::State& state) {
  const std::string text = page(state.range(0));
  const auto config = std::make_shared<const ScrapeConfig>();
  const Labels labels{{"instance", "a:1"}, {"job", "j"}};
  NullAppender appender;
  PageAppender pages(1);
  Timestamp time = 0;
  for (auto _ : state) {
    PageCounts counts;
    if (!pages.append(text, exposition::Format::kText, ++time, config, labels, appender, counts)) std::abort();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
  state.counters["cache B/series"] = static_cast<double>(pages.cache_bytes()) / static_cast<double>(state.range(0));
}
BENCHMARK(known_series)->Arg(500)->Arg(5'000)->Arg(100'000);

void new_series(benchmark::State& state) {
  const std::string text = page(state.range(0));
  const auto config = std::make_shared<const ScrapeConfig>();
  const Labels labels{{"instance", "a:1"}, {"job", "j"}};
  for (auto _ : state) {
    NullAppender appender;
    PageAppender pages(1);
    PageCounts counts;
    if (!pages.append(text, exposition::Format::kText, 1, config, labels, appender, counts)) std::abort();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(new_series)->Arg(5'000);

}  // namespace
}  // namespace vigil::scrape
