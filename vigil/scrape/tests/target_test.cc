#include "vigil/scrape/target.h"

#include <gtest/gtest.h>

#include <string>

namespace vigil::scrape {
namespace {

Relabeler rules(std::vector<RelabelRule> list) { return Relabeler::compile(std::move(list)).value(); }

RelabelRule replace(std::vector<std::string> from, std::string to, std::string replacement = "$1",
                    std::string regex = "(.*)") {
  RelabelRule rule;
  rule.source_labels = std::move(from);
  rule.target_label = std::move(to);
  rule.replacement = std::move(replacement);
  rule.regex = std::move(regex);
  return rule;
}

RelabelRule action(RelabelAction action, std::vector<std::string> from, std::string regex) {
  RelabelRule rule;
  rule.action = action;
  rule.source_labels = std::move(from);
  rule.regex = std::move(regex);
  return rule;
}

// "url labels interval/timeout", "dropped …" or "error …", one line each.
std::string describe(const ScrapeConfig& config, const std::vector<discovery::TargetGroup>& groups) {
  const JobTargets found = make_targets(config, groups);
  std::string out;
  for (const Target& target : found.targets) {
    out += target.url + " " + target.labels.to_string() + " " + format_duration(target.interval) + "/" +
           format_duration(target.timeout) + "\n";
  }
  for (const Labels& dropped : found.dropped) out += "dropped " + std::string(dropped.get("__address__")) + "\n";
  for (const Error& error : found.errors) out += "error " + error.message() + "\n";
  return out;
}

TEST(Target, Table) {
  const discovery::TargetGroup group{
      "static/0", {Labels{{"__address__", "a:1"}}}, Labels{{"role", "prover"}, {"__meta_x", "y"}}};
  struct Case {
    const char* name;
    std::vector<RelabelRule> relabel;
    const char* expected;
    std::vector<std::pair<std::string, std::vector<std::string>>> params = {};
  } const cases[] = {
      {"plain", {}, "http://a:1/metrics {instance=\"a:1\", job=\"j\", role=\"prover\"} 1m/10s\n"},
      {"params",
       {},
       "http://a:1/metrics?m=1&m=2&n=a+b {instance=\"a:1\", job=\"j\", role=\"prover\"} 1m/10s\n",
       {{"n", {"a b"}}, {"m", {"1", "2"}}}},
      {"relabelled param",
       {replace({"__address__"}, "__param_m")},
       "http://a:1/metrics?m=a%3A1&m=2 {instance=\"a:1\", job=\"j\", role=\"prover\"} 1m/10s\n",
       {{"m", {"1", "2"}}}},
      {"new param",
       {replace({}, "__param_target", "x")},
       "http://a:1/metrics?target=x {instance=\"a:1\", job=\"j\", role=\"prover\"} 1m/10s\n"},
      {"address, instance, scheme, path",
       {replace({"__address__"}, "instance"), replace({}, "__address__", "proxy:9"), replace({}, "__scheme__", "https"),
        replace({}, "__metrics_path__", "probe")},
       "https://proxy:9/probe {instance=\"a:1\", job=\"j\", role=\"prover\"} 1m/10s\n"},
      {"meta labels are gone after relabelling",
       {replace({"__meta_x"}, "x")},
       "http://a:1/metrics {instance=\"a:1\", job=\"j\", role=\"prover\", x=\"y\"} 1m/10s\n"},
      {"interval and timeout",
       {replace({}, "__scrape_interval__", "5s"), replace({}, "__scrape_timeout__", "1s500ms")},
       "http://a:1/metrics {instance=\"a:1\", job=\"j\", role=\"prover\"} 5s/1s500ms\n"},
      {"drop", {action(RelabelAction::kDrop, {"role"}, "prover")}, "dropped a:1\n"},
      {"keep", {action(RelabelAction::kKeep, {"role"}, "other")}, "dropped a:1\n"},
      {"job relabelled",
       {replace({"role"}, "job")},
       "http://a:1/metrics {instance=\"a:1\", job=\"prover\", role=\"prover\"} 1m/10s\n"},
      {"no address", {replace({}, "__address__", "")}, "error instance 0 in group static/0: no address\n"},
      {"address with path",
       {replace({}, "__address__", "a/b")},
       "error instance 0 in group static/0: \"a/b\" is not a valid hostname\n"},
      {"bad scheme",
       {replace({}, "__scheme__", "ftp")},
       "error instance 0 in group static/0: scheme must be http or https, got \"ftp\"\n"},
      {"zero interval",
       {replace({}, "__scrape_interval__", "0s")},
       "error instance 0 in group static/0: scrape interval cannot be 0\n"},
      {"timeout above interval",
       {replace({}, "__scrape_interval__", "5s")},
       "error instance 0 in group static/0: scrape timeout cannot be greater than scrape interval (\"10s\" > "
       "\"5s\")\n"},
  };
  for (const Case& c : cases) {
    ScrapeConfig config;
    config.job_name = "j";
    config.relabel = rules(c.relabel);
    config.params = c.params;
    EXPECT_EQ(describe(config, {group}), c.expected) << c.name;
  }
}

TEST(Target, DuplicatesAreOne) {
  ScrapeConfig config;
  config.job_name = "j";
  const Labels a{{"__address__", "a:1"}};
  EXPECT_EQ(describe(config, {{"0", {a, a}, {}}, {"1", {a}, {}}, {"2", {a}, Labels{{"x", "y"}}}}),
            "http://a:1/metrics {instance=\"a:1\", job=\"j\"} 1m/10s\n"
            "http://a:1/metrics {instance=\"a:1\", job=\"j\", x=\"y\"} 1m/10s\n");
}

TEST(Target, DiscoveredLabelsShowTheDefaults) {
  ScrapeConfig config;
  config.job_name = "j";
  config.params = {{"m", {"1"}}};
  const JobTargets found = make_targets(config, {{"0", {Labels{{"__address__", "a:1"}}}, {}}});
  EXPECT_EQ(found.targets[0].discovered.to_string(),
            "{__address__=\"a:1\", __metrics_path__=\"/metrics\", __param_m=\"1\", __scheme__=\"http\", "
            "__scrape_interval__=\"1m\", __scrape_timeout__=\"10s\", job=\"j\"}");
}

}  // namespace
}  // namespace vigil::scrape
