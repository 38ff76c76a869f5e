#include "vigil/alerting/message.h"

#include <algorithm>

#include "vigil/base/strings.h"

namespace vigil::alerting {
namespace {

constexpr std::string_view kZeroTime = "0001-01-01T00:00:00Z";

std::string_view status(bool resolved) { return resolved ? "resolved" : "firing"; }

// Labels that all alerts have, equal.
Labels common(std::span<const FlushedAlert> alerts, Labels Alert::* member) {
  LabelsBuilder builder(alerts.front().alert.*member);
  for (const FlushedAlert& other : alerts.subspan(1)) {
    for (const LabelView label : alerts.front().alert.*member) {
      if ((other.alert.*member).get(label.name) != label.value) builder.erase(label.name);
    }
  }
  return builder.build();
}

void append_alert(std::string& out, const FlushedAlert& item) {
  const Alert& alert = item.alert;
  out += R"({"status":")";
  out += status(item.resolved);
  out += R"(","labels":)";
  append_go_json(out, alert.labels);
  out += R"(,"annotations":)";
  append_go_json(out, alert.annotations);
  out += R"(,"startsAt":")";
  out += go_time(alert.starts_at);
  out += R"(","endsAt":")";
  out += item.resolved ? go_time(alert.ends_at) : kZeroTime;
  out += R"(","generatorURL":)";
  append_go_json(out, alert.generator_url);
  out += R"(,"fingerprint":")";
  out += to_string(item.fingerprint);
  out += "\"}";
}

}  // namespace

std::string webhook_body(const WebhookMessage& message, std::span<const FlushedAlert> alerts) {
  std::uint64_t truncated = 0;
  if (message.max_alerts > 0 && alerts.size() > message.max_alerts) {
    truncated = alerts.size() - message.max_alerts;
    alerts = alerts.first(message.max_alerts);
  }
  const bool all_resolved = std::ranges::all_of(alerts, &FlushedAlert::resolved);

  std::string out = R"({"receiver":)";
  append_go_json(out, quote_meta(message.receiver));
  out += R"(,"status":")";
  out += status(all_resolved);
  out += R"(","alerts":[)";
  for (const FlushedAlert& alert : alerts) {
    if (&alert != alerts.data()) out += ',';
    append_alert(out, alert);
  }
  out += R"(],"notification_reason":)";
  append_go_json(out, to_string(message.reason));
  out += R"(,"groupLabels":)";
  append_go_json(out, message.group_labels);
  out += R"(,"commonLabels":)";
  append_go_json(out, common(alerts, &Alert::labels));
  out += R"(,"commonAnnotations":)";
  append_go_json(out, common(alerts, &Alert::annotations));
  out += R"(,"routeLabels":{},"externalURL":)";
  append_go_json(out, message.external_url);
  out += R"(,"version":"4","groupKey":)";
  append_go_json(out, message.group_key);
  out += R"(,"truncatedAlerts":)";
  out += std::to_string(truncated);
  out += "}\n";
  return out;
}

std::string quote_meta(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view(R"(\.+*?()|[]{}^$)").contains(c)) out += '\\';
    out += c;
  }
  return out;
}

void append_go_json(std::string& out, std::string_view text) {
  std::string plain;
  append_json_string(plain, text);
  out += '"';
  for (std::size_t i = 0; i < plain.size(); ++i) {
    switch (plain[i]) {
      case '<': out += "\\u003c"; break;
      case '>': out += "\\u003e"; break;
      case '&': out += "\\u0026"; break;
      case '\xe2':  // U+2028 and U+2029, which JavaScript takes for line ends
        if (plain.compare(i, 3, "\xe2\x80\xa8") == 0 || plain.compare(i, 3, "\xe2\x80\xa9") == 0) {
          out += plain[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
          i += 2;
          break;
        }
        [[fallthrough]];
      default: out += plain[i];
    }
  }
  out += '"';
}

void append_go_json(std::string& out, const Labels& labels) {
  out += '{';
  bool first = true;
  for (const LabelView label : labels) {
    if (!first) out += ',';
    first = false;
    append_go_json(out, label.name);
    out += ':';
    append_go_json(out, label.value);
  }
  out += '}';
}

std::string go_time(Timestamp time) {
  std::string text = format_rfc3339(time);
  if (!text.contains('.')) return text;
  text.pop_back();
  while (text.ends_with('0')) text.pop_back();
  return text + 'Z';
}

}  // namespace vigil::alerting
