// The commands of the binary. Each registers its options on a CLI11 app and
// stores its exit code where main() finds it:
// 0 fine, 1 the check failed or bad input, 2 usage, 3 lint findings.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace vigil::app {

void add_server_command(CLI::App& root, int& exit_code);
void add_query_command(CLI::App& root, int& exit_code);
void add_check_command(CLI::App& root, int& exit_code);
void add_test_command(CLI::App& root, int& exit_code);
void add_dashboards_command(CLI::App& root, int& exit_code);
// `vigil check pack`, below `check`.
void add_pack_check(CLI::App& check, int& exit_code);
void add_tsdb_command(CLI::App& root, int& exit_code);
void add_simulate_command(CLI::App& root, int& exit_code);
void add_exporter_command(CLI::App& root, int& exit_code);
void add_run_command(CLI::App& root, int& exit_code);

// One node of a simulated network: how the simulator starts its children. Not shown in help.
int run_simulated_node(const std::vector<std::string>& arguments);

}  // namespace vigil::app
