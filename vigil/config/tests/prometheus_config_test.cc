#include "vigil/config/prometheus_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vigil/base/memory_file_system.h"

namespace vigil::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<PrometheusConfig> parse(std::string_view text, FileSystem& files, const LoadOptions& options = {}) {
  return parse_prometheus_config(text, "/etc/vigil/prometheus.yml", files, options);
}

TEST(PrometheusConfig, AppliesDefaultsAndGlobals) {
  MemoryFileSystem files;
  const auto config = parse(R"(
global:
  scrape_interval: 15s
  evaluation_interval: 30s
  sample_limit: 5000
  external_labels: {cluster: "${WHERE}-1", price: "$$5"}
rule_files: [rules/*.yml, /abs/x.yml]
scrape_configs:
- job_name: nodes
  static_configs:
  - targets: ['a:1', 'b:2']
    labels: {stack: mpc}
- job_name: slow
  scrape_interval: 2m
  scrape_timeout: 20s
  metrics_path: /m
  scheme: https
  params: {module: [x, y]}
  honor_labels: true
  sample_limit: 7
  body_size_limit: 10MB
  basic_auth: {username: u, password_file: secret}
  tls_config: {ca_file: ca.pem, insecure_skip_verify: true}
  fallback_scrape_protocol: PrometheusText0.0.4
  file_sd_configs:
  - files: [targets/*.json]
    refresh_interval: 10s
alerting:
  alertmanagers:
  - path_prefix: /am
    static_configs: [{targets: ['c:9093']}]
storage: {tsdb: {retention: {time: 30d, size: 1GB}}}
)",
                            files, {{{"WHERE", "eu"}}});
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->scrape_interval, 15 * kSecond);
  EXPECT_EQ(config->evaluation_interval, 30 * kSecond);
  EXPECT_EQ(config->external_labels.to_string(), R"({cluster="eu-1", price="$5"})");
  EXPECT_THAT(config->rule_files, ElementsAre("/etc/vigil/rules/*.yml", "/abs/x.yml"));
  EXPECT_EQ(config->retention_time, 30 * kDay);
  EXPECT_EQ(config->retention_bytes, 1ULL << 30);

  ASSERT_EQ(config->scrape_configs.size(), 2U);
  const auto& nodes = config->scrape_configs[0];
  EXPECT_EQ(nodes.interval, 15 * kSecond);
  EXPECT_EQ(nodes.timeout, 10 * kSecond);
  EXPECT_EQ(nodes.metrics_path, "/metrics");
  EXPECT_EQ(nodes.sample_limit, 5000U);
  EXPECT_EQ(nodes.body_size_limit, 256U << 20);
  EXPECT_EQ(nodes.label_value_length_limit, 64U << 10);
  ASSERT_EQ(nodes.discovery.static_groups.size(), 1U);
  EXPECT_EQ(nodes.discovery.static_groups[0].targets[1].get("__address__"), "b:2");
  EXPECT_EQ(nodes.discovery.static_groups[0].labels.get("stack"), "mpc");

  const auto& slow = config->scrape_configs[1];
  EXPECT_EQ(slow.interval, 2 * kMinute);
  EXPECT_EQ(slow.timeout, 20 * kSecond);
  EXPECT_EQ(slow.scheme, "https");
  EXPECT_TRUE(slow.honor_labels);
  EXPECT_EQ(slow.sample_limit, 7U);
  EXPECT_EQ(slow.body_size_limit, 10U << 20);
  EXPECT_EQ(slow.http.username, "u");
  EXPECT_EQ(slow.http.password_file, "/etc/vigil/secret");
  EXPECT_EQ(slow.http.tls.ca_file, "/etc/vigil/ca.pem");
  EXPECT_TRUE(slow.http.tls.insecure_skip_verify);
  EXPECT_TRUE(slow.has_fallback_protocol);
  ASSERT_EQ(slow.discovery.files.size(), 1U);
  EXPECT_THAT(slow.discovery.files[0].files, ElementsAre("/etc/vigil/targets/*.json"));
  EXPECT_EQ(slow.discovery.files[0].refresh_interval, 10 * kSecond);

  ASSERT_EQ(config->alerting.alertmanagers.size(), 1U);
  EXPECT_EQ(config->alerting.alertmanagers[0].path_prefix, "/am");
  EXPECT_THAT(config->alerting.alertmanagers[0].targets, ElementsAre("c:9093"));
}

TEST(PrometheusConfig, EmptyFileIsAConfiguration) {
  MemoryFileSystem files;
  const auto config = parse("", files);
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->scrape_interval, kMinute);
  EXPECT_TRUE(config->scrape_configs.empty());
}

TEST(PrometheusConfig, ProblemsHaveTheirPlace) {
  const struct {
    const char* name;
    const char* text;
    const char* expected;
    ErrorCode code = ErrorCode::kInvalidArgument;
  } cases[] = {
      {"unknown key", "global:\n  scrape_intervall: 5s\n", "prometheus.yml:2:3: unknown key \"scrape_intervall\""},
      {"bad duration", "global:\n  scrape_interval: 5 s\n", "prometheus.yml:2:20: "},
      {"not YAML", "global: [", "prometheus.yml:1:"},
      {"no job name", "scrape_configs:\n- metrics_path: /m\n", "prometheus.yml:2:3: job_name is empty"},
      {"two jobs of a name", "scrape_configs:\n- job_name: a\n- job_name: a\n",
       "prometheus.yml:3:3: found multiple scrape configs"},
      {"timeout over interval", "scrape_configs:\n- job_name: a\n  scrape_interval: 1s\n  scrape_timeout: 2s\n",
       "scrape timeout greater"},
      {"scheme", "scrape_configs:\n- job_name: a\n  scheme: ftp\n",
       "prometheus.yml:3:11: scheme must be http or https"},
      {"bad regex", "scrape_configs:\n- job_name: a\n  relabel_configs:\n  - regex: a(\n    target_label: x\n",
       "prometheus.yml:4:12: error parsing regexp"},
      {"URL as target", "scrape_configs:\n- job_name: a\n  static_configs:\n  - targets: ['http://a']\n",
       "prometheus.yml:4:15: \"http://a\" is not a valid hostname"},
      {"other discovery", "scrape_configs:\n- job_name: a\n  kubernetes_sd_configs: [{role: pod}]\n",
       "prometheus.yml:3:26: scrape_configs[0].kubernetes_sd_configs: not supported yet", ErrorCode::kNotSupported},
      {"remote write", "remote_write: [{url: 'http://a/'}]\n", "remote_write: not supported yet",
       ErrorCode::kNotSupported},
  };
  for (const auto& c : cases) {
    MemoryFileSystem files;
    const auto config = parse(c.text, files);
    ASSERT_FALSE(config) << c.name;
    EXPECT_THAT(config.error().message(), HasSubstr(c.expected)) << c.name;
    EXPECT_EQ(config.error().code(), c.code) << c.name;
  }
}

TEST(PrometheusConfig, NativeHistograms) {
  using exposition::NativeHistograms;
  using scrape::Protocol;
  const struct {
    const char* name;
    const char* global;
    const char* job;
    NativeHistograms native;
    Protocol first;
  } cases[] = {
      {"off", "", "", NativeHistograms::kIgnore, Protocol::kOpenMetrics100},
      {"protobuf alone", "", "  scrape_protocols: [PrometheusProto]\n", NativeHistograms::kIgnore, Protocol::kProtobuf},
      {"on", "", "  scrape_native_histograms: true\n", NativeHistograms::kPrefer, Protocol::kProtobuf},
      {"for all", "scrape_native_histograms: true", "", NativeHistograms::kPrefer, Protocol::kProtobuf},
      {"but not here", "scrape_native_histograms: true", "  scrape_native_histograms: false\n",
       NativeHistograms::kIgnore, Protocol::kOpenMetrics100},
      {"both", "always_scrape_classic_histograms: true", "  scrape_native_histograms: true\n", NativeHistograms::kBoth,
       Protocol::kProtobuf},
      {"classic alone", "", "  always_scrape_classic_histograms: true\n", NativeHistograms::kIgnore,
       Protocol::kOpenMetrics100},
      {"the list is the user's", "", "  scrape_native_histograms: true\n  scrape_protocols: [PrometheusText0.0.4]\n",
       NativeHistograms::kPrefer, Protocol::kText004},
      {"so is a global one", "scrape_protocols: [PrometheusText1.0.0], scrape_native_histograms: true", "",
       NativeHistograms::kPrefer, Protocol::kText100},
  };
  for (const auto& c : cases) {
    MemoryFileSystem files;
    const auto config =
        parse("global: {" + std::string(c.global) + "}\nscrape_configs:\n- job_name: a\n" + c.job, files);
    ASSERT_TRUE(config) << c.name << ": " << config.error().message();
    EXPECT_EQ(config->scrape_configs.at(0).native_histograms, c.native) << c.name;
    EXPECT_EQ(config->scrape_configs.at(0).protocols.at(0), c.first) << c.name;
  }
}

TEST(PrometheusConfig, ReportsEveryProblem) {
  MemoryFileSystem files;
  const auto config = parse("global: {a: 1}\nscrape_configs:\n- job_name: x\n  b: 2\n", files);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message(), HasSubstr("unknown key \"a\""));
  EXPECT_THAT(config.error().message(), HasSubstr("unknown key \"b\""));
}

TEST(PrometheusConfig, ScrapeConfigFiles) {
  MemoryFileSystem files;
  ASSERT_TRUE(files.create_directories("/etc/vigil/jobs"));
  ASSERT_TRUE(files.write_file_atomically("/etc/vigil/jobs/a.yml", "scrape_configs: [{job_name: a}]"));
  ASSERT_TRUE(files.write_file_atomically("/etc/vigil/jobs/b.yml", "scrape_configs: [{job_name: b}]"));
  const auto config = parse("scrape_config_files: [jobs/*.yml]", files);
  ASSERT_TRUE(config) << config.error().message();
  ASSERT_EQ(config->scrape_configs.size(), 2U);
  EXPECT_EQ(config->scrape_configs[1].job_name, "b");
}

TEST(PrometheusConfig, FingerprintChangesWithTheJob) {
  MemoryFileSystem files;
  const auto fingerprint = [&files](const char* text) { return parse(text, files)->scrape_configs[0].fingerprint; };
  const std::string base = fingerprint("scrape_configs: [{job_name: a}]");
  EXPECT_EQ(base, fingerprint("# same\nscrape_configs:\n- job_name: a\n"));
  EXPECT_NE(base, fingerprint("scrape_configs: [{job_name: a, metrics_path: /x}]"));
  EXPECT_NE(base, fingerprint("global: {scrape_interval: 5s}\nscrape_configs: [{job_name: a}]"));
}

TEST(PrometheusConfig, ShowsNoSecrets) {
  MemoryFileSystem files;
  const auto config = parse(R"(
scrape_configs:
- job_name: a
  basic_auth: {username: u, password: hunter2}
  proxy_url: http://me:hunter2@proxy:3128
- job_name: b
  authorization: {credentials: hunter2}
- job_name: c
  http_headers: {x-key: {secrets: [hunter2]}}
)",
                            files);
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_THAT(config->redacted_text, testing::Not(HasSubstr("hunter2")));
  EXPECT_THAT(config->redacted_text, HasSubstr("password: <secret>"));
  EXPECT_THAT(config->redacted_text, HasSubstr("http://me:<secret>@proxy:3128"));
  // What is shown is YAML that loads again.
  EXPECT_TRUE(parse(config->redacted_text, files));
}

}  // namespace
}  // namespace vigil::config
