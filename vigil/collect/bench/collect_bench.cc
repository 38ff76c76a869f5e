// What a round costs beside the store: known series, as in nearly every round.
#include <benchmark/benchmark.h>

#include <string>

#include "vigil/collect/registry_appender.h"
#include "vigil/metrics/metrics.h"

namespace vigil::collect {
namespace {

class NullStore final : public Appendable {
 public:
  std::unique_ptr<Appender> appender() override { return std::make_unique<Transaction>(); }

 private:
  class Transaction final : public Appender {
   public:
    Result<SeriesRef> resolve(const Labels&) override { return 1; }
    Result<void> append(SeriesRef, Timestamp, double value) override {
      benchmark::DoNotOptimize(value);
      return {};
    }
    Result<void> append_histogram(SeriesRef, Timestamp, HistogramPtr) override { return {}; }
    Result<void> append_exemplar(SeriesRef, const Exemplar&) override { return {}; }
    Result<void> set_metadata(std::string_view, const MetricMetadata&) override { return {}; }
    Result<void> commit() override { return {}; }
    void rollback() override {}
  };
};

void known_series(benchmark::State& state) {
  metrics::Registry registry;
  const metrics::Counter<"method", "code", "peer"> requests{
      registry, "requests_total", "Requests.", {.max_label_sets = 1'000'000}};
  for (std::int64_t i = 0; i < state.range(0); ++i) requests.with("eth_call", "200", "peer-" + std::to_string(i)).inc();
  NullStore store;
  RegistryAppender appender(Labels{{"instance", "a:1"}, {"job", "node"}});
  Timestamp time = 0;
  for (auto _ : state) {
    if (!appender.record(registry, store, ++time)) std::abort();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(known_series)->Arg(500)->Arg(5'000)->Arg(100'000);

}  // namespace
}  // namespace vigil::collect
