#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <chrono>

#include "bench/client/library.h"
#include "bench/client/workload.h"

namespace vigil::bench {
namespace {

using Counters = prometheus::Family<prometheus::Counter>;

prometheus::Histogram::BucketBoundaries boundaries() { return {bounds().begin(), bounds().end()}; }
prometheus::Counter& find(Counters& family, const LabelSet& set) {
  return family.Add({{"method", set.method}, {"path", set.path}, {"status", set.status}});
}

class PrometheusPage final : public Page {
 public:
  void add(std::size_t index) override {
    prometheus::Counter& counter = find(requests_, label_set(index));
    counter.Increment(static_cast<double>(index));
    if (first_ == nullptr) first_ = &counter;
  }
  void update() override { first_->Increment(); }
  std::size_t write() override { return prometheus::TextSerializer().Serialize(registry_->Collect()).size(); }
  std::size_t copy() override {
    std::size_t series = 0;
    for (const auto& family : registry_->Collect()) series += family.metric.size();
    return series;
  }
  std::string serve() override {
    exposer_ = std::make_unique<prometheus::Exposer>("127.0.0.1:0", 1);
    exposer_->RegisterCollectable(registry_);
    return "127.0.0.1:" + std::to_string(exposer_->GetListeningPorts().at(0));
  }

 private:
  const std::shared_ptr<prometheus::Registry> registry_ = std::make_shared<prometheus::Registry>();
  Counters& requests_ =
      prometheus::BuildCounter().Name("http_requests_total").Help("Requests served.").Register(*registry_);
  prometheus::Counter* first_ = nullptr;
  std::unique_ptr<prometheus::Exposer> exposer_;
};

class Updates {
 public:
  Updates() {
    for (int i = 0; i < 10; ++i) counters_.push_back(&counter_.Add({{"kind", std::to_string(i)}}));
    for (int i = 0; i < 6; ++i) {
      gauges_.push_back(&gauge_.Add({{"kind", std::to_string(i)}}));
      histograms_.push_back(&histogram_.Add({{"kind", std::to_string(i)}}, boundaries()));
    }
    for (const LabelSet& set : label_sets()) find(labelled_, set);
  }
  void block(std::size_t index) {
    const auto& latency = values();
    for (auto* counter : counters_) counter->Increment();
    for (auto* gauge : gauges_) gauge->Set(static_cast<double>(index));
    for (std::size_t i = 0; i < histograms_.size(); ++i) histograms_[i]->Observe(latency[(index + i) % kValues]);
    for (std::size_t i = 0; i < 3; ++i) find(labelled_, label_sets()[(index * 3 + i) % kLabelSets]).Increment();
  }

 private:
  prometheus::Registry registry_;
  Counters& counter_ = prometheus::BuildCounter().Name("blocks_total").Help("Counters.").Register(registry_);
  prometheus::Family<prometheus::Gauge>& gauge_ =
      prometheus::BuildGauge().Name("height").Help("Gauges.").Register(registry_);
  prometheus::Family<prometheus::Histogram>& histogram_ =
      prometheus::BuildHistogram().Name("step_seconds").Help("Histograms.").Register(registry_);
  Counters& labelled_ = prometheus::BuildCounter().Name("votes_total").Help("By label.").Register(registry_);
  std::vector<prometheus::Counter*> counters_;
  std::vector<prometheus::Gauge*> gauges_;
  std::vector<prometheus::Histogram*> histograms_;
};

class PrometheusCpp final : public Library {
 public:
  Batch operation(std::string_view name, std::size_t thread) override {
    const auto& all = values();
    if (name == "counter") return repeat([this](std::size_t) { counter_.Increment(); });
    if (name == "histogram") {
      return repeat([this, &all](std::size_t i) { histogram_.Observe(all[i % kValues]); }, thread * kValues / 2);
    }
    if (name == "timer") {
      // It has no timer: what its users write.
      return repeat([this](std::size_t) {
        const auto start = std::chrono::steady_clock::now();
        asm volatile("" ::: "memory");
        histogram_.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
      });
    }
    if (name == "lookup") {
      return repeat([this, &sets = label_sets()](std::size_t i) { find(labelled_, sets[i % kLabelSets]).Increment(); },
                    thread * kLabelSets / 2);
    }
    if (name == "consensus") {
      return repeat([updates = std::make_shared<Updates>()](std::size_t i) { updates->block(i); });
    }
    return {};
  }
  std::unique_ptr<Page> page() override { return std::make_unique<PrometheusPage>(); }

 private:
  prometheus::Registry registry_;
  prometheus::Counter& counter_ =
      prometheus::BuildCounter().Name("counted_total").Help("One series.").Register(registry_).Add({{"kind", "a"}});
  prometheus::Histogram& histogram_ = prometheus::BuildHistogram()
                                          .Name("observed_seconds")
                                          .Help("30 buckets.")
                                          .Register(registry_)
                                          .Add({}, boundaries());
  Counters& labelled_ = prometheus::BuildCounter().Name("labelled_total").Help("1,000 series.").Register(registry_);
};

}  // namespace

std::unique_ptr<Library> make_prometheus_cpp() { return std::make_unique<PrometheusCpp>(); }

}  // namespace vigil::bench
