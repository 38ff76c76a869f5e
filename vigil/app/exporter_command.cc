// vigil exporter: metrics of what no packaged exporter has.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "vigil/app/commands.h"
#include "vigil/app/terminal.h"
#include "vigil/exporters/container_metrics.h"
#include "vigil/expose/metrics_server.h"
#include "vigil/metrics/registry.h"
#include "vigil/resources/process_metrics.h"

namespace vigil::app {
namespace {

struct CgroupOptions {
  std::string listen = "127.0.0.1:8081";
  std::string web_config_file;
  std::string procfs = "/proc", sysfs = "/sys", rootfs = "/";
  std::vector<std::string> names;
  std::size_t max_containers = exporters::ContainerSamplerOptions().max_containers;
};

// Serves the page until SIGINT or SIGTERM.
Result<void> serve(metrics::Registry& registry, const std::string& listen, const std::string& web_config_file) {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  health::HealthChecker health(Clock::system());
  health.set_ready(true);
  expose::MetricsServerOptions options;
  options.listen = listen;
  options.web_config_file = web_config_file;
  options.registry = &registry;
  options.health = &health;
  VIGIL_TRY(auto server, expose::spawn_metrics_server(std::move(options)));
  for (const std::string& address : server.addresses()) print_error("listening on http://" + address + "/metrics");
  int signal = 0;
  sigwait(&ending, &signal);
  return {};
}

Result<void> export_cgroups(const CgroupOptions& given) {
  exporters::ContainerSamplerOptions options;
  options.procfs = given.procfs;
  options.sysfs = given.sysfs;
  options.rootfs = given.rootfs;
  options.max_containers = given.max_containers;
  for (const std::string& name : given.names) {
    const std::size_t equals = name.rfind('=');
    if (equals == std::string::npos || equals + 1 == name.size() || !name.starts_with('/')) {
      return fail(ErrorCode::kInvalidArgument,
                  "--container " + name + ": expected PATH=NAME, such as /jobs/7=mpc-node-1");
    }
    options.names[name.substr(0, equals)] = name.substr(equals + 1);
  }
  // What is wrong with the places shows now and not as an empty page.
  VIGIL_TRY_VOID(exporters::ContainerSampler(options).read());
  metrics::Registry registry;
  const exporters::ContainerMetrics containers(registry, exporters::ContainerSampler(std::move(options)));
  const resources::ProcessMetrics process(registry);
  return serve(registry, given.listen, given.web_config_file);
}

}  // namespace

void add_exporter_command(CLI::App& root, int& exit_code) {
  CLI::App* exporter = root.add_subcommand("exporter", "Serve metrics of what no packaged exporter has");
  exporter->require_subcommand(1);
  exporter->footer("Examples:\n  vigil exporter cgroup --web.listen-address=127.0.0.1:8081");

  auto options = std::make_shared<CgroupOptions>();
  CLI::App* cgroup = exporter->add_subcommand(
      "cgroup", "Containers as container_* under cAdvisor's names, from control groups of version 1 and 2");
  cgroup->footer(
      "Shown are the containers of Docker, Podman and containerd, services of systemd, and control\n"
      "groups named by --container. Network counters need the rights of root.\n"
      "Examples:\n"
      "  vigil exporter cgroup --web.listen-address=127.0.0.1:8081\n"
      "  vigil exporter cgroup --container /jobs/7=mpc-node-1\n"
      "  vigil exporter cgroup --path.procfs=/host/proc --path.sysfs=/host/sys --path.rootfs=/host");
  cgroup->add_option("--web.listen-address", options->listen, "Where to listen")->capture_default_str();
  cgroup->add_option("--web.config.file", options->web_config_file, "TLS and basic auth, in exporter-toolkit's format");
  cgroup->add_option("--path.procfs", options->procfs, "Where the host's /proc is")->capture_default_str();
  cgroup->add_option("--path.sysfs", options->sysfs, "Where the host's /sys is")->capture_default_str();
  cgroup->add_option("--path.rootfs", options->rootfs, "Where the host's / is, for the files of container runtimes")
      ->capture_default_str();
  cgroup->add_option("--container", options->names, "PATH=NAME of a control group that no runtime names; repeatable")
      ->take_all();
  cgroup
      ->add_option("--max-containers", options->max_containers,
                   "Containers shown; how many are left out is vigil_containers_left_out")
      ->capture_default_str();
  cgroup->callback([options, &exit_code] {
    if (const auto done = export_cgroups(*options); !done) {
      print_error(done.error().message());
      exit_code = 1;
    }
  });
}

}  // namespace vigil::app
