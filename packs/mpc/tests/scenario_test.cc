// The real thing: five processes, TCP, HTTP. This binary is its own node program.
#include "packs/mpc/scenario.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <thread>

#include "vigil/net/curl_client.h"

namespace vigil::packs::mpc {
namespace {

constexpr double kSpeed = 20;

// Runs a wallet on a thread of its own while the test looks at it from outside.
class Simulation {
 public:
  explicit Simulation(const std::string& scenario = "") {
    thread_ = std::jthread([this, scenario](const std::stop_token& stop) {
      SimulateOptions options;
      options.listen = "127.0.0.1:0";
      options.speed = kSpeed;
      options.scenario = scenario;
      options.scenario_delay = 10 * kSecond;
      options.node_command = {"/proc/self/exe", "simulate-node", "mpc"};
      options.on_ready = [this](sim::Supervisor& supervisor) {
        MutexLock lock(mutex_);
        nodes_ = supervisor.nodes();
        changed_.notify_all();
      };
      const auto result = simulate(std::move(options), stop);
      MutexLock lock(mutex_);
      ended_ = true;
      if (!result) error_ = result.error().message();
      changed_.notify_all();
    });
    MutexLock lock(mutex_);
    while (nodes_.empty() && !ended_) changed_.wait(mutex_);
  }

  const sim::NodeStatus& node(int id) const { return nodes_.at(static_cast<std::size_t>(id - 1)); }
  const std::string& error() const { return error_; }

  int post(int id, const std::string& path) {
    net::ClientRequest request;
    request.method = "POST";
    request.url = "http://" + node(id).http_address + path;
    const auto response = client_->fetch(std::move(request));
    return response ? response->status : 0;
  }

  // The page of a node as series -> value; empty if it does not answer.
  std::map<std::string, double> page(int id) {
    net::ClientRequest request;
    request.url = "http://" + node(id).http_address + "/metrics";
    request.timeout = 2 * kSecond;
    const auto response = client_->fetch(std::move(request));
    std::map<std::string, double> series;
    if (!response) return series;
    std::string_view rest = response->body;
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      const std::size_t space = line.rfind(' ');
      if (line.empty() || line[0] == '#') continue;
      series[std::string(line.substr(0, space))] = std::stod(std::string(line.substr(space + 1)));
    }
    return series;
  }

  // Polls until the condition holds; false after thirty seconds.
  bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 300; ++i) {
      if (condition()) return true;
      const timespec pause{.tv_sec = 0, .tv_nsec = 100'000'000};
      nanosleep(&pause, nullptr);
    }
    return false;
  }

  double peers(int id) {
    const auto series = page(id);
    const auto found = series.find("mpc_connected_peers{node_id=\"" + std::to_string(id) + "\"}");
    return found == series.end() ? std::nan("") : found->second;
  }
  bool all_connected() {
    for (int id = 1; id <= 5; ++id) {
      if (peers(id) != 4) return false;
    }
    return true;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<sim::NodeStatus> nodes_;
  bool ended_ = false;
  std::string error_;
  std::unique_ptr<net::HttpClient> client_ = net::make_curl_client({});
  std::jthread thread_;
};

double sum(const std::map<std::string, double>& series, const std::string& name, const std::string& part = "") {
  double total = 0;
  for (const auto& [key, value] : series) {
    if (key.starts_with(name + "{") && key.find(part) != std::string::npos) total += value;
  }
  return total;
}

TEST(Scenario, FiveProcessesSignAndFaultsShow) {
  Simulation simulation;
  ASSERT_EQ(simulation.error(), "");
  ASSERT_TRUE(simulation.eventually([&] { return simulation.all_connected(); }));
  ASSERT_TRUE(
      simulation.eventually([&] { return sum(simulation.page(1), "mpc_transactions_total", "approved") > 10; }));

  // One page is one moment: what a node took in is decided or queued, within those in flight.
  for (int id = 1; id <= 5; ++id) {
    const auto series = simulation.page(id);
    const double pending = sum(series, "mpc_transactions_total", "pending");
    const double known = sum(series, "mpc_transactions_total", "approved") +
                         sum(series, "mpc_transactions_total", "rejected") +
                         sum(series, "mpc_transactions_total", "failed") + sum(series, "mpc_transaction_queue_size");
    EXPECT_NEAR(pending, known, 3) << id;
    EXPECT_EQ(sum(series, "mpc_byzantine_violations_total"), 0) << id;
    EXPECT_GT(sum(series, "mpc_network_bytes_total", "rx"), 0) << id;
    EXPECT_GT(sum(series, "mpc_peer_rtt_seconds_count"), 0) << id;
  }

  // A stopped process is connected to the kernel and dead to its peers.
  kill(simulation.node(3).pid, SIGSTOP);
  EXPECT_TRUE(simulation.eventually([&] { return simulation.peers(1) == 3 && simulation.peers(5) == 3; }));
  EXPECT_TRUE(simulation.eventually([&] { return sum(simulation.page(1), "mpc_network_errors_total") > 0; }));
  kill(simulation.node(3).pid, SIGCONT);
  EXPECT_TRUE(simulation.eventually([&] { return simulation.all_connected(); }));

  EXPECT_EQ(simulation.post(1, "/fault/nonsense"), 404);
  EXPECT_EQ(simulation.post(2, "/fault/double_vote"), 200);
  EXPECT_TRUE(simulation.eventually(
      [&] { return sum(simulation.page(1), "mpc_byzantine_violations_by_culprit_total", "culprit=\"2\"") > 0; }));
  EXPECT_EQ(simulation.post(1, "/fault/no_peers?node=4"), 200);
  EXPECT_TRUE(simulation.eventually([&] { return simulation.peers(4) == 0 && simulation.peers(1) == 3; }));
  EXPECT_EQ(simulation.post(5, "/fault/clear"), 200);
  EXPECT_TRUE(simulation.eventually([&] { return simulation.all_connected(); }));

  // Down until cleared, then back on the same port.
  EXPECT_EQ(simulation.post(3, "/fault/node_down"), 200);
  EXPECT_TRUE(simulation.eventually([&] { return simulation.page(3).empty() && simulation.peers(1) == 3; }));
  EXPECT_EQ(simulation.post(1, "/fault/clear"), 200);
  EXPECT_TRUE(simulation.eventually([&] { return simulation.all_connected(); }));
}

TEST(Scenario, ChildrenEndWithTheirParent) {
  std::vector<pid_t> children;
  {
    Simulation simulation("pool_depleted");
    for (int id = 1; id <= 5; ++id) children.push_back(simulation.node(id).pid);
    EXPECT_TRUE(simulation.eventually([&] {
      const auto series = simulation.page(2);
      const auto found = series.find("mpc_presignature_pool_size{node_id=\"2\",protocol=\"frost\"}");
      return found != series.end() && found->second == 0;
    }));
    kill(children[2], SIGSTOP);  // a stopped one ends, too
  }
  for (const pid_t child : children) EXPECT_EQ(kill(child, 0), -1);
}

TEST(Scenario, BadOptionsAreErrors) {
  const struct {
    std::function<void(SimulateOptions&)> change;
    const char* message;
  } cases[] = {
      {[](SimulateOptions& o) { o.scenario = "x"; },
       "unknown scenario \"x\"; one of node_down, double_vote, pool_depleted, slow_signatures, no_peers"},
      {[](SimulateOptions& o) { o.nodes = 0, o.scenario_node = 1; }, "the threshold is above the number of nodes"},
      {[](SimulateOptions& o) { o.speed = 0; }, "speed must be above 0 and at most 1000"},
      {[](SimulateOptions& o) { o.listen = "x"; }, "invalid address \"x\", expected IP:port"},
      {[](SimulateOptions& o) { o.listen = "127.0.0.1:a"; }, "port: \"a\" is not a number"},
      {[](SimulateOptions& o) { o.node_command = {"/nonexistent"}; },
       "cannot start /nonexistent: No such file or directory"},
  };
  for (const auto& c : cases) {
    SimulateOptions options;
    options.listen = "127.0.0.1:0";
    c.change(options);
    const auto result = simulate(std::move(options));
    ASSERT_FALSE(result.has_value()) << c.message;
    EXPECT_EQ(result.error().message(), c.message);
  }
}

}  // namespace
}  // namespace vigil::packs::mpc

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() >= 2 && arguments[0] == "simulate-node") {
    const auto result = vigil::packs::mpc::run_node(std::span(arguments).subspan(2));
    if (!result) std::fprintf(stderr, "%s\n", result.error().message().c_str());
    return result ? 0 : 1;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
