#include "vigil/telemetry/config.h"

#include <gtest/gtest.h>

#include <map>

namespace vigil::telemetry {
namespace {

constexpr std::string_view kEverything = R"(
collection_enabled: false
collection_interval: 1m30s
max_metrics_memory: 1MB
prometheus_enabled: false
prometheus_port: 1
custom_exporters:
  - {format: influxdb, url: "http://db:8086", database: d, username: u, password_file: /p, token_file: /t, timeout: 5s}
  - {format: csv, path: /m.csv}
grafana_integration: true
dashboard_auto_generation: false
custom_dashboards: [a.json, "b \" c"]
alerting_enabled: false
alert_config:
  max_block_time: 1s
  max_view_change_frequency: 0.2
  min_transaction_throughput: 50
  max_peer_disconnection_rate: 0.3
  max_message_loss_rate: 0.4
  max_network_latency: 100ms
  max_cpu_usage: 0.5
  max_memory_usage: 0.6
  max_disk_usage: 0.7
  max_byzantine_behavior_rate: 0.8
  max_safety_violations: 1
  max_liveness_timeouts: 2
alert_destinations:
  - {name: n, type: webhook, url: "http://h/"}
  - {name: l, type: log}
metrics_sampling_rate: 0.25
batch_size: 64
async_export: false
)";

TEST(MetricsConfig, ReadsEverySetting) {  // HS-115…126, HS-175…189
  const MetricsConfig expected{
      .collection_enabled = false,
      .collection_interval = 90 * kSecond,
      .max_metrics_memory = 1U << 20,
      .prometheus_enabled = false,
      .prometheus_port = 1,
      .custom_exporters = {{.format = "influxdb",
                            .url = "http://db:8086",
                            .database = "d",
                            .username = "u",
                            .password_file = "/p",
                            .token_file = "/t",
                            .timeout = 5 * kSecond},
                           {.format = "csv", .path = "/m.csv"}},
      .grafana_integration = true,
      .dashboard_auto_generation = false,
      .custom_dashboards = {"a.json", "b \" c"},
      .alerting_enabled = false,
      .alert_config = {.max_block_time = kSecond,
                       .max_view_change_frequency = 0.2,
                       .min_transaction_throughput = 50,
                       .max_peer_disconnection_rate = 0.3,
                       .max_message_loss_rate = 0.4,
                       .max_network_latency = 100,
                       .max_cpu_usage = 0.5,
                       .max_memory_usage = 0.6,
                       .max_disk_usage = 0.7,
                       .max_byzantine_behavior_rate = 0.8,
                       .max_safety_violations = 1,
                       .max_liveness_timeouts = 2},
      .alert_destinations = {{.name = "n", .type = "webhook", .url = "http://h/"}, {.name = "l", .type = "log"}},
      .metrics_sampling_rate = 0.25,
      .batch_size = 64,
      .async_export = false};
  const auto config = parse_config(kEverything, "m.yml");
  ASSERT_TRUE(config.has_value()) << config.error().message();
  EXPECT_EQ(*config, expected);
  EXPECT_TRUE(validate(*config).has_value());
  const auto again = parse_config(to_yaml(expected), "again.yml");
  ASSERT_TRUE(again.has_value()) << again.error().message();
  EXPECT_EQ(*again, expected);
}

TEST(MetricsConfig, DefaultsAreValidAndRoundTrip) {
  EXPECT_EQ(parse_config("", "m.yml").value(), MetricsConfig());
  EXPECT_TRUE(validate({}).has_value());
  EXPECT_EQ(parse_config(to_yaml({}), "m.yml").value(), MetricsConfig());
}

TEST(MetricsConfig, ErrorsSayWhere) {
  const struct {
    const char* yaml;
    const char* message;
  } cases[] = {
      {"batch_size: 0", "m.yml:1:13: must be greater than 0"},
      {"batch_size: many", "m.yml:1:13: expected"},
      {"\nmetrics_sampling_rate: 1.5", "m.yml:2:24: must be between 0 and 1"},
      {"metrics_sampling_rate: .nan", "must be between 0 and 1"},
      {"prometheus_port: 65536", "m.yml:1:18: expected a port"},
      {"collection_interval: 0s", "m.yml:1:22: must be greater than 0"},
      {"collection_interval: 10", "m.yml:1:22: "},
      {"batchsize: 1", "m.yml:1:1: unknown key \"batchsize\""},
      {"alert_config: {max_cpu_usage: 90}", "m.yml:1:31: must be between 0 and 1"},
      {"alert_config: {max_byzantine_behavior_rate: -1}", "must be a number that is not negative"},
      {"custom_exporters: [{format: xml}]", "m.yml:1:20: format must be json, csv, prometheus or influxdb"},
      {"custom_exporters: [{format: csv}]", "path is missing"},
      {"custom_exporters: [{format: influxdb, url: u}]", "influxdb needs url and database"},
      {"alert_destinations: [{type: log}]", "name is missing"},
      {"alert_destinations: [{name: a, type: pigeon}]", "type must be log, webhook or alertmanager"},
      {"alert_destinations: [{name: a, type: webhook}]", "url is missing"},
      {"[]", "must be a mapping"},
  };
  for (const auto& c : cases) {
    const auto config = parse_config(c.yaml, "m.yml");
    ASSERT_FALSE(config.has_value()) << c.yaml;
    EXPECT_NE(config.error().message().find(c.message), std::string::npos)
        << c.yaml << "\n"
        << config.error().message() << "\nexpected: " << c.message;
  }
}

TEST(MetricsConfig, TheEnvironmentWins) {
  const std::map<std::string, std::string> variables{{"VIGIL_METRICS_BATCH_SIZE", "8"},
                                                     {"VIGIL_METRICS_COLLECTION_INTERVAL", "3s"},
                                                     {"VIGIL_METRICS_ASYNC_EXPORT", "no"},
                                                     {"VIGIL_METRICS_CUSTOM_DASHBOARDS", "[a, b]"},
                                                     {"VIGIL_METRICS_PROMETHEUS_PORT", "99"},
                                                     {"VIGIL_METRICS_ALERT_MAX_CPU_USAGE", "0.5"},
                                                     {"VIGIL_METRICS_ALERT_MAX_BLOCK_TIME", "7s"},
                                                     {"VIGIL_METRICS_MAX_METRICS_MEMORY", "2MB"}};
  const auto lookup = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  MetricsConfig config{.batch_size = 2, .async_export = true};
  ASSERT_TRUE(apply_environment(config, lookup).has_value());
  MetricsConfig expected{.collection_interval = 3 * kSecond,
                         .max_metrics_memory = 2U << 20,
                         .prometheus_port = 99,
                         .custom_dashboards = {"a", "b"},
                         .batch_size = 8,
                         .async_export = false};
  expected.alert_config.max_cpu_usage = 0.5;
  expected.alert_config.max_block_time = 7 * kSecond;
  EXPECT_EQ(config, expected);
}

TEST(MetricsConfig, BadVariablesAreNamedAndChangeNothing) {
  const struct {
    const char* name;
    const char* value;
    const char* message;
  } cases[] = {
      {"VIGIL_METRICS_BATCH_SIZE", "0", "VIGIL_METRICS_BATCH_SIZE: must be greater than 0"},
      {"VIGIL_METRICS_PROMETHEUS_PORT", "x", "VIGIL_METRICS_PROMETHEUS_PORT: expected"},
      {"VIGIL_METRICS_METRICS_SAMPLING_RATE", "{", "VIGIL_METRICS_METRICS_SAMPLING_RATE: is not a YAML value"},
      {"VIGIL_METRICS_ALERT_MAX_DISK_USAGE", "2", "VIGIL_METRICS_ALERT_MAX_DISK_USAGE: must be between 0 and 1"},
  };
  for (const auto& c : cases) {
    MetricsConfig config;
    const auto applied = apply_environment(config, [&](const std::string& name) -> std::optional<std::string> {
      if (name == c.name) return c.value;
      if (name == "VIGIL_METRICS_ASYNC_EXPORT") return "false";
      return std::nullopt;
    });
    ASSERT_FALSE(applied.has_value()) << c.name;
    EXPECT_TRUE(applied.error().message().starts_with(c.message)) << applied.error().message();
    EXPECT_EQ(config, MetricsConfig());
  }
}

TEST(MetricsConfig, ValidateNamesMembers) {
  MetricsConfig config;
  config.batch_size = 0;
  config.alert_config.max_cpu_usage = 3;
  config.custom_exporters = {{.format = "csv"}};
  config.alert_destinations = {{.name = "", .type = "log"}};
  const auto valid = validate(config);
  ASSERT_FALSE(valid.has_value());
  EXPECT_EQ(valid.error().message(),
            "batch_size: must be greater than 0\n"
            "alert_config.max_cpu_usage: must be between 0 and 1\n"
            "custom_exporters[0]: path is missing: the file to write\n"
            "alert_destinations[0]: name is missing");
}

}  // namespace
}  // namespace vigil::telemetry
