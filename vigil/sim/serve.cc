#include "vigil/sim/serve.h"

#include <signal.h>

#include <charconv>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "vigil/base/virtual_scheduler.h"
#include "vigil/expose/metrics_server.h"
#include "vigil/health/health.h"
#include "vigil/sim/scaled_time.h"

namespace vigil::sim {
namespace {

constexpr Duration kLook = kSecond / 2;  // how often pages are opened and shut as processes come and go

std::string scenario_list(const pack::Pack& pack) {
  std::string list;
  for (const pack::Scenario& scenario : pack.scenarios) list += (list.empty() ? "" : ", ") + std::string(scenario.name);
  return list;
}

Result<std::pair<std::string, int>> split_address(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  int port = -1;
  if (colon != std::string::npos) {
    const char* const end = address.data() + address.size();
    const auto parsed = std::from_chars(address.data() + colon + 1, end, port);
    if (parsed.ec != std::errc() || parsed.ptr != end) port = -1;
  }
  if (port < 0 || port > 65535) {
    return fail(ErrorCode::kInvalidArgument, "invalid address \"" + address + "\", expected IP:port");
  }
  return std::pair{address.substr(0, colon), port};
}

// One process' page, open while the process is up.
struct Door {
  std::string address;
  std::unique_ptr<health::HealthChecker> health;
  std::optional<expose::MetricsServerHandle> server;
};

class Served {
 public:
  Served(const pack::Pack& pack, const ServeOptions& options)
      : pack_(pack), real_(make_thread_scheduler(1)), scheduler_(*real_, options.speed) {
    simulation_ =
        pack.simulate({.scheduler = &scheduler_, .nodes = options.nodes, .seed = options.seed, .load = options.load});
  }
  ~Served() { real_.reset(); }  // nothing of the simulation runs afterwards

  Result<void> open(const std::string& host, int port) {
    for (pack::Process& process : simulation_->processes()) {
      Door& door = doors_.emplace_back();
      door.address = host + ":" + std::to_string(port == 0 ? 0 : port++);
      door.health = std::make_unique<health::HealthChecker>(Clock::system());
      door.health->set_ready(true);
      VIGIL_TRY_VOID(open(process, door));
    }
    in_task([&] { simulation_->start(); });
    return {};
  }

  // Opens and shuts pages. A port that was taken meanwhile is tried again.
  void look() {
    std::vector<bool> up;
    in_task([&] {
      for (const pack::Process& process : simulation_->processes()) up.push_back(process.up);
    });
    for (std::size_t i = 0; i < doors_.size(); ++i) {
      if (!up[i]) doors_[i].server.reset();
      if (up[i] && !doors_[i].server.has_value()) static_cast<void>(open(simulation_->processes()[i], doors_[i]));
    }
  }

  Result<void> fault(const std::string& name) {
    Result<void> done;
    in_task([&] {
      if (name == "clear") {
        simulation_->clear();
      } else {
        done = simulation_->inject(name);
      }
    });
    return done;
  }

  Scheduler& scheduler() { return scheduler_; }
  const std::vector<Door>& doors() const { return doors_; }
  std::span<pack::Process> processes() { return simulation_->processes(); }

 private:
  Result<void> open(const pack::Process& process, Door& door) {
    expose::MetricsServerOptions options;
    options.listen = door.address;
    options.registry = process.registry.get();
    options.health = door.health.get();
    options.more_routes = [this](net::Router& router) {
      router.post("/fault/{name}",
                  [this](const net::Request&, const net::Params& path, std::unique_ptr<net::ResponseWriter> out) {
                    const std::string name(path.get("name"));
                    const Result<void> done = fault(name);
                    out->send(done ? net::Response::text(200, name + "\n")
                                   : net::Response::text(404, "unknown fault \"" + name + "\"; one of " +
                                                                  scenario_list(pack_) + ", clear\n"));
                  });
    };
    VIGIL_TRY(auto server, expose::spawn_metrics_server(std::move(options)));
    door.address = server.addresses().at(0);  // the real port, also for the next time
    door.server.emplace(std::move(server));
    return {};
  }

  // The simulation is one thread's: its scheduler's.
  template <class F>
  void in_task(F function) {
    std::promise<void> done;
    scheduler_.run([&] {
      function();
      done.set_value();
    });
    done.get_future().wait();
  }

  const pack::Pack& pack_;
  std::unique_ptr<Scheduler> real_;
  ScaledScheduler scheduler_;
  std::unique_ptr<pack::Simulation> simulation_;
  std::vector<Door> doors_;
};

}  // namespace

std::vector<Page> pages(const pack::Pack& pack) {
  VirtualScheduler scheduler;
  const auto simulation = pack.simulate({.scheduler = &scheduler});
  std::vector<Page> all;
  int port = pack.simulated_port;
  for (const pack::Process& process : simulation->processes()) {
    Page page{process.job, "127.0.0.1:" + std::to_string(port++), process.labels};
    page.labels.emplace_back("instance", process.instance);
    all.push_back(std::move(page));
  }
  return all;
}

Result<void> serve(const pack::Pack& pack, const ServeOptions& options, const std::stop_token& stop) {
  if (!(options.speed > 0) || options.speed > 1000) {
    return fail(ErrorCode::kInvalidArgument, "speed must be above 0 and at most 1000");
  }
  VIGIL_TRY(
      const auto address,
      split_address(options.listen.empty() ? "127.0.0.1:" + std::to_string(pack.simulated_port) : options.listen));
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  Served served(pack, options);
  VIGIL_TRY_VOID(served.open(address.first, address.second));
  if (options.print) {
    const std::span<pack::Process> processes = served.processes();
    for (std::size_t i = 0; i < processes.size(); ++i) {
      options.print(std::string(pack.name) + " " + processes[i].job + " " + processes[i].instance + "  http://" +
                    served.doors()[i].address + "/metrics");
    }
    options.print("faults: curl -X POST http://" + served.doors()[0].address + "/fault/NAME  (" + scenario_list(pack) +
                  ", clear)");
  }
  if (options.on_ready) options.on_ready();
  const Timestamp scenario_at = served.scheduler().clock().now() + options.scenario_delay;
  bool injected = options.scenario.empty();
  while (!stop.stop_requested()) {
    if (!injected && served.scheduler().clock().now() >= scenario_at) {
      injected = true;
      VIGIL_TRY_VOID(served.fault(options.scenario));
      if (options.print) options.print("fault: " + options.scenario);
    }
    served.look();
    const timespec wait{kLook / kSecond, kLook % kSecond * 1'000'000};
    if (sigtimedwait(&ending, nullptr, &wait) > 0) break;
  }
  return {};
}

}  // namespace vigil::sim
