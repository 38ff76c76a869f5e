#include "bench/dataset.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace vigil::bench {
namespace {

constexpr std::array<const char*, 5> kJobs = {"sequencer", "prover", "rpc", "verifier", "bridge"};
constexpr std::array<const char*, 12> kBounds = {"0.005", "0.01", "0.025", "0.05", "0.1", "0.25",
                                                 "0.5",   "1",    "2.5",   "5",    "10",  "+Inf"};
constexpr std::array<double, 11> kBoundValues = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

}  // namespace

std::uint64_t Random::next() {
  state_ ^= state_ >> 12;
  state_ ^= state_ << 25;
  state_ ^= state_ >> 27;
  return state_ * 0x2545F4914F6CDD1DULL;
}

double Random::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

Node::Node(int id) : random_(static_cast<std::uint64_t>(id) + 1) {
  job_ = kJobs[static_cast<std::size_t>(id) % kJobs.size()];
  node_id_ = "node-" + std::string(id < 10 ? "00" : id < 100 ? "0" : "") + std::to_string(id);
  instance_ = "10.0." + std::to_string(id / 250) + "." + std::to_string(id % 250 + 1) + ":9100";
  network_ = id % 4 == 3 ? "testnet" : "mainnet";
  const auto busy = [this](const char* job, double other) { return job_ == job ? 1.0 : other; };
  const double proving = busy("prover", job_ == "verifier" ? 0.05 : 0);
  const double serving = busy("rpc", job_ == "sequencer" ? 0.2 : 0.01);
  const double ordering = busy("sequencer", job_ == "rpc" ? 0.3 : 0.01);

  const std::array<std::pair<const char*, double>, 5> proofs = {
      {{"fri", 0.6}, {"groth16", 2.1}, {"halo2", 4.5}, {"plonk", 3.4}, {"stark", 1.2}}};
  for (const auto& [type, median] : proofs) {
    histogram("zk_proof_generation_seconds", {{"proof_type", type}}, 1.5 * proving, median);
    for (const char* status : {"failure", "success"}) {
      scalar(Kind::kCounter, "zk_proofs_total", {{"proof_type", type}, {"status", status}},
             (*status == 's' ? 1.5 : 0.02) * proving, 0, 0);
    }
  }
  const std::array<std::pair<const char*, double>, 8> methods = {{{"eth_blockNumber", 0.004},
                                                                  {"eth_call", 0.03},
                                                                  {"eth_estimateGas", 0.12},
                                                                  {"eth_getBalance", 0.02},
                                                                  {"eth_getLogs", 0.3},
                                                                  {"eth_sendRawTransaction", 0.06},
                                                                  {"net_version", 0.003},
                                                                  {"zk_getProof", 0.8}}};
  for (const auto& [method, median] : methods) {
    histogram("rpc_request_duration_seconds", {{"method", method}}, 20 * serving, median);
    for (const char* code : {"200", "400", "429", "500", "503"}) {
      scalar(Kind::kCounter, "rpc_requests_total", {{"code", code}, {"method", method}},
             (*code == '2' ? 20 : 0.05) * serving, 0, 0);
    }
  }
  for (const auto& [stage, median] :
       {std::pair{"decode", 0.004}, {"execute", 0.032}, {"nonce", 0.016}, {"signature", 0.008}}) {
    histogram("tx_validation_seconds", {{"stage", stage}}, 30 * ordering, median);
  }
  for (const auto& [phase, median] : {std::pair{"commit", 0.3}, {"prepare", 0.2}, {"propose", 0.1}}) {
    histogram("consensus_round_seconds", {{"phase", phase}}, 0.5, median);
  }
  scalar(Kind::kCounter, "tx_processed_total", {}, 120 * ordering, 0, 0);
  scalar(Kind::kCounter, "gc_runs_total", {}, 0.1, 0, 0);
  for (const char* protocol :
       {"discovery", "gossip", "identify", "kad", "ping", "sync-blocks", "sync-state", "votes"}) {
    for (const char* direction : {"in", "out"}) {
      scalar(Kind::kCounter, "p2p_bytes_total", {{"direction", direction}, {"protocol", protocol}}, 5000, 0, 0);
      scalar(Kind::kCounter, "p2p_messages_total", {{"direction", direction}, {"protocol", protocol}}, 10, 0, 0);
    }
  }
  for (int column = 0; column < 11; ++column) {
    const std::string name = "column-" + std::to_string(column);
    scalar(Kind::kBytes, "db_size_bytes", {{"column", name}}, 4096.0 * (column + 1), 1e9, 0);
    scalar(Kind::kCounter, "db_reads_total", {{"column", name}}, 50.0 * (column + 1), 0, 0);
    scalar(Kind::kCounter, "db_writes_total", {{"column", name}}, 5.0 * (column + 1), 0, 0);
  }
  scalar(Kind::kHeight, "chain_head_block_height", {}, 0.5, network_ == "testnet" ? 3'000'000 : 18'000'000, 0);
  scalar(Kind::kIntegerGauge, "mempool_pending_transactions", {}, 50, 0, 5000);
  scalar(Kind::kFloatGauge, "prover_gpu_utilization_ratio", {}, 0.1, 0, 1);
  scalar(Kind::kConstant, "process_start_time_seconds", {}, 0, 1.7e9 + id, 0);
  scalar(Kind::kIntegerGauge, "p2p_peers", {}, 2, 20, 60);
  scalar(Kind::kConstant, "build_info", {{"version", "1.4.2"}}, 0, 1, 0);
  for (int i = 0; i < 7; ++i) {
    scalar(Kind::kFloatGauge, "account_balance_ether", {{"account", "hot-" + std::to_string(i)}}, 0.3, 0, 100);
  }
  for (int i = 0; i < 24; ++i) {
    scalar(Kind::kIntegerGauge, "queue_depth", {{"queue", "q" + std::to_string(i)}}, i % 3 == 0 ? 5 : 0, 0, 200);
  }
  for (int i = 0; i < 14; ++i) {
    scalar(Kind::kDecimalGauge, "p2p_peer_rtt_milliseconds", {{"peer_slot", std::to_string(i)}}, 4, 1, 200);
  }
  for (int i = 0; series_.size() < 500; ++i) {
    scalar(Kind::kConstant, "feature_enabled", {{"feature", "f" + std::to_string(i)}}, 0, i % 2, 0);
  }
}

std::size_t Node::add(const std::string& name, LabelPairs labels, double value) {
  labels.emplace_back("__name__", name);
  labels.emplace_back("instance", instance_);
  labels.emplace_back("job", job_);
  labels.emplace_back("network", network_);
  labels.emplace_back("node_id", node_id_);
  std::sort(labels.begin(), labels.end());
  series_.push_back(std::move(labels));
  values_.push_back(value);
  return values_.size() - 1;
}

void Node::scalar(Kind kind, const std::string& name, const LabelPairs& labels, double rate, double low, double high) {
  double value = low + (high - low) * random_.uniform();
  if (kind == Kind::kCounter) value = std::floor(rate * 20000 * random_.uniform());
  if (kind == Kind::kConstant || kind == Kind::kHeight || kind == Kind::kBytes) value = low;
  if (kind == Kind::kIntegerGauge) value = std::floor(value);
  const std::size_t index = add(name, labels, value);
  scalars_.push_back({index, kind, rate, low, high});
}

void Node::histogram(const std::string& name, const LabelPairs& labels, double rate, double median) {
  Histogram histogram{series_.size(), rate, median, {}};
  double before = 0;
  for (std::size_t i = 0; i < kBounds.size(); ++i) {
    // Log-normal latencies with sigma 0.75.
    const double cumulative =
        i + 1 == kBounds.size() ? 1 : 0.5 * std::erfc(-std::log(kBoundValues[i] / median) / (0.75 * std::sqrt(2.0)));
    histogram.shares.push_back(cumulative - before);
    before = cumulative;
    LabelPairs bucket = labels;
    bucket.emplace_back("le", kBounds[i]);
    add(name + "_bucket", std::move(bucket), 0);
  }
  add(name + "_sum", labels, 0);
  add(name + "_count", labels, 0);
  histograms_.push_back(std::move(histogram));
}

void Node::step(double now, double seconds) {
  // Load follows the time of day a little, so that rates are not constant.
  const double load = 1 + 0.3 * std::sin(now / 3600 * 2);
  for (const Scalar& scalar : scalars_) {
    double& value = values_[scalar.index];
    const double noise = random_.uniform() * 2 - 1;
    switch (scalar.kind) {
      case Kind::kConstant: break;
      case Kind::kCounter: {
        const double expected = scalar.rate * seconds * load;
        // Rare events happen now and then; frequent ones fluctuate.
        value += expected < 3 ? (random_.uniform() < expected ? std::ceil(expected) : 0)
                              : std::floor(expected * (1 + 0.2 * noise));
        break;
      }
      case Kind::kHeight: value += std::floor(scalar.rate * seconds + random_.uniform()); break;
      case Kind::kBytes: value += std::floor(scalar.rate * seconds * random_.uniform()) * 16; break;
      case Kind::kIntegerGauge:
        value = std::clamp(value + std::round(scalar.rate * noise), scalar.low, scalar.high);
        break;
      case Kind::kDecimalGauge:
        value = std::round(std::clamp(value + scalar.rate * noise, scalar.low, scalar.high) * 10) / 10;
        break;
      case Kind::kFloatGauge: value = std::clamp(value + scalar.rate * noise, scalar.low, scalar.high); break;
    }
  }
  for (const Histogram& histogram : histograms_) {
    const double expected = histogram.rate * seconds * load;
    double cumulative = 0;
    double sum = 0;
    for (std::size_t i = 0; i < histogram.shares.size(); ++i) {
      const double share = expected * histogram.shares[i];
      const double events = std::floor(share) + (random_.uniform() < share - std::floor(share) ? 1 : 0);
      cumulative += events;
      const double upper = i < kBoundValues.size() ? kBoundValues[i] : 12;
      sum += events * upper * (0.5 + 0.5 * random_.uniform());
      values_[histogram.first + i] += cumulative;
    }
    values_[histogram.first + kBounds.size()] += sum;
    values_[histogram.first + kBounds.size() + 1] += cumulative;
  }
}

}  // namespace vigil::bench
