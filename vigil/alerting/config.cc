#include "vigil/alerting/config.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "vigil/base/strings.h"
#include "vigil/net/client_config.h"
#include "vigil/net/url.h"
#include "vigil/yaml/document.h"
#include "vigil/yaml/fields.h"

namespace vigil::alerting {
namespace {

using std::filesystem::path;

// Settings of receivers that are not implemented: refused when written.
constexpr auto kGlobalOfOthers = std::to_array<std::string_view>({
    "smtp_from",
    "smtp_hello",
    "smtp_smarthost",
    "smtp_auth_username",
    "smtp_auth_password",
    "smtp_auth_password_file",
    "smtp_auth_secret",
    "smtp_auth_secret_file",
    "smtp_auth_identity",
    "smtp_require_tls",
    "smtp_tls_config",
    "smtp_force_implicit_tls",
    "slack_api_url",
    "slack_api_url_file",
    "slack_app_token",
    "slack_app_token_file",
    "slack_app_url",
    "pagerduty_url",
    "opsgenie_api_url",
    "opsgenie_api_key",
    "opsgenie_api_key_file",
    "wechat_api_url",
    "wechat_api_secret",
    "wechat_api_secret_file",
    "wechat_api_corp_id",
    "victorops_api_url",
    "victorops_api_key",
    "victorops_api_key_file",
    "telegram_api_url",
    "telegram_bot_token",
    "telegram_bot_token_file",
    "webex_api_url",
    "jira_api_url",
    "rocketchat_api_url",
    "rocketchat_token",
    "rocketchat_token_file",
    "rocketchat_token_id",
    "rocketchat_token_id_file",
    "mattermost_webhook_url",
    "mattermost_webhook_url_file",
});

constexpr auto kOtherIntegrations = std::to_array<std::string_view>({
    "discord_configs",
    "email_configs",
    "incidentio_configs",
    "jira_configs",
    "mattermost_configs",
    "msteams_configs",
    "msteamsv2_configs",
    "opsgenie_configs",
    "pagerduty_configs",
    "pushover_configs",
    "rocketchat_configs",
    "slack_configs",
    "sns_configs",
    "telegram_configs",
    "victorops_configs",
    "webex_configs",
    "wechat_configs",
});

struct GlobalHttp {
  net::ClientRequest request;
};

void read_global(yaml::Fields& global, const path& base, Config& config, GlobalHttp& http) {
  global.duration("resolve_timeout", config.resolve_timeout);
  global.object("http_config", [&](yaml::Fields& fields) { net::read_client_config(fields, base, http.request); });
  for (const std::string_view key : kGlobalOfOthers) global.unsupported(key);
}

void read_group_by(yaml::Fields& fields, Route& route) {
  std::vector<std::string> names;
  fields.optional("group_by", names);
  std::set<std::string> unique;
  for (std::string& name : names) {
    if (name == "...") {
      route.group_by_all = true;
    } else if (name.empty() || !is_valid_utf8(name)) {
      fields.fail("group_by", "invalid label name " + go_quote(name) + " in group_by");
    } else if (!unique.insert(name).second) {
      fields.fail("group_by", "duplicated label " + go_quote(name) + " in group_by");
    }
  }
  if (route.group_by_all && !unique.empty()) {
    fields.fail("group_by", "cannot have wildcard group_by (`...`) and other labels at the same time");
  }
  route.group_by.assign(unique.begin(), unique.end());
}

void read_route(yaml::Fields& fields, Route& route) {
  fields.optional("receiver", route.receiver);
  if (route.receiver.empty()) fields.fail("receiver", "root route must specify a default receiver");
  read_group_by(fields, route);
  fields.duration("group_wait", route.group_wait);
  if (fields.duration("group_interval", route.group_interval) && route.group_interval == 0) {
    fields.fail("group_interval", "group_interval cannot be zero");
  }
  if (fields.duration("repeat_interval", route.repeat_interval) && route.repeat_interval == 0) {
    fields.fail("repeat_interval", "repeat_interval cannot be zero");
  }
  // What Alertmanager, too, refuses at the root, in its words.
  for (const std::string_view key : {"match", "match_re", "matchers"}) {
    const yaml::Node value = fields.take(key);
    if (!value.is_null() && value.size() > 0) fields.fail(key, "root route must not have any matchers");
  }
  for (const std::string_view key : {"mute_time_intervals", "active_time_intervals"}) {
    const yaml::Node value = fields.take(key);
    if (!value.is_null() && value.size() > 0) fields.fail(key, "root route must not have any " + std::string(key));
  }
  bool next = false;
  if (fields.optional("continue", next) && next) fields.fail("continue", "cannot have continue in root route");
  fields.unsupported("routes");
  fields.unsupported("labels");
}

void read_webhook(yaml::Fields& fields, const path& base, const GlobalHttp& http, WebhookConfig& webhook) {
  webhook.http = http.request;
  fields.optional("url", webhook.url);
  fields.optional("url_file", webhook.url_file);
  if (webhook.url.empty() && webhook.url_file.empty()) fields.fail("one of url or url_file must be configured");
  if (!webhook.url.empty() && !webhook.url_file.empty()) {
    fields.fail("at most one of url & url_file must be configured");
  }
  if (webhook.url.contains("{{")) {
    const yaml::Node node = fields.take("url");
    fields.problems().add(node, fields.path() + ".url: templates are not supported yet", ErrorCode::kNotSupported);
  } else if (!webhook.url.empty()) {
    if (auto parsed = net::Url::parse(webhook.url); !parsed) fields.fail("url", parsed.error().message());
  }
  webhook.url_file = net::resolve_file(base, webhook.url_file);
  fields.optional("send_resolved", webhook.send_resolved);
  fields.optional("max_alerts", webhook.max_alerts);
  fields.duration("timeout", webhook.timeout);
  fields.object("http_config", [&](yaml::Fields& own) {
    webhook.http = {};  // replaces the global one as a whole
    net::read_client_config(own, base, webhook.http);
  });
  fields.unsupported("payload");
}

void read_receiver(yaml::Fields& fields, const path& base, const GlobalHttp& http, Receiver& receiver) {
  fields.optional("name", receiver.name);
  if (receiver.name.empty()) fields.fail("name", "missing name in receiver");
  fields.objects("webhook_configs", "webhook_config",
                 [&](yaml::Fields& webhook) { read_webhook(webhook, base, http, receiver.webhooks.emplace_back()); });
  for (const std::string_view key : kOtherIntegrations) fields.unsupported(key);
  fields.unsupported("labels");
}

}  // namespace

const Receiver* Config::find_receiver(std::string_view name) const {
  const auto found = std::ranges::find(receivers, name, &Receiver::name);
  return found == receivers.end() ? nullptr : &*found;
}

Result<Config> parse_config(std::string_view text, const path& file) {
  VIGIL_TRY(const yaml::Document document, yaml::Document::parse(text, file.string()));
  const path base = file.parent_path();
  Config config;
  yaml::Problems problems;
  yaml::read_mapping(document.root(), "the configuration", problems, [&](yaml::Fields& fields) {
    GlobalHttp http;
    fields.object("global", [&](yaml::Fields& global) { read_global(global, base, config, http); });
    fields.objects("receivers", "receiver", [&](yaml::Fields& receiver) {
      read_receiver(receiver, base, http, config.receivers.emplace_back());
      const Receiver& added = config.receivers.back();
      const auto same = std::ranges::count(config.receivers, added.name, &Receiver::name);
      if (same > 1 && !added.name.empty()) {
        receiver.fail("name", "notification config name " + go_quote(added.name) + " is not unique");
      }
    });
    if (!fields.object("route", [&](yaml::Fields& route) {
          read_route(route, config.route);
          if (!config.route.receiver.empty() && config.find_receiver(config.route.receiver) == nullptr) {
            route.fail("receiver", "undefined receiver " + go_quote(config.route.receiver) + " used in route");
          }
        })) {
      fields.fail("no route provided in config");
    }
    for (const std::string_view key :
         {"templates", "inhibit_rules", "time_intervals", "mute_time_intervals", "tracing", "event_recorder"}) {
      fields.unsupported(key);
    }
  });
  VIGIL_TRY_VOID(problems.result());
  return config;
}

}  // namespace vigil::alerting
