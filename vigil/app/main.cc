// The one binary: server and tools.
#include <CLI/CLI.hpp>
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/app/commands.h"
#include "vigil/app/terminal.h"
#include "vigil/app/version.h"

int main(int argc, char** argv) {
  // A client that hangs up must not end the process.
  std::signal(SIGPIPE, SIG_IGN);

  if (argc > 1 && std::string_view(argv[1]) == "simulate-node") {
    return vigil::app::run_simulated_node(std::vector<std::string>(argv + 2, argv + argc));
  }

  CLI::App app("vigil: observability engine for cryptographic networks");
  app.name("vigil");
  app.set_version_flag("--version", "vigil " + std::string(vigil::app::kVersion));
  app.require_subcommand(1);
  app.footer(
      "Examples:\n"
      "  vigil server --config.file=prometheus.yml\n"
      "  vigil query instant 'sum by (job) (up)'\n"
      "  vigil check rules rules/*.yml\n"
      "  vigil simulate mpc --nodes 5\n"
      "Help on a command: vigil COMMAND --help");

  int exit_code = 0;
  vigil::app::add_server_command(app, exit_code);
  vigil::app::add_query_command(app, exit_code);
  vigil::app::add_check_command(app, exit_code);
  vigil::app::add_test_command(app, exit_code);
  vigil::app::add_tsdb_command(app, exit_code);
  vigil::app::add_simulate_command(app, exit_code);
  vigil::app::add_dashboards_command(app, exit_code);
  vigil::app::add_exporter_command(app, exit_code);
  vigil::app::add_run_command(app, exit_code);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 has codes of its own; ours has one for usage.
    return app.exit(error) == 0 ? 0 : 2;
  }
  return exit_code;
}
