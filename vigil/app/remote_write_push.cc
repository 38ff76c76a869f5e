#include "vigil/app/remote_write_push.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "vigil/collect/registry_appender.h"
#include "vigil/exposition/remote_write.h"
#include "vigil/storage_api/appender.h"

namespace vigil::app {
namespace {

constexpr Duration kFirstWait = 250;
constexpr Duration kLongestWait = 5 * kSecond;
constexpr std::size_t kShownBody = 200;

// Keeps what a collection appends, as a sender needs it: by series.
class WriteBatch final : public Appendable {
 public:
  std::unique_ptr<Appender> appender() override { return std::make_unique<Collected>(*this); }

  std::string request() const {
    exposition::WriteRequestWriter writer;
    for (const Series& series : series_) {
      // `up` says that a registry could be read, which means nothing where it is pushed.
      if (series.labels.get("__name__") == "up" || (series.samples.empty() && series.histograms.empty())) continue;
      writer.begin_series(series.labels);
      for (const Sample& sample : series.samples) writer.add(sample);
      for (const auto& [time, histogram] : series.histograms) writer.add(time, *histogram);
      for (const Exemplar& exemplar : series.exemplars) writer.add(exemplar);
      writer.end_series();
    }
    for (const auto& [metric, metadata] : metadata_) writer.add_metadata(metric, metadata);
    return writer.bytes();
  }

 private:
  struct Series {
    Labels labels;
    std::vector<Sample> samples = {};
    std::vector<std::pair<Timestamp, HistogramPtr>> histograms = {};
    std::vector<Exemplar> exemplars = {};
  };

  class Collected final : public Appender {
   public:
    explicit Collected(WriteBatch& batch) : batch_(batch) {}
    Result<SeriesRef> resolve(const Labels& labels) override {
      batch_.series_.push_back({labels});
      return batch_.series_.size();
    }
    Result<void> append(SeriesRef series, Timestamp time, double value) override {
      batch_.series_[series - 1].samples.push_back({time, value});
      return {};
    }
    Result<void> append_histogram(SeriesRef series, Timestamp time, HistogramPtr histogram) override {
      batch_.series_[series - 1].histograms.emplace_back(time, std::move(histogram));
      return {};
    }
    Result<void> append_exemplar(SeriesRef series, const Exemplar& exemplar) override {
      batch_.series_[series - 1].exemplars.push_back(exemplar);
      return {};
    }
    Result<void> set_metadata(std::string_view metric, const MetricMetadata& metadata) override {
      batch_.metadata_.emplace_back(std::string(metric), metadata);
      return {};
    }
    Result<void> commit() override { return {}; }
    void rollback() override {}

   private:
    WriteBatch& batch_;
  };

  std::vector<Series> series_;
  std::vector<std::pair<std::string, MetricMetadata>> metadata_;
};

// What one try met; kUnavailable may be tried again.
Result<void> try_once(net::HttpClient& client, const std::string& body, const PushOptions& options, Duration timeout) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = options.url;
  request.timeout = timeout;
  request.body = body;
  request.headers.set("Content-Type", "application/x-protobuf");
  request.headers.set("Content-Encoding", "snappy");
  request.headers.set("X-Prometheus-Remote-Write-Version", "0.1.0");
  const auto response = client.fetch(std::move(request));
  if (!response) return fail(ErrorCode::kUnavailable, response.error().message());
  if (response->status / 100 == 2) return {};
  const bool later = response->status == 429 || response->status / 100 == 5;
  std::string answer = response->body.substr(0, std::min(response->body.find('\n'), kShownBody));
  return fail(later ? ErrorCode::kUnavailable : ErrorCode::kInvalidArgument,
              "status " + std::to_string(response->status) + (answer.empty() ? "" : ": " + answer));
}

}  // namespace

Result<std::string> write_request(const metrics::Registry& registry, const Labels& labels, Timestamp at) {
  WriteBatch batch;
  collect::RegistryAppender appender(labels);
  VIGIL_TRY_VOID(appender.record(registry, batch, at));
  return exposition::snappy_compress(batch.request());
}

Result<void> push(net::HttpClient& client, const std::string& request, const PushOptions& options) {
  const auto now = [&] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(options.clock->steady()).count();
  };
  const Duration end = now() + options.timeout;
  for (Duration wait = kFirstWait;; wait = std::min(wait * 2, kLongestWait)) {
    const Duration left = std::max<Duration>(end - now(), 1);
    const auto done = try_once(client, request, options, std::min(options.try_timeout, left));
    if (done || done.error().code() != ErrorCode::kUnavailable) return done;
    if (now() + wait >= end || !options.wait(wait)) return done;
  }
}

}  // namespace vigil::app
