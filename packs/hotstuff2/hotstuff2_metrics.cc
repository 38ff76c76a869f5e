#include "packs/hotstuff2/hotstuff2_metrics.h"

#include <algorithm>

namespace vigil::packs::hotstuff2 {
namespace {

// Over all values of the one label.
template <const auto& Definition, class Enum>
double total(const metrics::ByEnum<Definition, Enum>& counters, std::size_t values) {
  double sum = 0;
  for (std::size_t i = 0; i < values; ++i) sum += counters(static_cast<Enum>(i)).value();
  return sum;
}

}  // namespace

HotStuffMetrics::HotStuffMetrics(metrics::RegistryRef registry, const HotStuffOptions& options)
    : validators(registry, options),
      consensus(registry, options, &validators),
      performance(registry),
      network(registry, options),
      storage(registry),
      state(registry),
      mempool(registry),
      health(registry),
      collection(registry),
      clock_(*options.clock) {}

void HotStuffMetrics::set_validators(std::span<const ValidatorId> members) {
  validators.set_validators(members);
  consensus.set_validators(members);
}

HotStuffMetrics::Totals HotStuffMetrics::totals() const {
  constexpr std::size_t kMessageTypes = catalog::kMessageTypes.values.size();
  return {.time = clock_.steady(),
          .transactions = consensus.transactions_committed.value(),
          .blocks = consensus.blocks_committed.value(),
          .views = total(consensus.view_changes, catalog::kViewChangeReasons.values.size()),
          .bytes_in = total(network.bytes_received, kMessageTypes),
          .bytes_out = total(network.bytes_sent, kMessageTypes)};
}

void HotStuffMetrics::collect() {
  MutexLock lock(mutex_);
  const Totals now = totals();
  const std::optional<Totals> last = last_;
  if (last && now.time <= last->time) return;
  last_ = now;
  if (!last) return;
  const double seconds = Seconds(now.time - last->time).count();
  const double blocks = now.blocks - last->blocks;
  const double views = now.views - last->views;
  performance.update_transaction_throughput((now.transactions - last->transactions) / seconds);
  performance.update_block_throughput(blocks / seconds);
  performance.update_consensus_throughput(views / seconds);
  performance.update_network_bandwidth(BandwidthDirection::kIn, (now.bytes_in - last->bytes_in) / seconds);
  performance.update_network_bandwidth(BandwidthDirection::kOut, (now.bytes_out - last->bytes_out) / seconds);
  // A commit may fall into the interval after its view.
  if (views > 0) performance.update_consensus_efficiency(std::min(1.0, blocks / views));
}

HotStuffMetrics& process_metrics() {
  static auto* const instance = new HotStuffMetrics(metrics::Registry::global());
  return *instance;
}

}  // namespace vigil::packs::hotstuff2
