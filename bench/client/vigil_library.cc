#include <fmt/core.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

#include "bench/client/library.h"
#include "bench/client/workload.h"
#include "packs/hotstuff2/hotstuff2_metrics.h"
#include "vigil/expose/metrics_server.h"
#include "vigil/exposition/page_writer.h"
#include "vigil/metrics/metrics.h"
#include "vigil/telemetry/snapshot.h"

namespace vigil::bench {
namespace {

using metrics::Counter;
using metrics::Gauge;
using metrics::Histogram;

constexpr metrics::Options kManySeries{.max_label_sets = 1'000'000};

class VigilPage final : public Page {
 public:
  void add(std::size_t index) override {
    const LabelSet set = label_set(index);
    const auto handle = requests_.with(set.method, set.path, set.status);
    handle.inc(index);
    if (!first_.valid()) first_ = handle;
  }
  void update() override { first_.inc(); }
  std::size_t write() override {
    std::size_t bytes = 0;
    exposition::PageWriter page(exposition::Format::kText, [&bytes](std::string_view chunk) {
      bytes += chunk.size();
      return true;
    });
    registry_.visit(page);
    page.finish();
    return bytes;
  }
  std::size_t copy() override { return telemetry::MetricsSnapshot::of(registry_, 0).series(); }
  std::string serve() override {
    expose::MetricsServerOptions options;
    options.listen = "127.0.0.1:0";
    options.registry = &registry_;
    auto started = expose::spawn_metrics_server(std::move(options));
    if (!started) {
      fmt::print(stderr, "{}\n", started.error().message());
      std::exit(1);
    }
    server_.emplace(std::move(*started));
    return server_->addresses().front();
  }

 private:
  metrics::Registry registry_;
  Counter<"method", "path", "status"> requests_{registry_, "http_requests_total", "Requests served.", kManySeries};
  metrics::CounterHandle first_;
  std::optional<expose::MetricsServerHandle> server_;
};

template <std::size_t N, class Instrument>
auto handles(const Instrument& instrument) {
  std::array<decltype(instrument.with("")), N> made;
  for (std::size_t i = 0; i < N; ++i) made[i] = instrument.with(std::to_string(i));
  return made;
}

// The 25 updates of a block on resolved handles, but for 3 by label.
class Updates {
 public:
  Updates() {
    for (const LabelSet& set : label_sets()) labelled_.with(set.method, set.path, set.status);
  }
  void block(std::size_t index) const {
    const auto& latency = values();
    for (const auto& counter : counters_) counter.inc();
    for (const auto& gauge : gauges_) gauge.set(static_cast<double>(index));
    for (std::size_t i = 0; i < histograms_.size(); ++i) histograms_[i].observe(latency[(index + i) % kValues]);
    for (std::size_t i = 0; i < 3; ++i) {
      const LabelSet& set = label_sets()[(index * 3 + i) % kLabelSets];
      labelled_.with(set.method, set.path, set.status).inc();
    }
  }

 private:
  metrics::Registry registry_;
  Counter<"kind"> counter_{registry_, "blocks_total", "Counters."};
  Gauge<"kind"> gauge_{registry_, "height", "Gauges."};
  Histogram<"kind"> histogram_{registry_, "step_seconds", "Histograms.", metrics::Layout{.bounds = bounds()}};
  Counter<"method", "path", "status"> labelled_{registry_, "votes_total", "By label.", kManySeries};
  std::array<metrics::CounterHandle, 10> counters_ = handles<10>(counter_);
  std::array<metrics::GaugeHandle, 6> gauges_ = handles<6>(gauge_);
  std::array<metrics::HistogramHandle, 6> histograms_ = handles<6>(histogram_);
};

// What a replica records of a block it did not propose: 25 calls.
class PackUpdates {
 public:
  PackUpdates() { metrics_.set_validators(kMembers); }
  void block(std::size_t index) {
    namespace pack = packs::hotstuff2;
    const std::uint64_t height = index + 1;
    const pack::Seconds took(values()[index % kValues]);
    auto& [consensus, performance, network, storage, state, mempool] = parts_;
    network.record_message_received(pack::MessageType::kProposal, kMembers[0], 100'000);
    network.record_message_processing_time(pack::MessageType::kProposal, took);
    consensus.record_vote_sent(pack::VoteType::kPrepare, height);
    network.record_message_sent(pack::MessageType::kVote, kMembers[0], 96);
    for (std::size_t i = 1; i < kMembers.size(); ++i) {
      network.record_message_received(pack::MessageType::kVote, kMembers[i], 96);
      consensus.record_vote_received(pack::VoteType::kPrepare, height, kMembers[i]);
      consensus.record_vote_processing_time(pack::VoteType::kPrepare, took);
    }
    consensus.record_qc_formed(pack::Phase::kPrepare, took);
    consensus.update_uncommitted_blocks(1);
    consensus.record_block_committed(height, height, took, pack::BlockContents{500, 100'000});
    consensus.update_current_view(height + 1);
    performance.record_transaction_confirmation_latency(took);
    performance.record_block_finalization_latency(took);
    state.record_state_transition(took);
    state.update_state_size(height * 1000);
    storage.record_storage_write(pack::KeyType::kBlock, 100'000, took);
    storage.record_cache_hit(pack::Cache::kBlock);
    mempool.record_transactions_removed(pack::RemovalReason::kCommitted, 500);
    mempool.update_mempool_size(1000, 200'000);
  }

 private:
  static constexpr std::array<std::string_view, 4> kMembers{"validator-0", "validator-1", "validator-2", "validator-3"};
  struct Parts {
    packs::hotstuff2::ConsensusMetrics& consensus;
    packs::hotstuff2::PerformanceMetrics& performance;
    packs::hotstuff2::NetworkMetrics& network;
    packs::hotstuff2::StorageMetrics& storage;
    packs::hotstuff2::StateMetrics& state;
    packs::hotstuff2::MempoolMetrics& mempool;
  };
  metrics::Registry registry_;
  packs::hotstuff2::HotStuffMetrics metrics_{registry_};
  Parts parts_{metrics_.consensus, metrics_.performance, metrics_.network,
               metrics_.storage,   metrics_.state,       metrics_.mempool};
};

class Vigil final : public Library {
 public:
  Batch operation(std::string_view name, std::size_t thread) override {
    const auto& all = values();
    const std::size_t first = thread * kValues / 2;
    if (name == "counter") return repeat([handle = counter_.with("a")](std::size_t) { handle.inc(); });
    if (name == "histogram" || name == "native") {
      const auto handle = name == "native" ? native_.with() : histogram_.with();
      return repeat([handle, &all](std::size_t i) { handle.observe(all[i % kValues]); }, first);
    }
    if (name == "timer") {
      return repeat([handle = histogram_.with()](std::size_t) {
        const auto timer = handle.time();
        asm volatile("" ::: "memory");
      });
    }
    if (name == "lookup") {
      return repeat(
          [this, &sets = label_sets()](std::size_t i) {
            const LabelSet& set = sets[i % kLabelSets];
            labelled_.with(set.method, set.path, set.status).inc();
          },
          thread * kLabelSets / 2);
    }
    if (name == "consensus") {
      return repeat([updates = std::make_shared<Updates>()](std::size_t i) { updates->block(i); });
    }
    if (name == "pack") {
      return repeat([updates = std::make_shared<PackUpdates>()](std::size_t i) { updates->block(i); });
    }
    return {};
  }
  std::unique_ptr<Page> page() override { return std::make_unique<VigilPage>(); }

 private:
  metrics::Registry registry_;
  Counter<"kind"> counter_{registry_, "counted_total", "One series."};
  Histogram<> histogram_{registry_, "observed_seconds", "30 buckets.", metrics::Layout{.bounds = bounds()}};
  Histogram<> native_{registry_, "native_seconds", "Native buckets.", metrics::native(3)};
  Counter<"method", "path", "status"> labelled_{registry_, "labelled_total", "1,000 series.", kManySeries};
};

}  // namespace

std::unique_ptr<Library> make_vigil() { return std::make_unique<Vigil>(); }

}  // namespace vigil::bench
