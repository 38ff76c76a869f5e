#include "vigil/telemetry/config.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <type_traits>

#include "vigil/base/strings.h"
#include "vigil/yaml/document.h"
#include "vigil/yaml/fields.h"

namespace vigil::telemetry {
namespace {

// What may be wrong with a value that has the right type; empty if nothing.
using Problem = std::string_view;

constexpr auto kAny = [](const auto&) -> Problem { return {}; };
constexpr auto kRatio = [](double v) -> Problem { return v >= 0 && v <= 1 ? "" : "must be between 0 and 1"; };
constexpr auto kRate = [](double v) -> Problem {
  return v >= 0 && v < std::numeric_limits<double>::infinity() ? "" : "must be a number that is not negative";
};
constexpr auto kPositive = [](auto v) -> Problem { return v > 0 ? "" : "must be greater than 0"; };

// Every scalar setting once: name, member, check. YAML, the environment, validate() and
// to_yaml() all go through these lists. A Duration is the only std::int64_t among them.
template <class Config, class F>
void each_setting(Config& c, const F& f)
  requires std::is_same_v<std::remove_const_t<Config>, MetricsConfig>
{
  f("collection_enabled", c.collection_enabled, kAny);
  f("collection_interval", c.collection_interval, kPositive);
  f("max_metrics_memory", c.max_metrics_memory, kPositive);
  f("prometheus_enabled", c.prometheus_enabled, kAny);
  f("prometheus_port", c.prometheus_port, kAny);
  f("grafana_integration", c.grafana_integration, kAny);
  f("dashboard_auto_generation", c.dashboard_auto_generation, kAny);
  f("custom_dashboards", c.custom_dashboards, kAny);
  f("alerting_enabled", c.alerting_enabled, kAny);
  f("metrics_sampling_rate", c.metrics_sampling_rate, kRatio);
  f("batch_size", c.batch_size, kPositive);
  f("async_export", c.async_export, kAny);
}
template <class Config, class F>
void each_setting(Config& c, const F& f)
  requires std::is_same_v<std::remove_const_t<Config>, AlertConfig>
{
  f("max_block_time", c.max_block_time, kPositive);
  f("max_view_change_frequency", c.max_view_change_frequency, kRate);
  f("min_transaction_throughput", c.min_transaction_throughput, kRate);
  f("max_peer_disconnection_rate", c.max_peer_disconnection_rate, kRate);
  f("max_message_loss_rate", c.max_message_loss_rate, kRatio);
  f("max_network_latency", c.max_network_latency, kPositive);
  f("max_cpu_usage", c.max_cpu_usage, kRatio);
  f("max_memory_usage", c.max_memory_usage, kRatio);
  f("max_disk_usage", c.max_disk_usage, kRatio);
  f("max_byzantine_behavior_rate", c.max_byzantine_behavior_rate, kRate);
  f("max_safety_violations", c.max_safety_violations, kAny);
  f("max_liveness_timeouts", c.max_liveness_timeouts, kAny);
}
template <class Config, class F>
void each_setting(Config& c, const F& f)
  requires std::is_same_v<std::remove_const_t<Config>, ExporterConfig>
{
  f("format", c.format, kAny);
  f("path", c.path, kAny);
  f("url", c.url, kAny);
  f("database", c.database, kAny);
  f("username", c.username, kAny);
  f("password_file", c.password_file, kAny);
  f("token_file", c.token_file, kAny);
  f("timeout", c.timeout, kPositive);
}
template <class Config, class F>
void each_setting(Config& c, const F& f)
  requires std::is_same_v<std::remove_const_t<Config>, AlertDestination>
{
  f("name", c.name, kAny);
  f("type", c.type, kAny);
  f("url", c.url, kAny);
}

// What only the members together tell.
Problem problem_of(const ExporterConfig& exporter) {
  constexpr std::array<std::string_view, 3> kFileFormats{"json", "csv", "prometheus"};
  if (exporter.format == "influxdb") {
    return !exporter.url.empty() && !exporter.database.empty() ? "" : "influxdb needs url and database";
  }
  if (std::ranges::find(kFileFormats, exporter.format) == kFileFormats.end()) {
    return "format must be json, csv, prometheus or influxdb";
  }
  return exporter.path.empty() ? "path is missing: the file to write" : "";
}
Problem problem_of(const AlertDestination& destination) {
  if (destination.name.empty()) return "name is missing";
  if (destination.type == "log") return {};
  if (destination.type != "webhook" && destination.type != "alertmanager") {
    return "type must be log, webhook or alertmanager";
  }
  return destination.url.empty() ? "url is missing" : "";
}

Result<void> decode_setting(const yaml::Node& node, Duration& out) { return yaml::decode_duration(node, out); }
Result<void> decode_setting(const yaml::Node& node, std::uint64_t& out) { return yaml::decode_bytes(node, out); }
Result<void> decode_setting(const yaml::Node& node, std::uint16_t& out) {
  std::uint64_t wide = 0;
  VIGIL_TRY_VOID(yaml::decode(node, wide));
  if (wide > std::numeric_limits<std::uint16_t>::max())
    return std::unexpected(node.error("expected a port, 0 to 65535"));
  out = static_cast<std::uint16_t>(wide);
  return {};
}
template <class T>
Result<void> decode_setting(const yaml::Node& node, T& out) {
  return yaml::decode(node, out);
}

template <class Config>
void read_settings(yaml::Fields& fields, Config& config) {
  each_setting(config, [&](std::string_view name, auto& member, const auto& check) {
    const bool read = fields.with(name, [&](const yaml::Node& node) { return decode_setting(node, member); });
    if (!read) return;
    if (const Problem problem = check(member); !problem.empty()) fields.fail(name, problem);
  });
}

template <class Item>
void read_list(yaml::Fields& fields, std::string_view key, std::string_view type, std::vector<Item>& out) {
  fields.objects(key, type, [&](yaml::Fields& item_fields) {
    Item& item = out.emplace_back();
    read_settings(item_fields, item);
    if (const Problem problem = problem_of(item); !problem.empty()) item_fields.fail(problem);
  });
}

std::string variable(std::string_view prefix, std::string_view name) {
  std::string out(prefix);
  for (const char c : name) out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return out;
}

template <class Config>
void read_environment(Config& config, std::string_view prefix, const Environment& environment,
                      yaml::Problems& problems) {
  each_setting(config, [&](std::string_view name, auto& member, const auto& check) {
    const std::string key = variable(prefix, name);
    const std::optional<std::string> value = environment(key);
    if (!value.has_value()) return;
    // The place says which variable; inside of one line a column is no help.
    const auto add = [&](std::string_view what) {
      problems.add(Error(ErrorCode::kInvalidArgument, key + ": " + std::string(what)));
    };
    const auto document = yaml::Document::parse(*value, key);
    if (!document) return add("is not a YAML value");
    auto copy = member;
    if (const auto decoded = decode_setting(document->root(), copy); !decoded) {
      const std::string& message = decoded.error().message();
      const std::string where = document->root().where() + ": ";
      return add(message.starts_with(where) ? std::string_view(message).substr(where.size()) : message);
    }
    if (const Problem problem = check(copy); !problem.empty()) return add(problem);
    member = std::move(copy);
  });
}

template <class Config>
void check_settings(const Config& config, const std::string& path, yaml::Problems& problems) {
  each_setting(config, [&](std::string_view name, const auto& member, const auto& check) {
    if (const Problem problem = check(member); !problem.empty()) {
      problems.add(Error(ErrorCode::kInvalidArgument, path + std::string(name) + ": " + std::string(problem)));
    }
  });
}

template <class Item>
void check_list(const std::vector<Item>& items, const std::string& key, yaml::Problems& problems) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string path = key + "[" + std::to_string(i) + "]";
    check_settings(items[i], path + ".", problems);
    if (const Problem problem = problem_of(items[i]); !problem.empty()) {
      problems.add(Error(ErrorCode::kInvalidArgument, path + ": " + std::string(problem)));
    }
  }
}

// JSON strings and lists are YAML's.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  append_json_string(out, text);
  return out + "\"";
}
std::string to_text(bool value) { return value ? "true" : "false"; }
std::string to_text(Duration value) { return format_duration(value); }
std::string to_text(std::uint64_t value) { return std::to_string(value); }
std::string to_text(std::uint16_t value) { return std::to_string(value); }
std::string to_text(double value) { return format_float(value); }
std::string to_text(const std::string& value) { return quoted(value); }
std::string to_text(const std::vector<std::string>& values) {
  std::string out = "[";
  for (const std::string& value : values) out += (out.size() > 1 ? ", " : "") + quoted(value);
  return out + "]";
}

template <class Config>
void write_settings(std::string& out, const Config& config, std::string_view first, std::string_view others) {
  std::string_view indent = first;
  each_setting(config, [&](std::string_view name, const auto& member, const auto&) {
    out += indent;
    out += name;
    out += ": " + to_text(member) + "\n";
    indent = others;
  });
}

template <class Item>
void write_list(std::string& out, std::string_view key, const std::vector<Item>& items) {
  out += key;
  out += items.empty() ? ": []\n" : ":\n";
  for (const Item& item : items) write_settings(out, item, "  - ", "    ");
}

}  // namespace

Result<MetricsConfig> parse_config(std::string_view text, std::string file_name) {
  VIGIL_TRY(const yaml::Document document, yaml::Document::parse(text, std::move(file_name)));
  MetricsConfig config;
  yaml::Problems problems;
  yaml::read_mapping(document.root(), "metrics configuration", problems, [&](yaml::Fields& fields) {
    read_settings(fields, config);
    fields.object("alert_config", [&](yaml::Fields& alert) { read_settings(alert, config.alert_config); });
    read_list(fields, "custom_exporters", "exporter", config.custom_exporters);
    read_list(fields, "alert_destinations", "alert destination", config.alert_destinations);
  });
  VIGIL_TRY_VOID(problems.result());
  return config;
}

std::string to_yaml(const MetricsConfig& config) {
  std::string out;
  write_settings(out, config, "", "");
  out += "alert_config:\n";
  write_settings(out, config.alert_config, "  ", "  ");
  write_list(out, "custom_exporters", config.custom_exporters);
  write_list(out, "alert_destinations", config.alert_destinations);
  return out;
}

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

Result<void> apply_environment(MetricsConfig& config, const Environment& environment) {
  MetricsConfig changed = config;
  yaml::Problems problems;
  read_environment(changed, "VIGIL_METRICS_", environment, problems);
  read_environment(changed.alert_config, "VIGIL_METRICS_ALERT_", environment, problems);
  VIGIL_TRY_VOID(problems.result());
  config = std::move(changed);
  return {};
}

Result<void> validate(const MetricsConfig& config) {
  yaml::Problems problems;
  check_settings(config, "", problems);
  check_settings(config.alert_config, "alert_config.", problems);
  check_list(config.custom_exporters, "custom_exporters", problems);
  check_list(config.alert_destinations, "alert_destinations", problems);
  return problems.result();
}

}  // namespace vigil::telemetry
