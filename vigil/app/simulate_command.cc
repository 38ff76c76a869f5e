// vigil simulate: the simulated network of a pack.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "packs/mpc/scenario.h"
#include "vigil/app/commands.h"
#include "vigil/app/terminal.h"

namespace vigil::app {

void add_simulate_command(CLI::App& root, int& exit_code) {
  auto options = std::make_shared<packs::mpc::SimulateOptions>();
  CLI::App* simulate =
      root.add_subcommand("simulate", "Run the simulated network of a pack, each node with its own /metrics");
  simulate->require_subcommand(1);
  simulate->footer(
      "Examples:\n"
      "  vigil simulate mpc --nodes 5\n"
      "  vigil simulate mpc --scenario double_vote --web.listen-address 127.0.0.1:8080\n"
      "  POST http://127.0.0.1:8080/fault/node_down?node=3   then   POST http://127.0.0.1:8080/fault/clear");

  CLI::App* mpc =
      simulate->add_subcommand("mpc", "An MPC wallet: nodes that vote on transactions and sign them over loopback TCP");
  mpc->add_option("--nodes", options->nodes, "How many node processes")
      ->capture_default_str()
      ->check(CLI::Range(2, 50));
  mpc->add_option("--web.listen-address", options->listen,
                  "Address of node 1's page; the others follow on the next ports")
      ->capture_default_str();
  std::vector<std::string> names;
  std::string list;
  for (const auto name : packs::mpc::scenario_names()) {
    names.emplace_back(name);
    list += (list.empty() ? "" : ", ") + std::string(name);
  }
  mpc->add_option("--scenario", options->scenario, "A fault that comes by itself: " + list)
      ->check(CLI::IsMember(names));
  mpc->add_option("--seed", options->seed, "Same seed, same decisions")->capture_default_str();
  mpc->add_option("--speed", options->speed, "Simulated seconds per second")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  mpc->callback([options, &exit_code] {
    options->print = [](const std::string& line) {
      print_line(line);
      std::fflush(stdout);
    };
    if (const auto done = packs::mpc::simulate(*options); !done) {
      print_error(done.error().message());
      exit_code = 1;
    }
  });
}

int run_simulated_node(const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0] != "mpc") {
    print_error("simulate-node is for the simulator's own use");
    return 2;
  }
  if (const auto done = packs::mpc::run_node(std::span(arguments).subspan(1)); !done) {
    print_error(done.error().message());
    return 1;
  }
  return 0;
}

}  // namespace vigil::app
