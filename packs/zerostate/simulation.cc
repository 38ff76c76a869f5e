#include "packs/zerostate/simulation.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "packs/zerostate/node_sim.h"
#include "vigil/sim/tasks.h"

namespace vigil::packs::zerostate {
namespace {

constexpr int kHealthEvery = 30;  // seconds between rounds of health checks
constexpr std::int64_t kFlapPeriod = 240;
constexpr std::int64_t kFlapAway = 30;

// Traffic over the day: least at three in the morning, most at three in the afternoon.
double daily_load(std::int64_t second) {
  const double day = static_cast<double>(second % 86400) / 86400;
  return 0.75 + 0.25 * std::sin(2 * std::numbers::pi * (day - 9.0 / 24));
}

std::string_view name_of(Role role) {
  switch (role) {
    case Role::kBootnode: return "bootnode";
    case Role::kEdge: return "edge-nodes";
    case Role::kRelay: return "relay";
  }
  return "";
}

}  // namespace

SimulatedNode::SimulatedNode(metrics::Registry& registry, Role role, std::uint64_t seed, std::uint64_t number)
    : role_(role),
      dice_(seed, number),
      metrics_(registry),
      links_(metrics_, role, dice_),
      tasks_(metrics_, links_, dice_),
      money_(metrics_, links_, dice_) {
  metrics_.system.set_build_info("1.4.0", "simulated");
}

void SimulatedNode::step(const Moment& now) {
  links_.step(now, money_.banned_share(), money_.banned());
  if (role_ == Role::kEdge) {
    const std::vector<FinishedTask>& finished = tasks_.step(now);
    money_.step(now, finished, tasks_.escrow());
  }
  if (now.second % kHealthEvery == 0) check_health(now);
}

void SimulatedNode::check_health(const Moment& now) {
  const auto scored = [&](Layer layer, HealthCounts counts) {
    metrics_.system.update_health(layer, health_score(counts));
  };
  // Listener, DHT and the peers.
  HealthCounts p2p{.healthy = 2};
  ++(links_.peers() == 0 ? p2p.failing : links_.peers() < 3 ? p2p.warning : p2p.healthy);
  scored(Layer::kP2p, p2p);
  if (role_ != Role::kEdge) return;
  const Conditions& conditions = *now.conditions;
  // Runtime, module cache and storage.
  HealthCounts execution{.healthy = 1};
  ++(conditions.cache_full && now.first_edge ? execution.warning : execution.healthy);
  ++(conditions.slow_storage ? execution.warning : execution.healthy);
  scored(Layer::kExecution, execution);
  // Chain, wallet and watchtower.
  HealthCounts economic{.healthy = 2};
  ++(conditions.watchtower_down && now.first_edge ? economic.critical : economic.healthy);
  scored(Layer::kEconomic, economic);
}

namespace {

class Network final : public pack::Simulation {
 public:
  explicit Network(const pack::SimulationOptions& options)
      : load_(options.load), scheduler_(*options.scheduler), tasks_(scheduler_) {
    const int nodes = std::max(3, options.nodes == 0 ? kUsualNodes : options.nodes);
    int edges = 0;
    for (int i = 0; i < nodes; ++i) {
      const Role role = i == 0 ? Role::kBootnode : i == nodes - 1 ? Role::kRelay : Role::kEdge;
      const std::string name = role == Role::kBootnode ? "bootnode-1"
                               : role == Role::kRelay  ? "relay-1"
                                                       : "edge-" + std::to_string(++edges);
      metrics::RegistryOptions registry_options;
      registry_options.clock = &scheduler_.clock();
      auto registry = std::make_unique<metrics::Registry>(registry_options);
      nodes_.push_back(
          std::make_unique<SimulatedNode>(*registry, role, options.seed, static_cast<std::uint64_t>(i + 1)));
      roles_.push_back(role);
      processes_.push_back({.job = "zerostate",
                            .instance = name + ":8080",
                            .registry = std::move(registry),
                            .up = true,
                            .interval = 15 * kSecond,
                            .labels = {{"role", std::string(name_of(role))}}});
    }
  }

  void start() override { step(); }
  std::span<pack::Process> processes() override { return processes_; }

  Result<void> inject(std::string_view fault) override {
    if (!apply_fault(fault, conditions_)) {
      return fail(ErrorCode::kNotFound, "unknown fault \"" + std::string(fault) + "\"");
    }
    return {};
  }
  void clear() override { conditions_ = {}; }

 private:
  void step() {
    const std::int64_t second = scheduler_.clock().now() / kSecond;
    const std::size_t last_edge = nodes_.size() - 2;
    processes_[last_edge].up = !conditions_.node_down;
    processes_.back().up = !(conditions_.flapping && second % kFlapPeriod < kFlapAway);
    const auto down = static_cast<int>(std::ranges::count(processes_, false, &pack::Process::up));
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (!processes_[i].up) {
        nodes_[i]->forget();
        continue;
      }
      nodes_[i]->step({.second = second,
                       .load = load_ * daily_load(second),
                       .neighbours_down = down,
                       .cut_off = conditions_.cut_off && roles_[i] == Role::kEdge && i > 1,
                       .eclipsed = conditions_.eclipsed && i == std::min<std::size_t>(2, last_edge),
                       .refuses_inbound = conditions_.no_inbound && i == last_edge,
                       .first_edge = i == 1,
                       .conditions = &conditions_});
    }
    tasks_.after(kSecond, [this] { step(); });
  }

  const double load_;
  Scheduler& scheduler_;
  Conditions conditions_;
  std::vector<pack::Process> processes_;
  std::vector<std::unique_ptr<SimulatedNode>> nodes_;  // go before their registries
  std::vector<Role> roles_;
  sim::TaskScope tasks_;
};

}  // namespace

std::unique_ptr<pack::Simulation> simulate(const pack::SimulationOptions& options) {
  return std::make_unique<Network>(options);
}

}  // namespace vigil::packs::zerostate
