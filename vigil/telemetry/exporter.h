// A snapshot in a format, and from there to a file or a database.
//
//   JsonExporter json;
//   VIGIL_TRY(const std::string page, json.export_metrics(snapshot));
//
// A format of one's own is a class of one's own.
//
// Thread-safety: export_metrics() from any thread.
#pragma once

#include <string>
#include <string_view>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/exposition/format.h"
#include "vigil/net/http.h"
#include "vigil/telemetry/snapshot.h"

namespace vigil::telemetry {

class MetricsExporter {
 public:
  virtual ~MetricsExporter() = default;
  virtual Result<std::string> export_metrics(const MetricsSnapshot& snapshot) = 0;
  virtual std::string_view format_name() const = 0;  // "json"
};

// The pages of vigil/exposition.
class JsonExporter final : public MetricsExporter {
 public:
  Result<std::string> export_metrics(const MetricsSnapshot& snapshot) override;
  std::string_view format_name() const override { return "json"; }
};

class CsvExporter final : public MetricsExporter {
 public:
  Result<std::string> export_metrics(const MetricsSnapshot& snapshot) override;
  std::string_view format_name() const override { return "csv"; }
};

class PrometheusTextExporter final : public MetricsExporter {
 public:
  Result<std::string> export_metrics(const MetricsSnapshot& snapshot) override;
  std::string_view format_name() const override { return "prometheus"; }
};

// Where an InfluxDB is. 1.x, and 2.x and VictoriaMetrics by their compatible paths.
struct InfluxDbClient {
  net::HttpClient* http = nullptr;  // outlives the exporter
  std::string url;                  // "http://127.0.0.1:8086"
  std::string username = {};        // basic auth, if given
  std::string password_file = {};   // read at every write
  std::string token_file = {};      // "Authorization: Token …", if given; read at every write
  Duration timeout = 10 * kSecond;
};

// Writes each snapshot to POST <url>/write?db=<database>, in requests of whole
// lines. Lines carry the time of the snapshot.
class InfluxDbExporter final : public MetricsExporter {
 public:
  static constexpr std::size_t kDefaultRequestBytes = 1U << 20;

  InfluxDbExporter(InfluxDbClient client, std::string database, std::size_t request_bytes = kDefaultRequestBytes);

  // Returns the lines, once the database has taken all of them. Fails with kUnavailable or
  // kTimeout if it cannot be reached, with kExecution if it refuses; then the lines of
  // earlier requests are written, which does no harm when the snapshot is exported again.
  // Waits for the database: not for a thread that must not wait.
  Result<std::string> export_metrics(const MetricsSnapshot& snapshot) override;
  std::string_view format_name() const override { return "influxdb"; }

 private:
  Result<void> write(std::string_view lines) const;

  const InfluxDbClient client_;
  const std::string database_;
  const std::size_t request_bytes_;
};

// A snapshot as a page of vigil/exposition.
std::string to_page(const MetricsSnapshot& snapshot, exposition::Format format);

}  // namespace vigil::telemetry
