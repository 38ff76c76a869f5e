#include "vigil/alerting/config.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace vigil::alerting {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kGood = R"(global:
  resolve_timeout: 2m
  http_config: {follow_redirects: false}
templates: []
route:
  receiver: ops
  group_by: [cluster, alertname]
  group_wait: 1s
  group_interval: 10s
  repeat_interval: 1h
  routes: []
receivers:
- name: ops
  webhook_configs:
  - url: http://127.0.0.1:9/hook
    send_resolved: false
    max_alerts: 3
    timeout: 5s
    http_config: {basic_auth: {username: u, password_file: secret}}
  - url_file: url.txt
- name: nobody
inhibit_rules:
)";

TEST(Config, Good) {
  const auto config = parse_config(kGood, "/etc/vigil/am.yml");
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->resolve_timeout, 2 * kMinute);
  EXPECT_EQ(config->route.receiver, "ops");
  EXPECT_THAT(config->route.group_by, ElementsAre("alertname", "cluster"));
  EXPECT_FALSE(config->route.group_by_all);
  EXPECT_EQ(config->route.group_wait, kSecond);
  EXPECT_EQ(config->route.group_interval, 10 * kSecond);
  EXPECT_EQ(config->route.repeat_interval, kHour);
  ASSERT_EQ(config->receivers.size(), 2U);
  const auto& [first, second] = std::tie(config->receivers[0].webhooks[0], config->receivers[0].webhooks[1]);
  EXPECT_EQ(first.url, "http://127.0.0.1:9/hook");
  EXPECT_FALSE(first.send_resolved);
  EXPECT_EQ(first.max_alerts, 3U);
  EXPECT_EQ(first.timeout, 5 * kSecond);
  EXPECT_EQ(first.http.password_file, "/etc/vigil/secret");
  EXPECT_TRUE(first.http.follow_redirects);  // its own http_config replaces the global one
  EXPECT_EQ(second.url_file, "/etc/vigil/url.txt");
  EXPECT_FALSE(second.http.follow_redirects);
  EXPECT_TRUE(second.send_resolved);
  EXPECT_TRUE(config->find_receiver("nobody")->webhooks.empty());
  EXPECT_EQ(config->find_receiver("x"), nullptr);
}

TEST(Config, Defaults) {
  const auto config = parse_config("route: {receiver: r, group_by: ['...']}\nreceivers: [{name: r}]\n", "am.yml");
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->resolve_timeout, 5 * kMinute);
  EXPECT_TRUE(config->route.group_by_all);
  EXPECT_EQ(config->route.group_wait, 30 * kSecond);
  EXPECT_EQ(config->route.group_interval, 5 * kMinute);
  EXPECT_EQ(config->route.repeat_interval, 4 * kHour);
}

TEST(Config, Bad) {
  const std::string good = "receivers: [{name: r}]\n";
  const std::string route = "route: {receiver: r}\n";
  const struct {
    const char* name;
    std::string text;
    ErrorCode code;
    std::string_view message;
  } cases[] = {
      {"empty", "", ErrorCode::kInvalidArgument, "no route provided in config"},
      {"no route", good, ErrorCode::kInvalidArgument, "no route provided in config"},
      {"not yaml", "a: [", ErrorCode::kInvalidArgument, "am.yml:"},
      {"unknown key", route + good + "x: 1\n", ErrorCode::kInvalidArgument, "am.yml:3:1: unknown key \"x\""},
      {"unknown route key", "route: {receiver: r, foo: 1}\n" + good, ErrorCode::kInvalidArgument,
       "am.yml:1:22: unknown key \"foo\" in route"},
      {"no receiver", "route: {group_wait: 1s}\n" + good, ErrorCode::kInvalidArgument,
       "root route must specify a default receiver"},
      {"unknown receiver", "route: {receiver: q}\n" + good, ErrorCode::kInvalidArgument,
       "am.yml:1:19: undefined receiver \"q\" used in route"},
      {"same receiver twice", route + "receivers: [{name: r}, {name: r}]\n", ErrorCode::kInvalidArgument,
       "\"r\" is not unique"},
      {"nameless receiver", route + "receivers: [{name: r}, {}]\n", ErrorCode::kInvalidArgument,
       "missing name in receiver"},
      {"zero group_interval", "route: {receiver: r, group_interval: 0s}\n" + good, ErrorCode::kInvalidArgument,
       "group_interval cannot be zero"},
      {"zero repeat_interval", "route: {receiver: r, repeat_interval: 0s}\n" + good, ErrorCode::kInvalidArgument,
       "repeat_interval cannot be zero"},
      {"bad duration", "route: {receiver: r, group_wait: soon}\n" + good, ErrorCode::kInvalidArgument, "am.yml:1:34: "},
      {"group_by twice", "route: {receiver: r, group_by: [a, a]}\n" + good, ErrorCode::kInvalidArgument,
       "duplicated label \"a\""},
      {"group_by all and more", "route: {receiver: r, group_by: [a, '...']}\n" + good, ErrorCode::kInvalidArgument,
       "cannot have wildcard group_by"},
      {"matchers at the root", "route: {receiver: r, matchers: ['a=b']}\n" + good, ErrorCode::kInvalidArgument,
       "root route must not have any matchers"},
      {"match at the root", "route: {receiver: r, match: {a: b}}\n" + good, ErrorCode::kInvalidArgument,
       "root route must not have any matchers"},
      {"mute at the root", "route: {receiver: r, mute_time_intervals: [x]}\n" + good, ErrorCode::kInvalidArgument,
       "root route must not have any mute_time_intervals"},
      {"continue at the root", "route: {receiver: r, continue: true}\n" + good, ErrorCode::kInvalidArgument,
       "cannot have continue in root route"},
      {"webhook without url", route + "receivers: [{name: r, webhook_configs: [{}]}]\n", ErrorCode::kInvalidArgument,
       "one of url or url_file must be configured"},
      {"webhook with both", route + "receivers: [{name: r, webhook_configs: [{url: 'http://x', url_file: y}]}]\n",
       ErrorCode::kInvalidArgument, "at most one of url & url_file"},
      {"webhook with a bad url", route + "receivers: [{name: r, webhook_configs: [{url: 'ftp://x'}]}]\n",
       ErrorCode::kInvalidArgument, "am.yml:2:47: "},
      {"two ways to log in",
       route + "receivers: [{name: r, webhook_configs: [{url: 'http://x', http_config: {basic_auth: {username: u}, "
               "authorization: {credentials: c}}}]}]\n",
       ErrorCode::kInvalidArgument, "at most one of basic_auth"},

      {"routes", "route: {receiver: r, routes: [{receiver: r}]}\n" + good, ErrorCode::kNotSupported,
       "am.yml:1:30: route.routes: not supported yet"},
      {"route labels", "route: {receiver: r, labels: {a: b}}\n" + good, ErrorCode::kNotSupported,
       "route.labels: not supported yet"},
      {"inhibit_rules", route + good + "inhibit_rules: [{equal: [a]}]\n", ErrorCode::kNotSupported,
       "am.yml:3:16: inhibit_rules: not supported yet"},
      {"time_intervals", route + good + "time_intervals: [{name: x}]\n", ErrorCode::kNotSupported,
       "time_intervals: not supported yet"},
      {"mute_time_intervals", route + good + "mute_time_intervals: [{name: x}]\n", ErrorCode::kNotSupported,
       "mute_time_intervals: not supported yet"},
      {"templates", route + good + "templates: ['*.tmpl']\n", ErrorCode::kNotSupported, "templates: not supported yet"},
      {"tracing", route + good + "tracing: {endpoint: x}\n", ErrorCode::kNotSupported, "tracing: not supported yet"},
      {"slack", route + "receivers: [{name: r, slack_configs: [{channel: x}]}]\n", ErrorCode::kNotSupported,
       "receivers[0].slack_configs: not supported yet"},
      {"email", route + "receivers: [{name: r, email_configs: [{to: x}]}]\n", ErrorCode::kNotSupported,
       "receivers[0].email_configs: not supported yet"},
      {"smtp", "global: {smtp_from: a@b}\n" + route + good, ErrorCode::kNotSupported,
       "am.yml:1:21: global.smtp_from: not supported yet"},
      {"payload", route + "receivers: [{name: r, webhook_configs: [{url: 'http://x', payload: {a: b}}]}]\n",
       ErrorCode::kNotSupported, "webhook_configs[0].payload: not supported yet"},
      {"templated url", route + "receivers: [{name: r, webhook_configs: [{url: 'http://x/{{ .A }}'}]}]\n",
       ErrorCode::kNotSupported, "templates are not supported yet"},
  };
  for (const auto& c : cases) {
    const auto config = parse_config(c.text, "am.yml");
    ASSERT_FALSE(config) << c.name;
    EXPECT_EQ(config.error().code(), c.code) << c.name << ": " << config.error().message();
    EXPECT_THAT(config.error().message(), HasSubstr(std::string(c.message))) << c.name;
  }
}

TEST(Config, SecretsAreNotInErrors) {
  const auto config = parse_config(
      "route: {receiver: r}\nreceivers: [{name: r, webhook_configs: [{url: 'http://user:hunter2@'}]}]\n", "am.yml");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message(), testing::Not(HasSubstr("hunter2")));
}

// Upstream's own files: what Alertmanager takes is taken or refused by name, what it refuses is refused.
TEST(Config, UpstreamVerdicts) {
  const char* shared = std::getenv("VIGIL_SHARED");
  const std::filesystem::path base =
      std::filesystem::path(shared != nullptr ? shared : VIGIL_SOURCE_DIR "/../shared") / "conformance/alertmanager";
  std::ifstream verdicts(base / "config-verdict-0.34.tsv");
  if (!verdicts) GTEST_SKIP() << "missing: " << base / "config-verdict-0.34.tsv" << " (set VIGIL_SHARED)";
  int matched = 0;
  int by_name = 0;
  for (std::string line; std::getline(verdicts, line);) {
    if (line.starts_with('#')) continue;
    const std::string name = line.substr(0, line.find('\t'));
    const bool accept = line.ends_with("accept");
    const auto path = base / "upstream/config/testdata" / name;
    std::ifstream file(path);
    if (!file) continue;
    std::stringstream text;
    text << file.rdbuf();
    const auto config = parse_config(text.str(), path);
    if (config.has_value() == accept) {
      ++matched;
    } else {
      EXPECT_FALSE(config) << name;
      if (config) continue;
      EXPECT_EQ(config.error().code(), ErrorCode::kNotSupported) << name << ": " << config.error().message();
      ++by_name;
    }
  }
  std::printf("configurations: %d as upstream, %d refused by name\n", matched, by_name);
}

}  // namespace
}  // namespace vigil::alerting
