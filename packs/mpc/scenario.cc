#include "packs/mpc/scenario.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <map>
#include <memory>
#include <utility>

#include "packs/mpc/mpc_metrics.h"
#include "packs/mpc/wallet_node.h"
#include "vigil/base/log.h"
#include "vigil/base/scheduler.h"
#include "vigil/expose/metrics_server.h"
#include "vigil/sim/control_link.h"
#include "vigil/sim/peer_mesh.h"
#include "vigil/sim/scaled_time.h"

namespace vigil::packs::mpc {
namespace {

constexpr std::array<std::string_view, 5> kScenarios{"node_down", "double_vote", "pool_depleted", "slow_signatures",
                                                     "no_peers"};
constexpr std::string_view kNodeDown = kScenarios[0];

std::string scenario_list() {
  std::string list;
  for (const std::string_view name : kScenarios) list += (list.empty() ? "" : ", ") + std::string(name);
  return list;
}

template <class T>
Result<T> parse_number(std::string_view name, std::string_view text) {
  T value{};
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec == std::errc() && result.ptr == text.data() + text.size()) return value;
  return fail(ErrorCode::kInvalidArgument, std::string(name) + ": \"" + std::string(text) + "\" is not a number");
}

// --name value pairs.
class Arguments {
 public:
  explicit Arguments(std::span<const std::string> arguments) {
    for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) values_[arguments[i]] = arguments[i + 1];
  }
  const std::string& text(const std::string& name) { return values_[name]; }
  template <class T>
  Result<T> number(const std::string& name) {
    return parse_number<T>(name, values_[name]);
  }

 private:
  std::map<std::string, std::string> values_;
};

void add_fault_routes(net::Router& router, int self, std::atomic<sim::ControlLink*>& control_link) {
  router.post("/fault/{name}", [self, &control_link](const net::Request& request, const net::Params& path,
                                                     std::unique_ptr<net::ResponseWriter> out) {
    const std::string name(path.get("name"));
    sim::ControlLink* const control = control_link;
    if (control == nullptr) return out->send(net::Response::text(503, "the node is starting\n"));
    if (name == "clear") {
      control->report_clear();
      return out->send(net::Response::text(200, "cleared\n"));
    }
    if (name != kNodeDown && !WalletNode::is_fault(name)) {
      return out->send(
          net::Response::text(404, "unknown fault \"" + name + "\"; one of " + scenario_list() + ", clear\n"));
    }
    const auto node =
        request.query.has("node") ? parse_number<int>("node", request.query.get("node")) : Result<int>(self);
    if (!node) return out->send(net::Response::text(400, node.error().message() + "\n"));
    // Answered first: node_down leaves no time for it.
    out->send(net::Response::text(200, name + " on node " + std::to_string(*node) + "\n"));
    control->report_fault(name, *node);
  });
}

}  // namespace

std::span<const std::string_view> scenario_names() { return kScenarios; }

Result<void> run_node(std::span<const std::string> given) {
  // Before any thread exists, so that all inherit it and only sigwait() below sees them.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  Arguments arguments(given);
  WalletOptions wallet;
  VIGIL_TRY(wallet.self, arguments.number<int>("--node"));
  VIGIL_TRY(wallet.nodes, arguments.number<int>("--nodes"));
  VIGIL_TRY(wallet.threshold, arguments.number<int>("--threshold"));
  VIGIL_TRY(wallet.seed, arguments.number<std::uint64_t>("--seed"));
  VIGIL_TRY(const double speed, arguments.number<double>("--speed"));
  VIGIL_TRY(const int parent, arguments.number<int>("--parent"));

  const auto real = make_thread_scheduler(1);  // one worker: nothing of a node overlaps
  sim::ScaledScheduler scheduler(*real, speed);

  // The mesh tells the node, and the node speaks through the mesh: the node comes second.
  struct Relay final : sim::NetworkEvents {
    void peer_up(int peer) override { to->peer_up(peer); }
    void peer_down(int peer) override { to->peer_down(peer); }
    void received(int from, std::string_view text) override { to->received(from, text); }
    void network_error(sim::NetworkError error) override { to->network_error(error); }
    void round_trip(int peer, double seconds) override { to->round_trip(peer, seconds); }
    void traffic(std::uint64_t rx, std::uint64_t tx) override { to->traffic(rx, tx); }
    sim::NetworkEvents* to = nullptr;
  } relay;
  sim::PeerMeshOptions mesh_options;
  mesh_options.self = wallet.self;
  mesh_options.cluster = std::string(kCluster);
  // Silence is a matter of the real machine; a fast simulation must not mistake a busy CPU for it.
  mesh_options.silence = static_cast<Duration>(static_cast<double>(mesh_options.silence) * std::max(1.0, speed / 4));
  VIGIL_TRY(auto mesh, sim::PeerMesh::start(std::move(mesh_options), scheduler, relay));
  WalletNode node(wallet, scheduler, Clock::system(), *mesh, process_metrics());
  relay.to = &node;
  process_metrics().set_build_info(VIGIL_VERSION, "simulated");

  sim::TaskScope tasks(scheduler);
  std::atomic<sim::ControlLink*> control{nullptr};
  expose::MetricsServerOptions server_options;
  server_options.listen = arguments.text("--listen");
  server_options.more_routes = [&](net::Router& router) { add_fault_routes(router, wallet.self, control); };
  VIGIL_TRY(auto server, expose::spawn_metrics_server(std::move(server_options)));
  VIGIL_TRY(
      auto link,
      sim::ControlLink::start(
          arguments.text("--control"), parent, wallet.self, mesh->address(), server.addresses().at(0),
          {.peer =
               [&](int peer, std::string_view address) {
                 tasks.run([&, peer, where = std::string(address)] { mesh->set_peer(peer, where); });
               },
           .fault =
               [&](std::string_view fault) { tasks.run([&, name = std::string(fault)] { node.set_fault(name); }); },
           .clear = [&] { tasks.run([&] { node.clear_faults(); }); },
           .lost = [] { kill(getpid(), SIGTERM); }}));
  control = link.get();
  tasks.run([&] { node.start(); });

  int signal = 0;
  sigwait(&ending, &signal);
  // Each part before what it talks to.
  link.reset();
  server.stop();
  tasks.close();
  node.stop();
  mesh.reset();
  return {};
}

Result<void> simulate(SimulateOptions options, const std::stop_token& stop) {
  if (!options.scenario.empty() && std::ranges::find(kScenarios, options.scenario) == kScenarios.end()) {
    return fail(ErrorCode::kInvalidArgument,
                "unknown scenario \"" + options.scenario + "\"; one of " + scenario_list());
  }
  const int threshold = options.threshold > 0 ? options.threshold : std::max(1, options.nodes - 1);
  if (threshold > options.nodes) return fail(ErrorCode::kInvalidArgument, "the threshold is above the number of nodes");
  if (!(options.speed > 0) || options.speed > 1000) {
    return fail(ErrorCode::kInvalidArgument, "speed must be above 0 and at most 1000");
  }
  if (options.scenario_node < 1 || options.scenario_node > options.nodes) {
    return fail(ErrorCode::kInvalidArgument, "the scenario names a node that does not exist");
  }
  const std::size_t colon = options.listen.rfind(':');
  if (colon == std::string::npos) {
    return fail(ErrorCode::kInvalidArgument, "invalid address \"" + options.listen + "\", expected IP:port");
  }
  sim::SupervisorOptions supervisor;
  supervisor.host = options.listen.substr(0, colon);
  VIGIL_TRY(supervisor.first_port, parse_number<int>("port", std::string_view(options.listen).substr(colon + 1)));
  supervisor.nodes = options.nodes;
  supervisor.command = options.node_command;
  for (std::string each :
       {std::string("--nodes"), std::to_string(options.nodes), std::string("--threshold"), std::to_string(threshold),
        std::string("--seed"), std::to_string(options.seed), std::string("--speed"), std::to_string(options.speed)}) {
    supervisor.command.push_back(std::move(each));
  }
  supervisor.scenario = options.scenario;
  supervisor.scenario_node = options.scenario_node;
  supervisor.scenario_delay = static_cast<Duration>(static_cast<double>(options.scenario_delay) / options.speed);

  sim::Supervisor* running = nullptr;
  supervisor.on_ready = [&](const std::vector<sim::NodeStatus>& nodes) {
    if (options.print) {
      for (const sim::NodeStatus& node : nodes) {
        options.print("mpc node " + std::to_string(node.node) + "  pid " + std::to_string(node.pid) + "  http://" +
                      node.http_address + "/metrics");
      }
      options.print("faults: curl -X POST http://" + nodes[0].http_address + "/fault/NAME?node=K  (" + scenario_list() +
                    "; clear)");
    }
    if (options.on_ready) options.on_ready(*running);
  };
  VIGIL_TRY(const auto started, sim::Supervisor::start(std::move(supervisor)));
  running = started.get();
  return started->run(stop);
}

}  // namespace vigil::packs::mpc
