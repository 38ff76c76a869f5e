// vigil server.
#include <CLI/CLI.hpp>
#include <memory>

#include "vigil/app/commands.h"
#include "vigil/app/server.h"
#include "vigil/app/server_options.h"
#include "vigil/app/terminal.h"

namespace vigil::app {

void add_server_command(CLI::App& root, int& exit_code) {
  auto options = std::make_shared<ServerOptions>();
  CLI::App* server = root.add_subcommand("server", "Scrape, store, query, alert and show");
  add_server_options(*server, *options);
  server->callback([options, &exit_code] {
    if (const auto done = run_server(*options); !done) {
      print_error(done.error().message());
      exit_code = 1;
    }
  });
}

}  // namespace vigil::app
