// How long the queries of a monitoring server take, as an instant query and over an hour
// at 15 s, on samples held in plain vectors: the engine alone, without a store's decoding.
//
//   VIGIL_BENCH_NODES=40 engine_bench      # 20,000 series; default 4 nodes, 2,000
//
// Ends with range / instant for every query and the geometric means.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "vigil/base/clock.h"
#include "vigil/promql/engine.h"
#include "vigil/promql/memory_storage.h"

namespace vigil::promql {
namespace {

constexpr Duration kScrape = 15 * kSecond;
constexpr Duration kHistory = 2 * kHour + 10 * kMinute;

struct Query {
  const char* name;
  const char* text;
};

constexpr Query kQueries[] = {
    {"tps_by_job", "sum by (job) (rate(tx_processed_total[5m]))"},
    {"proof_p95", "histogram_quantile(0.95, sum by (le, proof_type) (rate(zk_proof_generation_seconds_bucket[5m])))"},
    {"rpc_p99_method", "histogram_quantile(0.99, sum by (le, method) (rate(rpc_request_duration_seconds_bucket[5m])))"},
    {"rpc_p99_instance",
     "histogram_quantile(0.99, sum by (le, instance) (rate(rpc_request_duration_seconds_bucket[5m])))"},
    {"proof_success_ratio",
     "sum by (proof_type) (rate(zk_proofs_total{status=\"success\"}[5m])) / sum by (proof_type) "
     "(rate(zk_proofs_total[5m]))"},
    {"rpc_error_ratio",
     "sum by (job) (rate(rpc_requests_total{code=~\"5..\"}[5m])) / sum by (job) (rate(rpc_requests_total[5m])) > "
     "0.001"},
    {"topk_rpc", "topk(10, sum by (instance) (rate(rpc_requests_total[5m])))"},
    {"proofs_increase_1h", "sum by (proof_type, status) (increase(zk_proofs_total[1h]))"},
    {"tps_peak_subquery", "max_over_time(sum(rate(tx_processed_total[5m]))[1h:1m])"},
    {"count_by_net", "count by (job, network) (chain_head_block_height)"},
    {"head_lag", "max by (network) (chain_head_block_height) - on (network) group_right () chain_head_block_height"},
    {"single_node_gauge", "prover_gpu_utilization_ratio{node_id=\"node-001\"}"},
    {"mempool_avg", "avg by (job) (avg_over_time(mempool_pending_transactions[10m]))"},
    {"p2p_regex", "sum by (node_id) (rate(p2p_bytes_total{protocol=~\"gossip|sync.*\",direction=\"in\"}[5m]))"},
    {"disk_predict", "predict_linear(db_size_bytes[1h], 86400) > 1e9"},
    {"restarts", "sum(changes(process_start_time_seconds[1h]))"},
    {"series_by_name", "count by (__name__) ({job=\"prover\"})"},
};

// A fleet of nodes as vbench makes it: the same families and label sets, 500 series each.
class Fleet {
 public:
  explicit Fleet(int nodes) {
    for (int node = 0; node < nodes; ++node) add_node(node);
    const auto appender = storage_.appender();
    for (const auto& [labels, kind] : series_) {
      const SeriesRef ref = *appender->resolve(labels);
      double value = kind.start;
      for (Timestamp at = 0; at <= kHistory; at += kScrape) {
        benchmark::DoNotOptimize(appender->append(ref, kStart + at, value));
        if (kind.counter) {
          value += std::floor(kind.step * (0.7 + 0.6 * uniform_(random_)) + uniform_(random_));
        } else {
          value += std::floor((uniform_(random_) - 0.5) * 2 * kind.step);
        }
      }
    }
    if (!appender->commit()) std::abort();
  }

  MemoryStorage& storage() { return storage_; }
  std::size_t size() const { return series_.size(); }
  static constexpr Timestamp kStart = 1'795'000'000'000;
  static constexpr Timestamp kEnd = kStart + kHistory;

 private:
  struct Kind {
    bool counter = true;
    double step = 1;
    double start = 0;
  };

  void add(const std::string& name, std::vector<LabelView> labels, Kind kind) {
    if (in_node_ >= 500) return;
    ++in_node_;
    for (const auto& [key, value] : node_labels_) labels.push_back({key, value});
    labels.push_back({kMetricName, name});
    series_.emplace_back(Labels::from(labels), kind);
  }

  void add_histogram(const std::string& name, const char* label, const char* value, double rate) {
    static const char* const kBounds[] = {"0.005", "0.01", "0.025", "0.05", "0.1", "0.25",
                                          "0.5",   "1",    "2.5",   "5",    "10",  "+Inf"};
    for (int i = 0; i < 12; ++i) {
      add(name + "_bucket", {{label, value}, {"le", kBounds[i]}}, {true, rate * (i + 1), 0});
    }
    add(name + "_sum", {{label, value}}, {true, rate, 0});
    add(name + "_count", {{label, value}}, {true, rate * 12, 0});
  }

  void add_node(int id) {
    static const char* const kJobs[] = {"sequencer", "prover", "verifier", "rpc", "bridge"};
    char node[16];
    std::snprintf(node, sizeof node, "node-%03d", id);
    node_labels_ = {{"job", kJobs[id % 5]},
                    {"instance", "10.0." + std::to_string(id / 25) + "." + std::to_string(10 + id % 25 * 3) + ":9100"},
                    {"node_id", node},
                    {"network", id % 4 == 3 ? "testnet" : "mainnet"}};
    in_node_ = 0;
    const char* const proofs[] = {"groth16", "plonk", "stark", "halo2", "fri"};
    const char* const methods[] = {"eth_call",       "eth_getLogs",     "eth_blockNumber", "eth_sendRawTransaction",
                                   "eth_getBalance", "eth_estimateGas", "zk_getProof",     "net_version"};
    for (const char* proof : proofs) add_histogram("zk_proof_generation_seconds", "proof_type", proof, 0.8);
    for (const char* method : methods) add_histogram("rpc_request_duration_seconds", "method", method, 20);
    for (const char* proof : proofs) {
      for (const char* status : {"success", "failed", "timeout"}) {
        add("zk_proofs_total", {{"proof_type", proof}, {"status", status}}, {true, 12, 0});
      }
    }
    for (const char* method : methods) {
      for (const char* code : {"200", "400", "429", "500"}) {
        add("rpc_requests_total", {{"method", method}, {"code", code}}, {true, 200, 0});
      }
    }
    for (const char* direction : {"in", "out"}) {
      for (const char* protocol : {"gossip", "sync", "sync_fast", "discovery", "txpool", "snap"}) {
        add("p2p_bytes_total", {{"direction", direction}, {"protocol", protocol}}, {true, 600'000, 0});
      }
    }
    for (const char* type : {"transfer", "contract_call", "deploy", "bridge_in", "bridge_out", "batch"}) {
      for (const char* status : {"ok", "reverted"}) {
        add("tx_processed_total", {{"type", type}, {"status", status}}, {true, 100, 0});
      }
    }
    add("chain_head_block_height", {}, {true, 7, 18'000'000});
    add("process_start_time_seconds", {}, {false, 0, 1'795'000'000});
    for (const char* pool : {"pending", "queued", "private", "blob"}) {
      add("mempool_pending_transactions", {{"pool", pool}}, {false, 60, 3000});
    }
    for (const char* gpu : {"0", "1", "2", "3", "4", "5", "6", "7"}) {
      add("prover_gpu_utilization_ratio", {{"gpu", gpu}}, {false, 3, 50});
    }
    for (const char* family : {"blocks", "state", "receipts", "witness", "trie"}) {
      add("db_size_bytes", {{"column_family", family}}, {true, 90'000, 4e9});
    }
    for (int i = 0; in_node_ < 500; ++i) {
      const std::string topic = "t" + std::to_string(i);
      add("events_total", {{"topic", topic}}, {true, 3, 0});
    }
  }

  MemoryStorage storage_;
  std::vector<std::pair<std::string, std::string>> node_labels_;
  std::vector<std::pair<Labels, Kind>> series_;
  int in_node_ = 0;
  std::mt19937_64 random_{7};
  std::uniform_real_distribution<double> uniform_{0, 1};
};

int nodes() {
  const char* given = std::getenv("VIGIL_BENCH_NODES");
  return given != nullptr ? std::max(1, std::atoi(given)) : 4;
}

Fleet& fleet() {
  static Fleet instance(nodes());
  return instance;
}

Engine& engine() {
  static Engine instance(EngineOptions{}, Clock::system());
  return instance;
}

// Seconds per query by kind, for the summary.
struct Times {
  double instant = 0;
  double range = 0;
};
std::map<std::string, Times>& times() {
  static auto* const all = new std::map<std::string, Times>();  // read after main()
  return *all;
}

void run(benchmark::State& state, const Query& query, bool range) {
  MemoryStorage& storage = fleet().storage();
  double seconds = 0;
  std::size_t points = 0;
  Timestamp shift = 0;
  for (auto _ : state) {
    const std::clock_t begin = std::clock();  // CPU time: the machine may be busy with other things
    // Shifted start times, as a dashboard that refreshes.
    const Timestamp end = Fleet::kEnd - shift * kSecond;
    shift = (shift + 1) % 7;
    const auto result = range ? engine().range(storage, query.text, end - kHour, end, kScrape)
                              : engine().instant(storage, query.text, end);
    if (!result) {
      state.SkipWithError(result.error().message().c_str());
      return;
    }
    points = result->stats.samples_read;
    seconds += static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  }
  state.counters["samples"] = static_cast<double>(points);
  const double mean = seconds / static_cast<double>(state.iterations());
  (range ? times()[query.name].range : times()[query.name].instant) = mean;
}

void print_summary() {
  double instant = 0;
  double range = 0;
  double ratio = 0;
  int count = 0;
  std::printf("\n%-22s %12s %12s %8s\n", "query", "instant ms", "1h@15s ms", "ratio");
  for (const auto& [name, time] : times()) {
    if (time.instant <= 0 || time.range <= 0) continue;
    std::printf("%-22s %12.3f %12.3f %8.2f\n", name.c_str(), time.instant * 1e3, time.range * 1e3,
                time.range / time.instant);
    instant += std::log(time.instant * 1e3);
    range += std::log(time.range * 1e3);
    ratio += std::log(time.range / time.instant);
    ++count;
  }
  if (count == 0) return;
  std::printf("%-22s %12.3f %12.3f %8.2f   (%zu series)\n", "geometric mean", std::exp(instant / count),
              std::exp(range / count), std::exp(ratio / count), fleet().size());
}

const bool kRegistered = [] {
  for (const Query& query : kQueries) {
    for (const bool range : {false, true}) {
      benchmark::RegisterBenchmark((std::string(range ? "range/" : "instant/") + query.name).c_str(),
                                   [&query, range](benchmark::State& state) { run(state, query, range); });
    }
  }
  std::atexit(print_summary);
  return true;
}();

}  // namespace
}  // namespace vigil::promql
