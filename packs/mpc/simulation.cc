#include "packs/mpc/simulation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "packs/mpc/container_stand_in.h"
#include "packs/mpc/database_stand_in.h"
#include "packs/mpc/etcd_stand_in.h"
#include "packs/mpc/wallet_node.h"
#include "vigil/sim/memory_network.h"
#include "vigil/sim/random.h"
#include "vigil/sim/tasks.h"

namespace vigil::packs::mpc {
namespace {

constexpr int kFewestNodes = 4;                  // so that faults have their victims
constexpr Duration kLatency = 3;                 // one way, between nodes
constexpr Duration kMeanArrival = 10 * kSecond;  // of a node's clients, as usual
constexpr Duration kCertificateLife = 90 * kDay;
constexpr Duration kCertificateRenewed = 30 * kDay;  // before its end
constexpr int kPingEverySeconds = 5;

// How busy the clients are: most in the afternoon, half as much at weekends.
double load_at(Timestamp now) {
  const double hour = static_cast<double>(now % kDay) / static_cast<double>(kHour);
  const auto weekday = (now / kDay + 3) % 7;  // 0: Monday
  return (1 + 0.6 * std::sin((hour - 9) / 12 * std::numbers::pi)) * (weekday >= 5 ? 0.5 : 1);
}

class WalletNetwork final : public pack::Simulation, private Surroundings {
 public:
  explicit WalletNetwork(const pack::SimulationOptions& options)
      : scheduler_(*options.scheduler),
        options_(options),
        count_(options.nodes == 0 ? kUsualNodes : std::max(options.nodes, kFewestNodes)),
        random_(options.seed, 2000),
        network_(scheduler_, kLatency),
        tasks_(scheduler_) {
    for (int id = 1; id <= count_; ++id) add_process("mpc-nodes", "node-" + std::to_string(id) + ":8080");
    std::array<metrics::Registry*, EtcdCluster::kMembers> members{};
    for (std::size_t i = 0; i < members.size(); ++i) {
      members[i] = &add_process("etcd", "etcd-" + std::to_string(i + 1) + ":2379");
    }
    etcd_ = std::make_unique<EtcdCluster>(members, sim::Random(options.seed, 2001));
    database_ = std::make_unique<Database>(add_process("postgres", "postgres:9187"));
    containers_ = std::make_unique<Containers>(add_process("cadvisor", "cadvisor:8081"), count_);
    processes_.back().interval = 30 * kSecond;
    for (int id = 1; id <= count_; ++id) {
      nodes_.push_back(std::make_unique<Node>(*process(id).registry));
    }
  }

  void start() override {
    for (int id = 1; id <= count_; ++id) start_node(id);
    second();
  }
  std::span<pack::Process> processes() override { return processes_; }
  Result<void> inject(std::string_view fault) override;
  void clear() override;

  // --- what faults do; see kFaults ---
  using Change = void (*)(WalletNetwork&);
  WalletNode& node(int id) { return *nodes_[static_cast<std::size_t>(id - 1)]->node; }
  void disturb(int id, std::string_view fault) {
    if (is_up(id)) node(id).set_fault(fault);
  }
  void kill(int id) {
    Node& gone = *nodes_[static_cast<std::size_t>(id - 1)];
    if (gone.node == nullptr) return;
    network_.leave(id);
    gone.node.reset();
    containers_->stopped(id);
    process(id).up = false;
  }
  // The first three nodes on one side, the others on the other.
  void split(bool apart) {
    split_ = apart;
    for (int a = 1; a <= 3; ++a) {
      for (int b = 4; b <= count_; ++b) network_.block(a, b, apart);
    }
  }
  void let_certificate_end(int id, Duration left) {
    certificate_of_ = id;
    show_certificate(id, now() + left);
    if (left > 0) return;
    expired_ = true;
    if (is_up(id)) network_.endpoint(id).isolate(true);
  }
  void leak_memory(int id) { containers_->set_leak(id, true); }
  void silence_clients() { quiet_ = true; }
  void send_stranger() { stranger_ = true; }
  void stop_postgres_exporter() { find("postgres").up = false; }
  EtcdCluster::Conditions etcd;
  Database::Conditions database;

 private:
  struct Node {
    explicit Node(metrics::Registry& registry) : metrics(registry) {}
    MpcMetrics metrics;
    Timestamp certificate_end = 0;
    std::unique_ptr<WalletNode> node;  // null: down
  };

  metrics::Registry& add_process(std::string job, std::string instance) {
    pack::Process process;
    process.job = std::move(job);
    process.instance = std::move(instance);
    metrics::RegistryOptions registry;
    registry.clock = &scheduler_.clock();
    process.registry = std::make_unique<metrics::Registry>(std::move(registry));
    processes_.push_back(std::move(process));
    return *processes_.back().registry;
  }
  pack::Process& process(int id) { return processes_[static_cast<std::size_t>(id - 1)]; }
  pack::Process& find(std::string_view job) { return *std::ranges::find(processes_, job, &pack::Process::job); }
  bool is_up(int id) const { return nodes_[static_cast<std::size_t>(id - 1)]->node != nullptr; }
  Timestamp now() { return scheduler_.clock().now(); }

  void start_node(int id) {
    Node& started = *nodes_[static_cast<std::size_t>(id - 1)];
    WalletOptions wallet;
    wallet.self = id;
    wallet.nodes = count_;
    wallet.threshold = count_ - 1;
    wallet.seed = options_.seed;
    wallet.mean_arrival = kMeanArrival;
    wallet.tick = kSecond;
    wallet.load = [this](Timestamp when) { return std::max(0.01, options_.load * load_at(when)); };
    wallet.surroundings = this;
    started.node =
        std::make_unique<WalletNode>(wallet, scheduler_, scheduler_.clock(), network_.endpoint(id), started.metrics);
    network_.join(id, *started.node);
    started.node->start();
    show_certificate(id, now() + kCertificateLife);
    started.metrics.set_build_info(VIGIL_VERSION, "simulated");
    containers_->started(id, now());
    process(id).up = true;
  }

  // A client's first step is a lock: silent ones ask for none.
  std::optional<Seconds> lock() override { return quiet_ ? std::nullopt : etcd_->lock(now()); }
  bool store(Row row) override { return database_->store(row); }

  void second() {
    int up = 0;
    for (int id = 1; id <= count_; ++id) {
      if (!is_up(id)) continue;
      ++up;
      containers_->tick(id, node(id).usage(), now());
      const Timestamp end = nodes_[static_cast<std::size_t>(id - 1)]->certificate_end;
      if (id != certificate_of_ && end - now() < kCertificateRenewed) show_certificate(id, now() + kCertificateLife);
    }
    etcd_->tick(now());
    database_->tick(up);
    ++seconds_;
    for (int a = 1; a <= count_; ++a) {
      for (int b = a + 1; b <= count_; ++b) look_at_link(a, b);
    }
    if (stranger_ && is_up(1)) handshake_failed(1);
    tasks_.after(kSecond, [this] { second(); });
  }

  // A link that is there is pinged, one that is not is dialled, once a second from each end.
  void look_at_link(int a, int b) {
    if (!is_up(a) && !is_up(b)) return;
    if (is_up(a) && node_connected(a, b)) {
      if ((seconds_ + a + b) % kPingEverySeconds != 0) return;
      node(a).round_trip(b, round_trip());
      node(b).round_trip(a, round_trip());
      return;
    }
    const bool expired = expired_ && (a == certificate_of_ || b == certificate_of_);
    for (const auto& [from, to] : {std::pair(a, b), std::pair(b, a)}) {
      if (!is_up(from)) continue;
      if (expired && is_up(to)) {
        handshake_failed(from);
      } else if (is_up(to)) {
        node(from).network_error(sim::NetworkError::kTimeout);
        containers_->dropped(from, 1);
      } else {
        node(from).network_error(sim::NetworkError::kConnection);
      }
    }
  }
  bool node_connected(int a, int b) { return network_.endpoint(a).connected().contains(b); }
  double round_trip() { return 2 * static_cast<double>(kLatency) / 1000 * random_.between(0.7, 1.6); }
  void handshake_failed(int id) {
    node(id).network_error(sim::NetworkError::kHandshake);
    nodes_[static_cast<std::size_t>(id - 1)]->metrics.record_tls_handshake_failure(std::to_string(id));
  }

  // The owner shows its own certificate, the others the first of their peers' to end.
  void show_certificate(int id, Timestamp end) {
    nodes_[static_cast<std::size_t>(id - 1)]->certificate_end = end;
    for (int other = 1; other <= count_; ++other) {
      Timestamp first = end;
      for (int peer = 1; peer <= count_; ++peer) {
        const Timestamp its = nodes_[static_cast<std::size_t>(peer - 1)]->certificate_end;
        if (peer != other && its > 0) first = std::min(first, its);
      }
      const Timestamp shown = other == id ? end : first;
      if (!is_up(other)) continue;
      nodes_[static_cast<std::size_t>(other - 1)]->metrics.update_tls_certificate_expiry(
          std::to_string(other), other == id ? "own" : "peer", Seconds(static_cast<double>(shown) / 1000));
    }
  }

  Scheduler& scheduler_;
  const pack::SimulationOptions options_;
  const int count_;
  sim::Random random_;
  std::vector<pack::Process> processes_;
  std::unique_ptr<EtcdCluster> etcd_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Containers> containers_;
  sim::MemoryNetwork network_;
  std::vector<std::unique_ptr<Node>> nodes_;
  int certificate_of_ = 0;  // whose certificate is not renewed; 0: nobody's
  bool expired_ = false, split_ = false, quiet_ = false, stranger_ = false;
  std::int64_t seconds_ = 0;
  sim::TaskScope tasks_;
};

struct Fault {
  std::string_view name;
  WalletNetwork::Change change;
};

constexpr Fault kFaults[] = {
    {"node_down", [](WalletNetwork& n) { n.kill(2); }},
    {"quorum_lost", [](WalletNetwork& n) { n.kill(2), n.kill(3); }},
    {"partition", [](WalletNetwork& n) { n.split(true); }},
    {"no_peers", [](WalletNetwork& n) { n.disturb(4, "no_peers"); }},
    {"double_vote", [](WalletNetwork& n) { n.disturb(4, "double_vote"); }},
    {"silent_voters", [](WalletNetwork& n) { n.disturb(2, "silent_voter"), n.disturb(3, "silent_voter"); }},
    {"lost_proposals", [](WalletNetwork& n) { n.disturb(4, "lost_proposals"); }},
    {"slow_signatures", [](WalletNetwork& n) { n.disturb(2, "slow_signatures"); }},
    {"signing_refused", [](WalletNetwork& n) { n.disturb(3, "signing_refused"); }},
    {"invalid_shares", [](WalletNetwork& n) { n.disturb(3, "invalid_shares"); }},
    {"nonce_reuse", [](WalletNetwork& n) { n.disturb(3, "nonce_reuse"); }},
    {"pool_depleted", [](WalletNetwork& n) { n.disturb(2, "pool_depleted"); }},
    {"pool_low", [](WalletNetwork& n) { n.disturb(2, "pool_low"); }},
    {"backup_fails", [](WalletNetwork& n) { n.disturb(3, "backup_fails"); }},
    {"backup_outdated", [](WalletNetwork& n) { n.disturb(3, "backup_outdated"); }},
    {"no_clients", [](WalletNetwork& n) { n.silence_clients(); }},
    {"stranger", [](WalletNetwork& n) { n.send_stranger(); }},
    {"certificate_expires", [](WalletNetwork& n) { n.let_certificate_end(3, 10 * kDay); }},
    {"certificate_expired", [](WalletNetwork& n) { n.let_certificate_end(3, 0); }},
    {"busy_cpu", [](WalletNetwork& n) { n.disturb(4, "busy_cpu"); }},
    {"memory_leak", [](WalletNetwork& n) { n.leak_memory(4); }},
    {"no_leader", [](WalletNetwork& n) { n.etcd.quorum_lost = true; }},
    {"slow_disks", [](WalletNetwork& n) { n.etcd.slow_disks = true; }},
    {"slow_etcd_network", [](WalletNetwork& n) { n.etcd.slow_network = true; }},
    {"flapping_leader", [](WalletNetwork& n) { n.etcd.flapping_leader = true; }},
    {"database_down", [](WalletNetwork& n) { n.database.down = true; }},
    {"exporter_down", [](WalletNetwork& n) { n.stop_postgres_exporter(); }},
    {"leaking_connections", [](WalletNetwork& n) { n.database.leaking_connections = true; }},
    {"deadlocks", [](WalletNetwork& n) { n.database.deadlocks = true; }},
};

Result<void> WalletNetwork::inject(std::string_view fault) {
  const auto* const found = std::ranges::find(kFaults, fault, &Fault::name);
  if (found == std::end(kFaults)) {
    return fail(ErrorCode::kNotFound, "the simulated wallet knows no fault \"" + std::string(fault) + "\"");
  }
  found->change(*this);
  etcd_->set(etcd, now());
  database_->set(database);
  for (int i = 0; i < EtcdCluster::kMembers; ++i) {
    processes_[static_cast<std::size_t>(count_ + i)].up = etcd_->is_up(i);
  }
  return {};
}

void WalletNetwork::clear() {
  etcd = {};
  database = {};
  etcd_->set(etcd, now());
  database_->set(database);
  for (pack::Process& each : processes_) {
    if (each.job != "mpc-nodes") each.up = true;
  }
  if (split_) split(false);
  quiet_ = stranger_ = false;
  if (const int owner = std::exchange(certificate_of_, 0); owner != 0) {
    show_certificate(owner, now() + kCertificateLife);
    if (std::exchange(expired_, false)) network_.endpoint(owner).isolate(false);
  }
  for (int id = 1; id <= count_; ++id) {
    containers_->set_leak(id, false);
    if (is_up(id)) {
      node(id).clear_faults();
    } else {
      start_node(id);
    }
  }
}

}  // namespace

std::unique_ptr<pack::Simulation> simulate_in_process(const pack::SimulationOptions& options) {
  return std::make_unique<WalletNetwork>(options);
}

}  // namespace vigil::packs::mpc
