#include "vigil/app/server_options.h"

#include <CLI/CLI.hpp>

namespace vigil::app {
namespace {

std::string joined(const std::vector<std::string>& values) {
  std::string out;
  for (const std::string& value : values) out += (out.empty() ? "" : ",") + value;
  return out;
}

std::string text(bool value) { return value ? "true" : "false"; }

}  // namespace

void add_server_options(CLI::App& command, ServerOptions& o) {
  command.add_option(
      "--config.file", o.config_file,
      "prometheus.yml; without it vigil scrapes itself and the well-known exporters that answer on loopback");
  command.add_option("--alertmanager.config.file", o.alertmanager_config_file, "alertmanager.yml: notify from here");
  command.add_option("--storage.tsdb.path", o.data_directory, "Data directory")->capture_default_str();
  command.add_option("--storage.tsdb.retention.time", o.retention_time, "How long samples are kept (default 15d)");
  command.add_option("--storage.tsdb.retention.size", o.retention_size,
                     "How large the data may get, e.g. 10GB (default: no limit)");
  command.add_flag("--storage.tsdb.wal-fsync", o.wal_fsync, "Sync the log at every commit: survives a power cut");
  command
      .add_option("--web.listen-address", o.listen_addresses,
                  "Where to listen; repeatable; \":9090\" is all interfaces")
      ->capture_default_str()
      ->take_all();
  command.add_option("--web.config.file", o.web_config_file, "TLS and basic auth, in exporter-toolkit's format");
  command.add_flag(
      "--web.anonymous-loopback,!--no-web.anonymous-loopback", o.anonymous_loopback,
      "With basic auth: serve requests without credentials that come from this machine and through no "
      "proxy (default; switch off with --no-web.anonymous-loopback). Wrong credentials are always refused");
  command.add_option("--web.cors.origin", o.cors_origin,
                     "Web pages of these origins may read answers: a regular expression, fully anchored, e.g. "
                     "'https?://(domain1|domain2)\\.com'; '.*' is every page (default: none)");
  command.add_option("--web.external-url", o.external_url,
                     "URL under which this server is reached, for links in alerts");
  command.add_option("--web.max-connections", o.max_connections, "Connections open at one time")->capture_default_str();
  command.add_flag("--web.enable-lifecycle", o.enable_lifecycle, "Allow POST /-/reload and /-/quit");
  command.add_flag("--web.enable-remote-write-receiver", o.enable_remote_write_receiver, "Accept POST /api/v1/write");
  command.add_option("--query.max-samples", o.query_max_samples, "Samples one query may hold")->capture_default_str();
  command.add_option("--query.max-memory", o.query_max_memory, "Memory one query may use")->capture_default_str();
  command.add_option("--query.timeout", o.query_timeout, "How long a query may take")->capture_default_str();
  command.add_option("--query.max-concurrency", o.query_max_concurrency, "Queries that run at one time")
      ->capture_default_str();
  command.add_option("--query.lookback-delta", o.query_lookback_delta, "How far an instant selector looks back")
      ->capture_default_str();
  command
      .add_option("--rules.alert.for-outage-tolerance", o.for_outage_tolerance,
                  "Alert state older than this is not restored")
      ->capture_default_str();
  command
      .add_option("--rules.alert.for-grace-period", o.for_grace_period,
                  "A restored pending alert waits at least so long")
      ->capture_default_str();
  command.add_option("--rules.alert.resend-delay", o.resend_delay, "Firing alerts are sent again this often")
      ->capture_default_str();
  command
      .add_option("--enable-feature", o.features,
                  "promql-experimental-functions, promql-extended-range-selectors, promql-binop-fill-modifiers, "
                  "promql-delayed-name-removal")
      ->delimiter(',');
  command.add_option("--pack", o.packs, "Load a pack's scrape jobs and rules; repeatable; 'all'")->take_all();
  command.add_option("--pack.overrides", o.pack_overrides,
                     "File of thresholds, switches and objectives that differ from the packs' own");
  command.add_option("--demo", o.demos, "Also start a pack's simulated network and scrape it; repeatable")->take_all();
  command.add_option("--log.level", o.log_level, "debug, info, warn or error")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  command.footer(
      "Examples:\n"
      "  vigil server                                        monitors itself and what answers on loopback\n"
      "  vigil server --config.file=prometheus.yml --storage.tsdb.path=/var/lib/vigil\n"
      "  vigil server --config.file=prometheus.yml --alertmanager.config.file=alertmanager.yml --web.enable-lifecycle\n"
      "  vigil server --demo mpc                             a simulated MPC wallet network, with its alerts");
}

std::map<std::string, std::string> flag_values(const ServerOptions& o) {
  return {
      {"config.file", o.config_file},
      {"alertmanager.config.file", o.alertmanager_config_file},
      {"storage.tsdb.path", o.data_directory},
      {"storage.tsdb.retention.time", o.retention_time.empty() ? "15d" : o.retention_time},
      {"storage.tsdb.retention.size", o.retention_size.empty() ? "0B" : o.retention_size},
      {"storage.tsdb.wal-fsync", text(o.wal_fsync)},
      {"web.listen-address", joined(o.listen_addresses)},
      {"web.config.file", o.web_config_file},
      {"web.anonymous-loopback", text(o.anonymous_loopback)},
      {"web.cors.origin", o.cors_origin},
      {"web.external-url", o.external_url},
      {"web.max-connections", std::to_string(o.max_connections)},
      {"web.enable-lifecycle", text(o.enable_lifecycle)},
      {"web.enable-remote-write-receiver", text(o.enable_remote_write_receiver)},
      {"query.max-samples", std::to_string(o.query_max_samples)},
      {"query.max-memory", o.query_max_memory},
      {"query.timeout", o.query_timeout},
      {"query.max-concurrency", std::to_string(o.query_max_concurrency)},
      {"query.lookback-delta", o.query_lookback_delta},
      {"rules.alert.for-outage-tolerance", o.for_outage_tolerance},
      {"rules.alert.for-grace-period", o.for_grace_period},
      {"rules.alert.resend-delay", o.resend_delay},
      {"enable-feature", joined(o.features)},
      {"pack", joined(o.packs)},
      {"pack.overrides", o.pack_overrides},
      {"demo", joined(o.demos)},
      {"log.level", o.log_level},
  };
}

}  // namespace vigil::app
