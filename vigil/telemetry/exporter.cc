#include "vigil/telemetry/exporter.h"

#include <utility>

#include "vigil/exposition/page_writer.h"

namespace vigil::telemetry {

std::string to_page(const MetricsSnapshot& snapshot, exposition::Format format) {
  std::string page;
  exposition::PageWriter writer(format,
                                [&](std::string_view chunk) {
                                  page += chunk;
                                  return true;
                                },
                                {.time = snapshot.time()});
  snapshot.visit(writer);
  writer.finish();
  return page;
}

Result<std::string> JsonExporter::export_metrics(const MetricsSnapshot& snapshot) {
  return to_page(snapshot, exposition::Format::kJson);
}

Result<std::string> CsvExporter::export_metrics(const MetricsSnapshot& snapshot) {
  return to_page(snapshot, exposition::Format::kCsv);
}

Result<std::string> PrometheusTextExporter::export_metrics(const MetricsSnapshot& snapshot) {
  return to_page(snapshot, exposition::Format::kText);
}

InfluxDbExporter::InfluxDbExporter(InfluxDbClient client, std::string database, std::size_t request_bytes)
    : client_(std::move(client)), database_(std::move(database)), request_bytes_(request_bytes) {}

Result<std::string> InfluxDbExporter::export_metrics(const MetricsSnapshot& snapshot) {
  std::string lines = to_page(snapshot, exposition::Format::kInflux);
  std::string_view rest = lines;
  while (!rest.empty()) {
    std::string_view part = rest;
    if (rest.size() > request_bytes_) {
      // At least one line, however long it is.
      std::size_t end = rest.rfind('\n', request_bytes_);
      if (end == std::string_view::npos) end = rest.find('\n');
      if (end != std::string_view::npos) part = rest.substr(0, end + 1);
    }
    VIGIL_TRY_VOID(write(part));
    rest.remove_prefix(part.size());
  }
  return lines;
}

Result<void> InfluxDbExporter::write(std::string_view lines) const {
  net::Params params;
  params.add("db", database_);
  net::ClientRequest request;
  request.method = "POST";
  request.url = client_.url + "/write?" + params.encode();
  request.headers.set("Content-Type", "text/plain; charset=utf-8");
  request.body = lines;
  request.timeout = client_.timeout;
  request.follow_redirects = false;
  request.max_body_bytes = 64U << 10;
  request.username = client_.username;
  request.password_file = client_.password_file;
  if (!client_.token_file.empty()) {
    request.authorization_scheme = "Token";
    request.authorization_file = client_.token_file;
  }
  const Result<net::ClientResponse> response = client_.http->fetch(std::move(request));
  if (!response) return std::unexpected(response.error().with_context("influxdb"));
  if (response->status / 100 == 2) return {};
  constexpr std::size_t kShown = 200;
  return fail(ErrorCode::kExecution, "influxdb: the server answered " + std::to_string(response->status) +
                                         " to /write: " + response->body.substr(0, kShown));
}

}  // namespace vigil::telemetry
