// vigil query: asks any Prometheus-compatible server over its HTTP API.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "vigil/app/alert_report.h"
#include "vigil/app/commands.h"
#include "vigil/app/histogram_usage.h"
#include "vigil/app/terminal.h"
#include "vigil/base/clock.h"
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
  std::string type = "all", duration = "1h";
  bool why = false;
  bool json = false;
};

std::string base_url(const QueryArguments& arguments) {
  std::string base = arguments.url;
  while (base.ends_with('/')) base.pop_back();
  return base;
}

Result<net::ClientResponse> fetch(const QueryArguments& arguments, const std::string& path, const net::Params& params) {
  auto client = net::make_curl_client();
  net::ClientRequest request;
  request.url = base_url(arguments) + path;
  if (const std::string text = params.encode(); !text.empty()) request.url += "?" + text;
  request.timeout = 2 * kMinute;
  return client->fetch(std::move(request));
}

// The `data` of a successful answer; server errors keep their type and text.
Result<Json> get(const QueryArguments& arguments, const std::string& path, const net::Params& params) {
  const std::string base = base_url(arguments);
  VIGIL_TRY(const auto response, fetch(arguments, path, params));
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

std::string time_text(const Json& seconds) { return format_rfc3339(std::llround(seconds.get<double>() * 1000)); }

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

void print_alerts(const std::vector<ActiveAlert>& alerts) {
  Table table({{"STATE"}, {"ALERT"}, {"SINCE"}, {"VALUE", Table::Align::kRight}, {"RULE GROUP"}, {"LABELS"}});
  for (const ActiveAlert& alert : alerts) {
    LabelsBuilder labels(alert.labels);
    labels.erase("alertname");
    table.row({styled(alert.state == "firing" ? Style::kBad : Style::kWarn, alert.state), alert.name, alert.since,
               alert.value, alert.group, labels.build().to_string()});
  }
  print(table.empty() ? "no active alerts\n" : table.to_string());
}

void print_reasons(const std::vector<ActiveAlert>& alerts) {
  if (alerts.empty()) print_line("no active alerts");
  for (const ActiveAlert& alert : alerts) {
    print_line(styled(alert.state == "firing" ? Style::kBad : Style::kWarn, alert.state) + " " +
               styled(Style::kBold, alert.labels.to_string()));
    print_line("  rule   " + alert.name + " in group " + alert.group + " of " + alert.file);
    print_line("  value  " + alert.value + " of " + alert.query);
    print_line("  since  " + alert.since);
    for (const std::string& sentence : alert.why) print_line("  " + styled(Style::kDim, "why") + "    " + sentence);
  }
}

Result<void> query_alerts(const QueryArguments& arguments) {
  net::Params params;
  params.add("type", "alert");
  VIGIL_TRY(const Json rules, get(arguments, "/api/v1/rules", params));
  VIGIL_TRY(std::vector<ActiveAlert> alerts, read_alerts(rules));
  if (arguments.why) {
    VIGIL_TRY(const Json alertmanagers, get(arguments, "/api/v1/alertmanagers", {}));
    VIGIL_TRY(const auto metrics, fetch(arguments, "/metrics", {}));
    const NotificationPaths paths = read_paths(alertmanagers, metrics.status == 200 ? metrics.body : "");
    for (ActiveAlert& alert : alerts) explain(alert, paths, Clock::system().now());
  }
  if (arguments.json) {
    Json list = Json::array();
    for (const ActiveAlert& alert : alerts) list.push_back(to_json(alert));
    print_line(Json{{"alerts", std::move(list)}}.dump(2));
  } else if (arguments.why) {
    print_reasons(alerts);
  } else {
    print_alerts(alerts);
  }
  return {};
}

// Selectors for every histogram of the server: classic ones by their buckets, native ones
// by the metadata of their names.
Result<std::vector<std::string>> all_histograms(const QueryArguments& arguments) {
  std::set<std::string> names;
  net::Params with_bound;
  with_bound.add("match[]", "{le!=\"\"}");
  VIGIL_TRY(const Json buckets, get(arguments, "/api/v1/label/__name__/values", with_bound));
  for (const auto& name : buckets) names.insert(name.get<std::string>());
  VIGIL_TRY(const Json metadata, get(arguments, "/api/v1/metadata", {}));
  for (const auto& [name, entries] : metadata.items()) {
    if (std::ranges::any_of(entries, [](const Json& entry) { return entry.value("type", "") == "histogram"; })) {
      names.insert(name);
    }
  }
  std::vector<std::string> selectors;
  for (const std::string& name : names) selectors.push_back("{__name__=" + go_quote(name) + "}");
  return selectors;
}

// Of all histograms of one name.
struct FamilyUsage {
  bool native = false;
  std::string name;
  std::size_t histograms = 0, buckets = 0;
  double populated = 0, changed = 0;  // means over them
};

void print_usage(const std::vector<HistogramUsage>& histograms) {
  std::map<std::pair<std::string, bool>, FamilyUsage> families;
  for (const HistogramUsage& one : histograms) {
    const std::string name(one.labels.metric_name());
    FamilyUsage& family = families[{name, one.native}];
    family.name = name;
    family.native = one.native;
    ++family.histograms;
    family.buckets += one.buckets;
    const auto n = static_cast<double>(family.histograms);
    family.populated += (one.populated.mean - family.populated) / n;
    family.changed += (one.changed.mean - family.changed) / n;
  }
  std::vector<FamilyUsage> sorted;
  for (auto& [key, family] : families) sorted.push_back(std::move(family));
  std::ranges::stable_sort(sorted, std::ranges::greater(), &FamilyUsage::buckets);
  using Align = Table::Align;
  Table table({{"TYPE"},
               {"HISTOGRAMS", Align::kRight},
               {"BUCKETS", Align::kRight},
               {"EACH", Align::kRight},
               {"POPULATED", Align::kRight},
               {"CHANGED", Align::kRight},
               {"METRIC"}});
  for (const FamilyUsage& family : sorted) {
    const double each = static_cast<double>(family.buckets) / static_cast<double>(family.histograms);
    table.row({family.native ? "native" : "classic", std::to_string(family.histograms), std::to_string(family.buckets),
               fmt::format("{:.1f}", each), fmt::format("{:.1f}", family.populated),
               fmt::format("{:.1f}", family.changed), family.name});
  }
  print(table.empty() ? "no histograms with two samples or more in that time\n" : table.to_string());
}

Result<void> query_analyze(const QueryArguments& arguments) {
  std::vector<std::string> selectors;
  for (const std::string& matcher : arguments.matchers) selectors.push_back(bucket_selector(matcher));
  if (selectors.empty()) {
    VIGIL_TRY(selectors, all_histograms(arguments));
  }
  std::vector<HistogramUsage> found;
  for (const std::string& selector : selectors) {
    net::Params params;
    params.add("query", selector + "[" + arguments.duration + "]");
    if (!arguments.time.empty()) params.add("time", arguments.time);
    VIGIL_TRY(const Json data, get(arguments, "/api/v1/query", params));
    VIGIL_TRY(auto some, analyze_histograms(data));
    for (HistogramUsage& one : some) {
      const bool wanted = arguments.type == "all" || one.native == (arguments.type == "nativehistograms");
      if (wanted) found.push_back(std::move(one));
    }
  }
  if (!arguments.json) {
    print_usage(found);
    return {};
  }
  Json list = Json::array();
  for (const HistogramUsage& one : found) list.push_back(to_json(one));
  print_line(Json{{"histograms", std::move(list)}}.dump(2));
  return {};
}

void report(const Result<void>& done, int& exit_code) {
  if (done) return;
  print_error(done.error().message());
  exit_code = 1;
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
      "  vigil query analyze --duration 6h\n"
      "  vigil query alerts --why");
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

  CLI::App* analyze =
      query->add_subcommand("analyze", "How many of their buckets the histograms of a server use and change");
  common(analyze);
  analyze->add_option("--type", arguments->type, "classichistograms, nativehistograms or all")
      ->capture_default_str()
      ->check(CLI::IsMember({"classichistograms", "nativehistograms", "all"}));
  analyze->add_option("--duration", arguments->duration, "The range of time to look at")->capture_default_str();
  analyze->add_option("--time", arguments->time, "Its end, RFC 3339 or Unix seconds; default now");
  analyze
      ->add_option("--match", arguments->matchers,
                   "Selector of the histograms, by their name (native) or their _bucket or _sum series (classic); "
                   "repeatable; default: all of the server")
      ->take_all();
  analyze->footer(
      "EACH is the number of buckets of one histogram, POPULATED how many of them hold observations, CHANGED how many\n"
      "change from one sample to the next (means). Many buckets of which few change could be fewer or native ones.\n"
      "Examples:\n"
      "  vigil query analyze\n"
      "  vigil query analyze --type nativehistograms --match 'zk_proof_generation_seconds{proof_type=\"groth16\"}'\n"
      "  vigil query analyze --match http_request_duration_seconds_bucket --duration 6h --json");
  analyze->callback([arguments, &exit_code] { report(query_analyze(*arguments), exit_code); });

  CLI::App* alerts = query->add_subcommand("alerts", "Pending and firing alerts, and why they paged or did not");
  common(alerts);
  alerts->add_flag("--why", arguments->why, "Also say on which way a page went, or why none was sent");
  alerts->footer(
      "Counts of messages are those of the whole server since its start.\n"
      "Examples:\n"
      "  vigil query alerts\n"
      "  vigil query alerts --why\n"
      "  vigil query alerts --json --url http://localhost:9090");
  alerts->callback([arguments, &exit_code] { report(query_alerts(*arguments), exit_code); });
}

}  // namespace vigil::app
