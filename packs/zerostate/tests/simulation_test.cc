// The simulated network by itself: one seed gives one run, faults move what their alerts
// read, and clear() brings it back. Whether the real rules fire is the checker's matter.
#include "packs/zerostate/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "packs/zerostate/conditions.h"
#include "vigil/base/virtual_scheduler.h"
#include "vigil/metrics/registry.h"

namespace vigil::packs::zerostate {
namespace {

constexpr Timestamp kStart = 1'772'445'600'000;  // 2026-03-02T10:00:00Z

// All values of a registry: "name{labels}" -> value; histograms as "name_le{labels}" by bucket.
class Values final : public metrics::Visitor {
 public:
  explicit Values(const metrics::Registry& registry) { registry.visit(*this); }
  void begin_family(const metrics::FamilyView& family) override {
    name_ = family.name;
    bounds_.assign(family.bounds.begin(), family.bounds.end());
  }
  void point(std::string_view labels, const metrics::PointView& point) override {
    all[name_ + "{" + std::string(labels) + "}"] = point.value;
  }
  void histogram(std::string_view labels, const metrics::HistogramView& value) override {
    double total = 0;
    for (std::size_t i = 0; i < value.counts.size(); ++i) {
      total += static_cast<double>(value.counts[i]);
      const std::string bound = i < bounds_.size() ? std::to_string(static_cast<std::int64_t>(bounds_[i])) : "inf";
      if (i >= bounds_.size() || bounds_[i] >= 1) all[name_ + "_le_" + bound + "{" + std::string(labels) + "}"] = total;
    }
  }
  std::map<std::string, double> all;

 private:
  std::string name_;
  std::vector<double> bounds_;
};

// The network after `lived` minutes, one map for each process.
class World {
 public:
  explicit World(std::uint64_t seed = 1) : simulation_(simulate({.scheduler = &scheduler_, .nodes = 0, .seed = seed})) {
    simulation_->start();
  }
  void pass(Duration time) { scheduler_.advance(time); }
  // The same, and looks at all values before and after.
  void live(Duration time) {
    before_ = values();
    pass(time);
    after_ = values();
    seconds_ = static_cast<double>(time) / 1000;
  }
  pack::Simulation& simulation() { return *simulation_; }
  std::vector<std::map<std::string, double>> values() {
    std::vector<std::map<std::string, double>> all;
    for (const pack::Process& process : simulation_->processes()) all.push_back(Values(*process.registry).all);
    return all;
  }

  // Growth per second over the last live(), all series whose text begins and ends so, all processes.
  double rate(const std::string& begin, const std::string& end = "") const {
    double sum = 0;
    for (std::size_t i = 0; i < after_.size(); ++i) sum += rate_of(i, begin, end);
    return sum;
  }
  double rate_of(std::size_t process, const std::string& begin, const std::string& end = "") const {
    return (sum(after_[process], begin, end) - sum(before_[process], begin, end)) / seconds_;
  }
  double share(const std::string& part, const std::string& part_end, const std::string& whole) const {
    return rate(part, part_end) / rate(whole);
  }
  // Of a gauge: the least, the greatest, the sum.
  double least(const std::string& name) const { return std::ranges::min(gauges(name)); }
  double greatest(const std::string& name) const { return std::ranges::max(gauges(name)); }
  double total(const std::string& name) const {
    double sum = 0;
    for (const double value : gauges(name)) sum += value;
    return sum;
  }
  bool has(const std::string& name) const { return !gauges(name).empty(); }

 private:
  static double sum(const std::map<std::string, double>& values, const std::string& begin, const std::string& end) {
    double total = 0;
    for (auto each = values.lower_bound(begin); each != values.end() && each->first.starts_with(begin); ++each) {
      if (each->first.ends_with(end)) total += each->second;
    }
    return total;
  }
  std::vector<double> gauges(const std::string& name) const {
    std::vector<double> found;
    for (const auto& values : after_) {
      for (const auto& [series, value] : values) {
        if (series.starts_with(name)) found.push_back(value);
      }
    }
    return found;
  }

  VirtualScheduler scheduler_{kStart};
  std::unique_ptr<pack::Simulation> simulation_;
  std::vector<std::map<std::string, double>> before_, after_;
  double seconds_ = 1;
};

double message_failures(const World& w) {
  return w.rate("p2p_messages_failed_total") /
         (w.rate("p2p_messages_failed_total") + w.rate("p2p_messages_sent_total"));
}
double health_failures(const World& w) {
  return w.share("p2p_health_checks_total{result=\"failure\"", "", "p2p_health_checks_total");
}
double task_failures(const World& w) {
  return w.share("execution_tasks_total{result=\"failure\"", "", "execution_tasks_total");
}
double timeouts(const World& w) {
  return w.share("execution_tasks_total{result=\"timeout\"", "", "execution_tasks_total");
}
double tasks_beyond(const World& w, const std::string& bound) {
  return 1 - w.rate("execution_task_duration_seconds_le_" + bound) / w.rate("execution_task_duration_seconds_le_inf");
}
double payment_failures(const World& w) {
  return w.share("economic_payments_total{result=\"failure\"", "", "economic_payments_total");
}
double blacklisted(const World& w) {
  return w.greatest("economic_peers_blacklisted{") / w.greatest("economic_peers_known{");
}

// What an alert reads, and its threshold.
struct Signal {
  std::string_view alert;
  double (*value)(const World&);
  double threshold;
  bool below = false;

  bool fires(const World& world) const { return below ? value(world) < threshold : value(world) > threshold; }
};

const std::array kSignals{
    Signal{"LowPeerConnections", [](const World& w) { return w.least("p2p_peers_connected{"); }, 3, true},
    Signal{"CriticalPeerConnections", [](const World& w) { return w.least("p2p_peers_connected{"); }, 1, true},
    Signal{"HighMessageFailureRate", message_failures, 0.2},
    Signal{"HighBandwidthUsage", [](const World& w) { return w.rate_of(1, "p2p_bandwidth_bytes_total"); }, 10e6},
    Signal{"HealthCheckFailures", health_failures, 0.3},
    Signal{"HighTaskFailureRate", task_failures, 0.1},
    Signal{"CriticalTaskFailureRate", task_failures, 0.5},
    Signal{"HighTaskDuration", [](const World& w) { return tasks_beyond(w, "25"); }, 0.05},
    Signal{"HighMemoryUsage",
           [](const World& w) {
             return 1 -
                    w.rate("execution_wasm_memory_bytes_le_100000000") / w.rate("execution_wasm_memory_bytes_le_inf");
           },
           0.05},
    Signal{"TaskTimeoutRate", timeouts, 0.05},
    Signal{"NoActiveGuilds", [](const World& w) { return w.total("execution_guilds_active{"); }, 1, true},
    Signal{"TVLDrop", [](const World& w) { return w.least("economic_total_value_locked_tokens{"); }, 12000, true},
    Signal{"HighBlacklistRate", blacklisted, 0.1},
    Signal{"CriticalBlacklistRate", blacklisted, 0.25},
    Signal{"PaymentFailureRate", payment_failures, 0.05},
    Signal{"LowActiveChannels", [](const World& w) { return w.total("economic_channels{state=\"active\""); }, 5, true},
    Signal{"HighDisputeRate", [](const World& w) { return w.rate("economic_disputes_total{outcome=\"opened\""); }, 0.5},
    Signal{"SettlementFailures",
           [](const World& w) {
             return w.share("economic_settlements_total{result=\"failure\"", "", "economic_settlements_total");
           },
           0.1},
    Signal{"HighSystemLatency",
           [](const World& w) {
             return 1 -
                    w.rate("system_request_duration_seconds_le_10{") / w.rate("system_request_duration_seconds_le_inf");
           },
           0.05},
    Signal{"ComponentHealthDegraded", [](const World& w) { return w.least("system_component_health_score{"); }, 0.8,
           true},
    Signal{"HighErrorRate", [](const World& w) { return w.rate("system_errors_total"); }, 10},
    Signal{"SLAViolation_TaskExecution", [](const World& w) { return tasks_beyond(w, "30"); }, 0.05},
    Signal{"SLAViolation_PaymentSuccess", payment_failures, 0.001},
    Signal{"DisputeDeadlineNear",
           [](const World& w) {
             return w.has("economic_dispute_response_deadline_seconds{")
                        ? w.least("economic_dispute_response_deadline_seconds{")
                        : 1e6;
           },
           3600, true},
    Signal{"WasmTrapSpike",
           [](const World& w) { return w.rate("execution_wasm_traps_total") / w.rate("execution_tasks_total"); }, 0.1},
    Signal{"NoInboundConnections",
           [](const World& w) { return w.rate_of(4, "p2p_connections_opened_total{direction=\"inbound\""); }, 1e-9,
           true},
    Signal{"ResourceLimitsHit", [](const World& w) { return w.rate("p2p_resource_blocked_total"); }, 0},
};

const Signal* signal_of(std::string_view alert) {
  const auto found = std::ranges::find(kSignals, alert, &Signal::alert);
  return found == kSignals.end() ? nullptr : &*found;
}

TEST(ZeroStateSimulation, OneSeedGivesOneRun) {
  const auto run = [](std::uint64_t seed) {
    World world(seed);
    world.live(10 * kMinute);
    return world.values();
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7), run(8));
}

TEST(ZeroStateSimulation, HealthyDayStaysBelowEveryThreshold) {
  World world;
  world.live(10 * kMinute);
  for (int hour = 0; hour < 24; ++hour) {
    world.live(kHour);
    for (const Signal& signal : kSignals) {
      EXPECT_FALSE(signal.fires(world)) << signal.alert << " in hour " << hour << ": " << signal.value(world);
    }
  }
}

TEST(ZeroStateSimulation, FaultsMoveWhatTheirAlertsReadAndClearBringsItBack) {
  for (const pack::Scenario& scenario : scenarios()) {
    World world;
    world.live(scenario.warm_up);
    if (scenario.name != "healthy") {
      ASSERT_TRUE(world.simulation().inject(scenario.name).has_value()) << scenario.name;
    }
    world.live(scenario.hold - 5 * kMinute);
    world.live(5 * kMinute);
    for (const std::string_view alert : scenario.fires) {
      if (const Signal* const signal = signal_of(alert)) {
        EXPECT_TRUE(signal->fires(world)) << scenario.name << ": " << alert << " reads " << signal->value(world);
      }
    }
    for (const Signal& signal : kSignals) {
      if (std::ranges::find(scenario.fires, signal.alert) != scenario.fires.end()) continue;
      if (std::ranges::find(scenario.consequences, signal.alert) != scenario.consequences.end()) continue;
      // Takes 20 minutes of silence; a node that is cut off or down is silent for less.
      if (signal.alert == "NoInboundConnections" && scenario.hold < 20 * kMinute) continue;
      EXPECT_FALSE(signal.fires(world)) << scenario.name << ": " << signal.alert << " reads " << signal.value(world);
    }
    world.simulation().clear();
    world.live(scenario.recovery - 10 * kMinute);
    world.live(10 * kMinute);
    for (const Signal& signal : kSignals) {
      EXPECT_FALSE(signal.fires(world)) << "after " << scenario.name << ": " << signal.alert << " reads "
                                        << signal.value(world);
    }
  }
}

// `up` is the scraper's: the process says only whether it answers.
TEST(ZeroStateSimulation, DownAndFlappingProcessesDoNotAnswer) {
  World world;
  const auto down = [&] { return std::ranges::count(world.simulation().processes(), false, &pack::Process::up); };
  world.live(kMinute);
  EXPECT_EQ(down(), 0);
  ASSERT_TRUE(world.simulation().inject("node_down").has_value());
  world.live(kMinute);
  EXPECT_EQ(down(), 1);
  world.simulation().clear();
  world.live(kMinute);
  EXPECT_EQ(down(), 0);
  ASSERT_TRUE(world.simulation().inject("flapping_relay").has_value());
  int away = 0;
  for (int second = 0; second < 480; ++second) {
    world.pass(kSecond);
    away += static_cast<int>(down());
  }
  EXPECT_EQ(away, 60);
}

TEST(ZeroStateSimulation, UnknownFaultsAreRefused) {
  World world;
  const auto result = world.simulation().inject("earthquake");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), ErrorCode::kNotFound);
  EXPECT_FALSE(world.simulation().inject("healthy").has_value());
}

TEST(ZeroStateSimulation, EveryMetricLives) {
  World world;
  world.live(30 * kMinute);
  ASSERT_TRUE(world.simulation().inject("dispute_storm").has_value());
  world.live(10 * kMinute);
  std::set<std::string> families;
  for (const auto& values : world.values()) {
    for (const auto& [series, value] : values) families.insert(series.substr(0, series.find_first_of("{")));
  }
  for (const std::string_view name : {"economic_reputation_score", "economic_peer_tasks_total", "p2p_relay_connections",
                                      "execution_guilds_active", "economic_dispute_response_deadline_seconds"}) {
    EXPECT_TRUE(families.contains(std::string(name))) << name;
  }
}

}  // namespace
}  // namespace vigil::packs::zerostate
