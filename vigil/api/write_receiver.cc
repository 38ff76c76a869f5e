#include "vigil/api/write_receiver.h"

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "vigil/exposition/remote_write.h"

namespace vigil::api {
namespace {

using Reader = exposition::WriteRequestReader;

constexpr std::size_t kMaxDetails = 5;     // refusals named in an answer
constexpr Duration kRound = 10 * kMinute;  // a cached series unused for one to two rounds is forgotten

std::string_view media_type(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ')) content_type.remove_suffix(1);
  return content_type;
}

}  // namespace

struct WriteReceiver::Outcome {
  std::size_t stored = 0;
  std::size_t refused = 0;
  std::string details;

  void refuse(std::size_t samples, std::string_view series, const Error& error) {
    refused += samples;
    if (named_++ >= kMaxDetails) return;
    if (!details.empty()) details += "; ";
    details += error.message();
    if (!series.empty() && error.message().find(series) == std::string::npos)
      details += " (" + std::string(series) + ")";
  }

 private:
  std::size_t named_ = 0;
};

WriteReceiver::WriteReceiver(Appendable& store, Clock& clock, const Limits& limits, metrics::Registry* registry)
    : store_(store),
      clock_(clock),
      limits_(limits),
      requests_shown_(registry, MetricType::kCounter, "vigil_remote_write_requests_total",
                      "Remote write requests by outcome.", {"outcome"},
                      [this](metrics::CollectorSink& sink) {
                        sink.point({"taken"}, static_cast<double>(stats_.taken));
                        sink.point({"malformed"}, static_cast<double>(stats_.bad_requests));
                        sink.point({"failed"}, static_cast<double>(stats_.failed));
                      }),
      samples_shown_(registry, MetricType::kCounter, "vigil_remote_write_samples_total",
                     "Samples of remote write by outcome.", {"outcome"}, [this](metrics::CollectorSink& sink) {
                       sink.point({"stored"}, static_cast<double>(stats_.samples));
                       sink.point({"refused"}, static_cast<double>(stats_.refused));
                     }) {
  std::random_device random;
  for (auto& lane : lanes_) lane = std::make_unique<Lane>((std::uint64_t{random()} << 32) | random());
}

void WriteReceiver::age(Lane& lane) {
  const Timestamp now = clock_.now();
  if (now - lane.round_began < kRound) return;
  const std::uint32_t last = lane.cache.round();
  lane.cache.erase_if([last](const SeriesCache::Entry& entry) { return entry.round < last; });
  lane.cache.begin_round();
  lane.round_began = now;
}

Result<WriteReceiver::Outcome> WriteReceiver::store(std::string_view message, Lane& lane) {
  Outcome outcome;
  const auto appender = store_.appender();
  MutexLock lock(lane.mutex);
  age(lane);

  const auto resolve = [&appender](std::string_view raw) -> Result<SeriesRef> {
    VIGIL_TRY(const Labels labels, exposition::decode_labels(raw));
    if (labels.metric_name().empty())
      return fail(ErrorCode::kInvalidArgument, "series without a metric name: " + labels.to_string());
    return appender->resolve(labels);
  };
  const auto name_of = [](std::string_view raw) {
    const auto labels = exposition::decode_labels(raw);
    return labels ? labels->to_string() : std::string();
  };

  Reader reader(message);
  for (Reader::Event event = reader.next(); event != Reader::Event::kEnd; event = reader.next()) {
    if (event == Reader::Event::kError) return std::unexpected(reader.error());
    if (event == Reader::Event::kMetadata) {
      // Help texts are worth less than samples: what is refused is left out silently.
      static_cast<void>(appender->set_metadata(reader.metric_name(), reader.metadata()));
      continue;
    }
    const std::string_view raw = reader.raw_labels();
    const std::size_t samples = reader.samples().size() + reader.histograms().size();
    if (outcome.stored + outcome.refused + samples > limits_.max_write_samples) {
      return fail(ErrorCode::kLimitExceeded,
                  "more than " + std::to_string(limits_.max_write_samples) + " samples in one request");
    }
    auto [entry, is_new] = lane.cache.find_or_add(raw);
    if (is_new) {
      const auto ref = resolve(raw);
      if (!ref) {
        lane.cache.remove_newest();
        outcome.refuse(samples, "", ref.error());
        continue;
      }
      entry.ref = *ref;
    }
    // A series that the store has dropped meanwhile is resolved again, once.
    const auto with_live_ref = [&ref = entry.ref, &resolve, raw](const auto& append) -> Result<void> {
      Result<void> result = append(ref);
      if (result || result.error().code() != ErrorCode::kNotFound) return result;
      VIGIL_TRY(ref, resolve(raw));
      return append(ref);
    };
    const auto count = [&outcome, &name_of, raw](const Result<void>& result) {
      if (result) {
        ++outcome.stored;
      } else {
        outcome.refuse(1, name_of(raw), result.error());
      }
    };
    for (const Sample& sample : reader.samples()) {
      count(with_live_ref([&](SeriesRef ref) { return appender->append(ref, sample.timestamp, sample.value); }));
    }
    for (const exposition::HistogramSample& sample : reader.histograms()) {
      count(with_live_ref(
          [&](SeriesRef ref) { return appender->append_histogram(ref, sample.timestamp, sample.histogram); }));
    }
    for (const Exemplar& exemplar : reader.exemplars()) {
      // Senders repeat exemplars; a refused one is no reason to refuse the request.
      static_cast<void>(with_live_ref([&](SeriesRef ref) { return appender->append_exemplar(ref, exemplar); }));
    }
  }
  VIGIL_TRY_VOID(appender->commit());
  return outcome;
}

net::Response WriteReceiver::handle(const net::Request& request) {
  const auto refuse = [this](int status, const std::string& text) {
    ++stats_.bad_requests;
    return net::Response::text(status, text + "\n");
  };
  const std::string_view type = request.headers.get("Content-Type");
  const bool is_v2 = type.find("io.prometheus.write.v2") != std::string_view::npos;
  if (!type.empty() && (media_type(type) != "application/x-protobuf" || is_v2)) {
    return refuse(415, "remote write 1.0 is taken here: application/x-protobuf with prometheus.WriteRequest");
  }
  if (const std::string_view encoding = request.headers.get("Content-Encoding");
      !encoding.empty() && encoding != "snappy") {
    return refuse(415, "the body must be compressed with snappy");
  }
  const auto message = exposition::snappy_decompress(request.body, limits_.max_write_decoded_bytes);
  if (!message) {
    return refuse(message.error().code() == ErrorCode::kLimitExceeded ? 413 : 400, message.error().message());
  }
  Lane& lane = *lanes_[hash64(request.remote) % kLanes];
  const Result<Outcome> outcome = store(*message, lane);
  if (!outcome) {
    const Error& error = outcome.error();
    if (error.code() == ErrorCode::kInvalidArgument) return refuse(400, error.message());
    if (error.code() == ErrorCode::kLimitExceeded) return refuse(413, error.message());
    ++stats_.failed;
    return net::Response::text(error.code() == ErrorCode::kUnavailable ? 503 : 500, error.message() + "\n");
  }
  ++stats_.taken;
  stats_.samples += outcome->stored;
  stats_.refused += outcome->refused;
  if (outcome->refused > 0) {
    return net::Response::text(400, std::to_string(outcome->refused) + " of " +
                                        std::to_string(outcome->stored + outcome->refused) +
                                        " samples refused: " + outcome->details + "\n");
  }
  net::Response response;
  response.status = 204;
  return response;
}

}  // namespace vigil::api
