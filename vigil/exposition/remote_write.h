// Remote write 1.0: a snappy block that holds a protobuf prometheus.WriteRequest
// (prometheus.io/docs/specs/prw/remote_write_spec).
//
//   VIGIL_TRY(const std::string request, snappy_decompress(body, 64 << 20));
//   WriteRequestReader reader(request);
//   for (auto event = reader.next(); event != Event::kEnd; event = reader.next()) {
//     if (event == Event::kError) return std::unexpected(reader.error());
//     if (event == Event::kSeries) append(series_of(reader.raw_labels()), reader.samples());
//   }
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/model/labels.h"
#include "vigil/model/native_histogram.h"
#include "vigil/model/sample.h"

namespace vigil::exposition {

// The size comes from the block's header and is checked before memory is taken:
// kLimitExceeded above `max_bytes`, kInvalidArgument if the block is broken.
Result<std::string> snappy_decompress(std::string_view block, std::uint64_t max_bytes);
std::string snappy_compress(std::string_view bytes);

struct HistogramSample {
  Timestamp timestamp = 0;
  HistogramPtr histogram;
};

// Walks a decompressed WriteRequest, series by series.
//
// Ownership: views point into the request or into the reader and are valid until the next next().
// Errors:    malformed protobuf and impossible histograms; what came before was good.
class WriteRequestReader {
 public:
  enum class Event : std::uint8_t { kEnd, kError, kSeries, kMetadata };

  explicit WriteRequestReader(std::string_view request);

  // After kEnd or kError it keeps returning the same.
  Event next();

  // After kSeries. The label fields as they came, for hashing: equal bytes are equal
  // labels. A sender that changes their order only costs another entry in the cache.
  std::string_view raw_labels() const { return raw_labels_; }
  std::span<const Sample> samples() const { return samples_; }
  std::span<const Exemplar> exemplars() const { return exemplars_; }
  std::span<const HistogramSample> histograms() const { return histograms_; }

  // After kMetadata.
  std::string_view metric_name() const { return metric_name_; }
  const MetricMetadata& metadata() const { return metadata_; }

  // After kError; names the place as a byte offset.
  const Error& error() const { return error_; }

 private:
  Event read_series(std::string_view message);
  Event read_metadata(std::string_view message);
  bool read_exemplar(std::string_view message);
  Event malformed(const char* at, std::string_view what);

  std::string_view request_;
  std::size_t at_ = 0;
  Event last_ = Event::kSeries;
  std::string_view raw_labels_;
  std::string gathered_labels_;  // only when a series' label fields do not stand together
  std::vector<Sample> samples_;
  std::vector<Exemplar> exemplars_;
  std::vector<HistogramSample> histograms_;
  std::string_view metric_name_;
  MetricMetadata metadata_;
  Error error_{ErrorCode::kInvalidArgument, ""};
};

// The labels in raw_labels(). Refuses malformed bytes, an empty name, a name given
// twice and invalid UTF-8; whether there must be a metric name is the caller's matter.
Result<Labels> decode_labels(std::string_view raw_labels);

// One prometheus.Histogram message, integer or float.
Result<HistogramSample> decode_histogram(std::string_view message);

// Builds a WriteRequest: for senders and tests. Histograms are written as floats.
class WriteRequestWriter {
 public:
  void begin_series(const Labels& labels);
  void add(const Sample& sample);
  void add(const Exemplar& exemplar);
  void add(Timestamp timestamp, const NativeHistogram& histogram);
  void end_series();
  void add_metadata(std::string_view metric_name, const MetricMetadata& metadata);

  const std::string& bytes() const { return request_; }  // of all ended series

 private:
  std::string request_;
  std::string series_;
  std::string message_;
  std::string part_;
};

}  // namespace vigil::exposition
