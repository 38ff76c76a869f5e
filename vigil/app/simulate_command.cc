// vigil simulate: the simulated network of a pack.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "packs/all/all.h"
#include "packs/mpc/scenario.h"
#include "vigil/app/commands.h"
#include "vigil/app/terminal.h"
#include "vigil/sim/serve.h"

namespace vigil::app {
namespace {

void print_now(const std::string& line) {
  print_line(line);
  std::fflush(stdout);
}

// A pack whose network lives in one process.
void add_served_pack(CLI::App& simulate, const pack::Pack& pack, int& exit_code) {
  auto options = std::make_shared<sim::ServeOptions>();
  CLI::App* command = simulate.add_subcommand(std::string(pack.name), std::string(pack.title));
  command->add_option("--nodes", options->nodes, "How many nodes; 0: the usual number")->check(CLI::Range(0, 50));
  command->add_option("--web.listen-address", options->listen,
                      "Address of the first page; the others follow on the next ports (default 127.0.0.1:" +
                          std::to_string(pack.simulated_port) + ")");
  std::vector<std::string> names;
  std::string list;
  for (const pack::Scenario& scenario : pack.scenarios) {
    names.emplace_back(scenario.name);
    list += (list.empty() ? "" : ", ") + names.back();
  }
  command->add_option("--scenario", options->scenario, "A fault that comes by itself after 30 s: " + list)
      ->check(CLI::IsMember(names));
  command->add_option("--seed", options->seed, "Same seed, same decisions")->capture_default_str();
  command->add_option("--speed", options->speed, "Simulated seconds per second")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--load", options->load, "Of the usual traffic")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->callback([options, &pack, &exit_code] {
    options->print = print_now;
    if (options->scenario == "healthy") options->scenario.clear();
    if (const auto done = sim::serve(pack, *options); !done) {
      print_error(done.error().message());
      exit_code = 1;
    }
  });
}

}  // namespace

void add_simulate_command(CLI::App& root, int& exit_code) {
  auto options = std::make_shared<packs::mpc::SimulateOptions>();
  CLI::App* simulate =
      root.add_subcommand("simulate", "Run the simulated network of a pack, each node with its own /metrics");
  simulate->require_subcommand(1);
  simulate->footer(
      "Examples:\n"
      "  vigil simulate mpc --nodes 5\n"
      "  vigil simulate mpc --scenario double_vote --web.listen-address 127.0.0.1:8080\n"
      "  vigil simulate hotstuff2 --scenario leader_failure --speed 10\n"
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
    options->print = print_now;
    if (const auto done = packs::mpc::simulate(*options); !done) {
      print_error(done.error().message());
      exit_code = 1;
    }
  });
  for (const pack::Pack* const pack : packs::all()) {
    if (pack->name != "mpc") add_served_pack(*simulate, *pack, exit_code);
  }
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
