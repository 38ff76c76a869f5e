// The dashboards of a HotStuff-2 network at run time: as JSON, drawn for a choice of
// metrics, and created in a Grafana.
//
//   HttpGrafanaClient grafana(http, "http://grafana:3000", {.authorization_file = "token"});
//   DashboardExporter exporter(config, nullptr, &grafana);
//   VIGIL_TRY(std::string json, exporter.export_consensus_dashboard());
//   VIGIL_TRY(json, exporter.create_custom_dashboard({.uid = "votes", .title = "Votes", .metrics = {…}}));
//
// Thread-safety: any thread, as far as the clients are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/dashboards/dashboard.h"
#include "vigil/net/http.h"

namespace vigil::packs::hotstuff2 {

// What of a board is a matter of taste.
struct BoardSettings {
  std::string refresh = "5s";
  std::string from = "now-1h";
};
struct ConsensusDashboardConfig : BoardSettings {};
struct NetworkDashboardConfig : BoardSettings {};
struct SystemDashboardConfig : BoardSettings {};

struct CustomDashboardConfig {
  std::string uid;  // 1 to 40 of [a-zA-Z0-9_-]
  std::string title;
  // Names, of the catalogue or of what Prometheus knows; empty: the whole catalogue.
  std::vector<std::string> metrics = {};
  std::string selector = {};  // matchers of every query: {instance="replica-1:9464"}
  BoardSettings settings = {};
};

struct DashboardConfig {
  ConsensusDashboardConfig consensus_dashboard = {};
  NetworkDashboardConfig network_dashboard = {};
  SystemDashboardConfig system_dashboard = {};
  std::vector<CustomDashboardConfig> custom_dashboards = {};
};

struct MetricMetadata {
  std::string type;  // "counter", …
  std::string help;
};

// A Prometheus that knows what its metrics are.
class PrometheusClient {
 public:
  virtual ~PrometheusClient() = default;
  // kNotFound if it has no metric of that name.
  virtual Result<MetricMetadata> metadata(const std::string& metric) = 0;
};

// A Grafana that boards are created in.
class GrafanaClient {
 public:
  virtual ~GrafanaClient() = default;
  // Creates or replaces; the uid it has there.
  virtual Result<std::string> create_dashboard(const std::string& json) = 0;
};

struct HttpClientOptions {
  std::string authorization_file;  // of a bearer token
  std::string username, password_file;
  Duration timeout = 10 * kSecond;
};

class HttpPrometheusClient final : public PrometheusClient {
 public:
  // `http` outlives this.
  HttpPrometheusClient(net::HttpClient& http, std::string url, HttpClientOptions options = {});
  Result<MetricMetadata> metadata(const std::string& metric) override;

 private:
  net::HttpClient& http_;
  const std::string url_;
  const HttpClientOptions options_;
};

class HttpGrafanaClient final : public GrafanaClient {
 public:
  // `http` outlives this.
  HttpGrafanaClient(net::HttpClient& http, std::string url, HttpClientOptions options = {});
  Result<std::string> create_dashboard(const std::string& json) override;

 private:
  net::HttpClient& http_;
  const std::string url_;
  const HttpClientOptions options_;
};

class DashboardExporter {
 public:
  // Clients may be null and outlive this otherwise. Without a Prometheus only metrics of
  // the catalogue are known; without a Grafana nothing is created.
  explicit DashboardExporter(DashboardConfig config = {}, PrometheusClient* prometheus_client = nullptr,
                             GrafanaClient* grafana_client = nullptr);

  // Classic Grafana JSON.
  Result<std::string> export_consensus_dashboard() const;
  Result<std::string> export_network_dashboard() const;
  Result<std::string> export_system_dashboard() const;
  // The three and the custom ones of the configuration.
  Result<std::vector<std::string>> export_dashboards() const;

  // The JSON of a board with one panel a metric, created in Grafana where there is one.
  // kInvalidArgument for a bad uid or title, kNotFound for a metric that nobody knows.
  Result<std::string> create_custom_dashboard(const CustomDashboardConfig& config) const;

 private:
  Result<std::string> draw(const CustomDashboardConfig& config) const;

  const DashboardConfig config_;
  PrometheusClient* const prometheus_client_;
  GrafanaClient* const grafana_client_;
};

}  // namespace vigil::packs::hotstuff2
