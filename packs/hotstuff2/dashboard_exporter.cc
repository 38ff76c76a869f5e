#include "packs/hotstuff2/dashboard_exporter.h"

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <utility>

#include "packs/hotstuff2/catalog.h"
#include "packs/hotstuff2/dashboards.h"

namespace vigil::packs::hotstuff2 {
namespace {

constexpr std::size_t kMaxUid = 40;  // Grafana's

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

net::ClientRequest request(std::string method, std::string url, const HttpClientOptions& options) {
  net::ClientRequest request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.timeout = options.timeout;
  request.authorization_file = options.authorization_file;
  request.username = options.username;
  request.password_file = options.password_file;
  return request;
}

// The answer's JSON; an HTTP status or text that is none is an error.
Result<nlohmann::json> fetch(net::HttpClient& http, net::ClientRequest request) {
  const std::string where = request.method + " " + request.url;
  VIGIL_TRY(const net::ClientResponse answer, http.fetch(std::move(request)));
  if (answer.status / 100 != 2) {
    return fail(ErrorCode::kUnavailable, where + ": HTTP " + std::to_string(answer.status));
  }
  nlohmann::json json = nlohmann::json::parse(answer.body, nullptr, false);
  if (!json.is_object()) return fail(ErrorCode::kUnavailable, where + ": the answer is no JSON object");
  return json;
}

std::string text_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

template <class Settings>
std::string json_of(dashboards::Dashboard board, const Settings& settings) {
  board.refresh = settings.refresh;
  board.from = settings.from;
  return dashboards::to_grafana_json(board);
}

Result<void> check(const CustomDashboardConfig& config) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  if (config.uid.empty() || config.uid.size() > kMaxUid || !std::ranges::all_of(config.uid, good)) {
    return fail(ErrorCode::kInvalidArgument,
                "dashboard uid \"" + config.uid + "\": wanted 1 to 40 letters, digits, '_' or '-'");
  }
  if (config.title.empty()) return fail(ErrorCode::kInvalidArgument, "dashboard " + config.uid + " has no title");
  return {};
}

MetricType type_of(const std::string& word) {
  if (word == "counter") return MetricType::kCounter;
  if (word == "gauge") return MetricType::kGauge;
  if (word == "histogram") return MetricType::kHistogram;
  return MetricType::kUnknown;
}

}  // namespace

HttpPrometheusClient::HttpPrometheusClient(net::HttpClient& http, std::string url, HttpClientOptions options)
    : http_(http), url_(without_slash(std::move(url))), options_(std::move(options)) {}

Result<MetricMetadata> HttpPrometheusClient::metadata(const std::string& metric) {
  net::Params query;
  query.add("metric", metric);
  VIGIL_TRY(const nlohmann::json answer,
            fetch(http_, request("GET", url_ + "/api/v1/metadata?" + query.encode(), options_)));
  const auto data = answer.find("data");
  if (data == answer.end() || !data->is_object()) {
    return fail(ErrorCode::kUnavailable, url_ + ": the answer has no \"data\"");
  }
  const auto known = data->find(metric);
  if (known == data->end() || !known->is_array() || known->empty() || !known->front().is_object()) {
    return fail(ErrorCode::kNotFound, url_ + " knows no metric " + metric);
  }
  return MetricMetadata{text_of(known->front(), "type"), text_of(known->front(), "help")};
}

HttpGrafanaClient::HttpGrafanaClient(net::HttpClient& http, std::string url, HttpClientOptions options)
    : http_(http), url_(without_slash(std::move(url))), options_(std::move(options)) {}

Result<std::string> HttpGrafanaClient::create_dashboard(const std::string& json) {
  const nlohmann::json board = nlohmann::json::parse(json, nullptr, false);
  if (!board.is_object()) return fail(ErrorCode::kInvalidArgument, "the dashboard is no JSON object");
  net::ClientRequest post = request("POST", url_ + "/api/dashboards/db", options_);
  post.headers.set("Content-Type", "application/json");
  post.body = nlohmann::json({{"dashboard", board}, {"overwrite", true}}).dump();
  VIGIL_TRY(const nlohmann::json answer, fetch(http_, std::move(post)));
  const std::string uid = text_of(answer, "uid");
  if (uid.empty()) return fail(ErrorCode::kUnavailable, url_ + ": the answer has no \"uid\"");
  return uid;
}

DashboardExporter::DashboardExporter(DashboardConfig config, PrometheusClient* prometheus_client,
                                     GrafanaClient* grafana_client)
    : config_(std::move(config)), prometheus_client_(prometheus_client), grafana_client_(grafana_client) {}

Result<std::string> DashboardExporter::export_consensus_dashboard() const {
  return json_of(consensus_dashboard(), config_.consensus_dashboard);
}
Result<std::string> DashboardExporter::export_network_dashboard() const {
  return json_of(network_dashboard(), config_.network_dashboard);
}
Result<std::string> DashboardExporter::export_system_dashboard() const {
  return json_of(system_dashboard(), config_.system_dashboard);
}

Result<std::vector<std::string>> DashboardExporter::export_dashboards() const {
  std::vector<std::string> all;
  VIGIL_TRY(std::string board, export_consensus_dashboard());
  all.push_back(std::move(board));
  VIGIL_TRY(board, export_network_dashboard());
  all.push_back(std::move(board));
  VIGIL_TRY(board, export_system_dashboard());
  all.push_back(std::move(board));
  for (const CustomDashboardConfig& custom : config_.custom_dashboards) {
    VIGIL_TRY(board, draw(custom));
    all.push_back(std::move(board));
  }
  return all;
}

Result<std::string> DashboardExporter::draw(const CustomDashboardConfig& config) const {
  VIGIL_TRY_VOID(check(config));
  std::vector<metrics::Description> chosen;
  std::deque<MetricMetadata> foreign;  // descriptions refer to their texts
  for (const std::string& name : config.metrics) {
    const auto own = std::ranges::find(catalog::kAll, std::string_view(name), &metrics::Description::name);
    if (own != catalog::kAll.end()) {
      chosen.push_back(*own);
      continue;
    }
    if (prometheus_client_ == nullptr) {
      return fail(ErrorCode::kNotFound, "dashboard " + config.uid + ": the catalogue has no metric " + name);
    }
    VIGIL_TRY(MetricMetadata metadata, prometheus_client_->metadata(name));
    foreign.push_back(std::move(metadata));
    metrics::Description description;
    description.type = type_of(foreign.back().type);
    description.name = name;
    description.help = foreign.back().help;
    chosen.push_back(description);
  }
  if (config.metrics.empty()) chosen.assign(catalog::kAll.begin(), catalog::kAll.end());
  return json_of(dashboards::dashboard_for(config.uid, config.title, chosen, config.selector), config.settings);
}

Result<std::string> DashboardExporter::create_custom_dashboard(const CustomDashboardConfig& config) const {
  VIGIL_TRY(std::string json, draw(config));
  if (grafana_client_ != nullptr) VIGIL_TRY_VOID(grafana_client_->create_dashboard(json));
  return json;
}

}  // namespace vigil::packs::hotstuff2
