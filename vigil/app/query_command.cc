// vigil query: asks any Prometheus-compatible server over its HTTP API.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "vigil/app/commands.h"
#include "vigil/app/terminal.h"
#include "vigil/base/strings.h"
#include "vigil/base/time.h"
#include "vigil/model/labels.h"
#include "vigil/net/curl_client.h"
#include "vigil/net/http.h"

namespace vigil::app {
namespace {

using Json = nlohmann::json;

struct QueryArguments {
  std::string url = "http://localhost:9090";
  std::string expression;
  std::string time, start, end, step = "15s";
  std::string label;
  std::vector<std::string> matchers;
  bool json = false;
};

// The `data` of a successful answer; server errors keep their type and text.
Result<Json> get(const QueryArguments& arguments, const std::string& path, const net::Params& params) {
  auto client = net::make_curl_client();
  net::ClientRequest request;
  std::string base = arguments.url;
  while (base.ends_with('/')) base.pop_back();
  request.url = base + path;
  if (const std::string text = params.encode(); !text.empty()) request.url += "?" + text;
  request.timeout = 2 * kMinute;
  VIGIL_TRY(const auto response, client->fetch(std::move(request)));
  const Json answer = Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) {
    return fail(ErrorCode::kUnavailable, base + path + ": HTTP " + std::to_string(response.status) +
                                             " and no JSON: is this a Prometheus-compatible server?");
  }
  if (answer.value("status", "") != "success") {
    return fail(ErrorCode::kInvalidArgument,
                answer.value("errorType", "error") + ": " + answer.value("error", response.body));
  }
  for (const char* kind : {"warnings", "infos"}) {
    if (!answer.contains(kind)) continue;
    for (const auto& text : answer[kind]) print_error(text.get<std::string>());
  }
  return answer["data"];
}

std::string series_text(const Json& metric) {
  LabelsBuilder builder;
  for (const auto& [name, value] : metric.items()) builder.set(name, value.get<std::string>());
  const std::string text = builder.build().to_string();
  return text.empty() ? "{}" : text;
}

std::string time_text(const Json& seconds) {
  return format_rfc3339(static_cast<Timestamp>(seconds.get<double>() * 1000 + 0.5));
}

void print_values(const Json& data) {
  const std::string type = data.value("resultType", "");
  const Json& result = data["result"];
  if (type == "scalar" || type == "string") {
    print_line(result[1].get<std::string>());
    return;
  }
  if (result.empty()) {
    print_line(styled(Style::kDim, "no data"));
    return;
  }
  if (type == "vector") {
    Table table({{"VALUE", Table::Align::kRight}, {"SERIES"}});
    for (const auto& sample : result) {
      const std::string value = sample.contains("value")
                                    ? sample["value"][1].get<std::string>()
                                    : "histogram, count " + sample["histogram"][1].value("count", "");
      table.row({value, series_text(sample["metric"])});
    }
    print(table.to_string());
    return;
  }
  for (const auto& series : result) {
    print_line(styled(Style::kBold, series_text(series["metric"])));
    for (const auto& point : series.value("values", Json::array())) {
      print_line("  " + time_text(point[0]) + "  " + point[1].get<std::string>());
    }
  }
}

void print_alerts(const Json& data) {
  Table table({{"STATE"}, {"ALERT"}, {"SINCE"}, {"VALUE", Table::Align::kRight}, {"LABELS"}});
  for (const auto& alert : data["alerts"]) {
    Json labels = alert["labels"];
    const std::string name = labels.value("alertname", "");
    labels.erase("alertname");
    const std::string state = alert.value("state", "");
    table.row({styled(state == "firing" ? Style::kBad : Style::kWarn, state), name, alert.value("activeAt", ""),
               alert.value("value", ""), series_text(labels)});
  }
  print(table.empty() ? "no active alerts\n" : table.to_string());
}

// Runs the request and prints with `show`, or the raw JSON.
template <class Show>
void answer(const QueryArguments& arguments, const std::string& path, const net::Params& params, int& exit_code,
            Show show) {
  const auto data = get(arguments, path, params);
  if (!data) {
    print_error(data.error().message());
    exit_code = 1;
    return;
  }
  if (arguments.json) {
    print_line(data->dump(2));
  } else {
    show(*data);
  }
}

void print_list(const Json& data) {
  for (const auto& item : data) print_line(item.is_string() ? item.get<std::string>() : series_text(item));
}

}  // namespace

void add_query_command(CLI::App& root, int& exit_code) {
  auto arguments = std::make_shared<QueryArguments>();
  CLI::App* query = root.add_subcommand("query", "Ask a server (vigil or any other that speaks the Prometheus API)");
  query->require_subcommand(1);
  query->footer(
      "Examples:\n"
      "  vigil query instant 'up == 0'\n"
      "  vigil query range --start 2026-01-02T00:00:00Z --end 2026-01-02T01:00:00Z --step 1m 'rate(up[5m])'\n"
      "  vigil query series 'up{job=\"mpc-nodes\"}'\n"
      "  vigil query labels job\n"
      "  vigil query alerts --json");
  const auto common = [arguments](CLI::App* command) {
    command->add_option("--url", arguments->url, "Base URL of the server")->capture_default_str();
    command->add_flag("--json", arguments->json, "Print the JSON data");
  };

  CLI::App* instant = query->add_subcommand("instant", "One value per series at one time");
  common(instant);
  instant->add_option("expr", arguments->expression, "PromQL expression")->required();
  instant->add_option("--time", arguments->time, "RFC 3339 or Unix seconds; default now");
  instant->callback([arguments, &exit_code] {
    net::Params params;
    params.add("query", arguments->expression);
    if (!arguments->time.empty()) params.add("time", arguments->time);
    answer(*arguments, "/api/v1/query", params, exit_code, print_values);
  });

  CLI::App* range = query->add_subcommand("range", "Values over a range of time");
  common(range);
  range->add_option("expr", arguments->expression, "PromQL expression")->required();
  range->add_option("--start", arguments->start, "RFC 3339 or Unix seconds")->required();
  range->add_option("--end", arguments->end, "RFC 3339 or Unix seconds")->required();
  range->add_option("--step", arguments->step, "Distance of the points")->capture_default_str();
  range->callback([arguments, &exit_code] {
    net::Params params;
    params.add("query", arguments->expression);
    params.add("start", arguments->start);
    params.add("end", arguments->end);
    params.add("step", arguments->step);
    answer(*arguments, "/api/v1/query_range", params, exit_code, print_values);
  });

  CLI::App* series = query->add_subcommand("series", "Series that match a selector");
  common(series);
  series->add_option("selector", arguments->matchers, "One or more selectors")->required();
  series->callback([arguments, &exit_code] {
    net::Params params;
    for (const auto& matcher : arguments->matchers) params.add("match[]", matcher);
    answer(*arguments, "/api/v1/series", params, exit_code, print_list);
  });

  CLI::App* labels = query->add_subcommand("labels", "Label names, or the values of one label");
  common(labels);
  labels->add_option("label", arguments->label, "Label whose values are wanted; default: all label names");
  labels->callback([arguments, &exit_code] {
    const std::string path =
        arguments->label.empty() ? "/api/v1/labels" : "/api/v1/label/" + arguments->label + "/values";
    answer(*arguments, path, {}, exit_code, print_list);
  });

  CLI::App* alerts = query->add_subcommand("alerts", "Pending and firing alerts");
  common(alerts);
  alerts->callback([arguments, &exit_code] { answer(*arguments, "/api/v1/alerts", {}, exit_code, print_alerts); });
}

}  // namespace vigil::app
