// What the command line of `vigil server` says. Names and defaults follow Prometheus.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace vigil::app {

struct ServerOptions {
  std::string config_file;
  std::string alertmanager_config_file;
  std::string data_directory = "data";
  std::string retention_time;  // "" = the configuration's, or 15d
  std::string retention_size;
  bool wal_fsync = false;
  std::vector<std::string> listen_addresses = {"127.0.0.1:9090"};
  std::string web_config_file;
  // Requests without credentials pass from this machine where basic auth is configured.
  bool anonymous_loopback = true;
  std::string cors_origin;   // regular expression, anchored; "" = no other origin
  std::string external_url;  // "" = http://<first listen address>
  std::uint64_t max_connections = 512;
  bool enable_lifecycle = false;
  bool enable_remote_write_receiver = false;
  std::uint64_t query_max_samples = 50'000'000;
  std::string query_max_memory = "1GB";
  std::string query_timeout = "2m";
  int query_max_concurrency = 20;
  std::string query_lookback_delta = "5m";
  std::string for_outage_tolerance = "1h";
  std::string for_grace_period = "10m";
  std::string resend_delay = "1m";
  std::vector<std::string> features;
  std::vector<std::string> packs;
  std::vector<std::string> demos;
  std::string pack_overrides;  // a file
  std::string log_level = "info";
};

void add_server_options(CLI::App& command, ServerOptions& options);

// Flag values by name, for /api/v1/status/flags.
std::map<std::string, std::string> flag_values(const ServerOptions& options);

}  // namespace vigil::app
