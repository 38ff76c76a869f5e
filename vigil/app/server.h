// The server: engine, HTTP and signals.
#pragma once

#include "vigil/app/server_options.h"
#include "vigil/base/error.h"

namespace vigil::app {

// Runs until SIGTERM, SIGINT or POST /-/quit. SIGHUP reloads the configuration.
Result<void> run_server(const ServerOptions& options);

}  // namespace vigil::app
