#include "vigil/exposition/remote_write.h"

#include <snappy.h>

#include <algorithm>

#include "vigil/base/strings.h"
#include "vigil/exposition/protobuf_wire.h"
#include "vigil/exposition/remote_write_histogram.h"

namespace vigil::exposition {
namespace {

using internal::WireReader;
using internal::WireType;
using internal::WireWriter;

// Field numbers of prometheus.WriteRequest and what it holds (prompb/types.proto, remote.proto).
constexpr std::uint32_t kRequestTimeseries = 1;
constexpr std::uint32_t kRequestMetadata = 3;
constexpr std::uint32_t kSeriesLabels = 1;  // the same in Exemplar
constexpr std::uint32_t kSeriesSamples = 2;
constexpr std::uint32_t kSeriesExemplars = 3;
constexpr std::uint32_t kSeriesHistograms = 4;
constexpr std::uint32_t kLabelName = 1;
constexpr std::uint32_t kLabelValue = 2;
constexpr std::uint32_t kSampleValue = 1;
constexpr std::uint32_t kSampleTimestamp = 2;
constexpr std::uint32_t kExemplarValue = 2;
constexpr std::uint32_t kExemplarTimestamp = 3;
constexpr std::uint32_t kMetadataType = 1;
constexpr std::uint32_t kMetadataName = 2;
constexpr std::uint32_t kMetadataHelp = 4;
constexpr std::uint32_t kMetadataUnit = 5;

constexpr MetricType kMetadataTypes[] = {MetricType::kUnknown,   MetricType::kCounter,        MetricType::kGauge,
                                         MetricType::kHistogram, MetricType::kGaugeHistogram, MetricType::kSummary,
                                         MetricType::kInfo,      MetricType::kStateSet};

bool read_sample(std::string_view message, Sample& sample) {
  WireReader reader(message);
  sample = {};
  while (reader.next()) {
    switch (reader.field()) {
      case kSampleValue: sample.value = reader.read_double(); break;
      case kSampleTimestamp: sample.timestamp = static_cast<Timestamp>(reader.read_varint()); break;
      default: reader.skip();
    }
  }
  return reader.ok();
}

}  // namespace

Result<std::string> snappy_decompress(std::string_view block, std::uint64_t max_bytes) {
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(block.data(), block.size(), &size)) {
    return fail(ErrorCode::kInvalidArgument, "the body is no snappy block: its length header is broken");
  }
  if (size > max_bytes) {
    return fail(ErrorCode::kLimitExceeded, "the body is " + human_bytes(static_cast<double>(size)) +
                                               " when decompressed, the limit is " +
                                               human_bytes(static_cast<double>(max_bytes)));
  }
  // The densest block copies 64 bytes with a 3-byte element; a header that promises
  // more than that lies, and must not cost memory.
  if (size / 32 > block.size())
    return fail(ErrorCode::kInvalidArgument, "the snappy block is too short for its length");
  std::string bytes;
  bool ok = false;
  bytes.resize_and_overwrite(size, [&](char* out, std::size_t count) {
    ok = snappy::RawUncompress(block.data(), block.size(), out);
    return ok ? count : 0;
  });
  if (!ok) return fail(ErrorCode::kInvalidArgument, "the snappy block is corrupt");
  return bytes;
}

std::string snappy_compress(std::string_view bytes) {
  std::string block;
  snappy::Compress(bytes.data(), bytes.size(), &block);
  return block;
}

WriteRequestReader::WriteRequestReader(std::string_view request) : request_(request) {}

WriteRequestReader::Event WriteRequestReader::malformed(const char* at, std::string_view what) {
  const auto offset = std::clamp<std::ptrdiff_t>(at - request_.data(), 0, static_cast<std::ptrdiff_t>(request_.size()));
  error_ =
      Error(ErrorCode::kInvalidArgument, "write request, byte " + std::to_string(offset) + ": " + std::string(what));
  return last_ = Event::kError;
}

WriteRequestReader::Event WriteRequestReader::next() {
  if (last_ == Event::kEnd || last_ == Event::kError) return last_;
  WireReader reader(request_.substr(at_));
  while (reader.next()) {
    if (reader.field() == kRequestTimeseries || reader.field() == kRequestMetadata) {
      const std::string_view message = reader.read_bytes();
      if (!reader.ok()) break;
      at_ = static_cast<std::size_t>(reader.position() - request_.data());
      return last_ = reader.field() == kRequestTimeseries ? read_series(message) : read_metadata(message);
    }
    reader.skip();
  }
  if (!reader.ok())
    return malformed(reader.start() == nullptr ? request_.data() : reader.start(), "malformed protobuf");
  return last_ = Event::kEnd;
}

WriteRequestReader::Event WriteRequestReader::read_series(std::string_view message) {
  samples_.clear();
  exemplars_.clear();
  histograms_.clear();
  const char* labels_begin = message.data();
  const char* labels_end = labels_begin;
  bool gathered = false;
  WireReader reader(message);
  while (reader.next()) {
    switch (reader.field()) {
      case kSeriesLabels: {
        const char* const start = reader.start();
        reader.read_bytes();
        if (!reader.ok()) break;
        if (labels_end == labels_begin) {
          labels_begin = start;
        } else if (start != labels_end || gathered) {
          if (!gathered) gathered_labels_.assign(labels_begin, labels_end);
          gathered = true;
          gathered_labels_.append(start, reader.position());
        }
        labels_end = reader.position();
        break;
      }
      case kSeriesSamples:
        if (!read_sample(reader.read_bytes(), samples_.emplace_back()))
          return malformed(reader.start(), "malformed sample");
        break;
      case kSeriesExemplars:
        if (!read_exemplar(reader.read_bytes())) return malformed(reader.start(), "malformed exemplar");
        break;
      case kSeriesHistograms: {
        auto histogram = decode_histogram(reader.read_bytes());
        if (!histogram) return malformed(reader.start(), histogram.error().message());
        histograms_.push_back(std::move(*histogram));
        break;
      }
      default: reader.skip();
    }
  }
  if (!reader.ok())
    return malformed(reader.start() == nullptr ? message.data() : reader.start(), "malformed time series");
  raw_labels_ = gathered ? std::string_view(gathered_labels_) : std::string_view(labels_begin, labels_end);
  return Event::kSeries;
}

bool WriteRequestReader::read_exemplar(std::string_view message) {
  std::string labels;
  Exemplar exemplar;
  WireReader reader(message);
  while (reader.next()) {
    switch (reader.field()) {
      case kSeriesLabels: {
        const char* const start = reader.start();
        reader.read_bytes();
        if (reader.ok()) labels.append(start, reader.position());
        break;
      }
      case kExemplarValue: exemplar.value = reader.read_double(); break;
      case kExemplarTimestamp:
        exemplar.timestamp = static_cast<Timestamp>(reader.read_varint());
        exemplar.has_timestamp = true;
        break;
      default: reader.skip();
    }
  }
  if (!reader.ok()) return false;
  auto decoded = decode_labels(labels);
  if (!decoded) return false;
  exemplar.labels = std::move(*decoded);
  exemplars_.push_back(std::move(exemplar));
  return true;
}

WriteRequestReader::Event WriteRequestReader::read_metadata(std::string_view message) {
  metric_name_ = {};
  metadata_ = {};
  WireReader reader(message);
  while (reader.next()) {
    switch (reader.field()) {
      case kMetadataType: {
        const std::uint64_t type = reader.read_varint();
        metadata_.type = type < std::size(kMetadataTypes) ? kMetadataTypes[type] : MetricType::kUnknown;
        break;
      }
      case kMetadataName: metric_name_ = reader.read_bytes(); break;
      case kMetadataHelp: metadata_.help = reader.read_bytes(); break;
      case kMetadataUnit: metadata_.unit = reader.read_bytes(); break;
      default: reader.skip();
    }
  }
  if (!reader.ok()) return malformed(reader.start() == nullptr ? message.data() : reader.start(), "malformed metadata");
  return Event::kMetadata;
}

Result<Labels> decode_labels(std::string_view raw_labels) {
  std::vector<LabelView> labels;
  WireReader reader(raw_labels);
  while (reader.next()) {
    if (reader.field() != kSeriesLabels) {
      reader.skip();
      continue;
    }
    WireReader label(reader.read_bytes());
    LabelView& pair = labels.emplace_back();
    while (label.next()) {
      switch (label.field()) {
        case kLabelName: pair.name = label.read_bytes(); break;
        case kLabelValue: pair.value = label.read_bytes(); break;
        default: label.skip();
      }
    }
    if (!label.ok()) return fail(ErrorCode::kInvalidArgument, "malformed label");
    if (pair.name.empty()) return fail(ErrorCode::kInvalidArgument, "a label without a name");
    if (!is_valid_utf8(pair.name) || !is_valid_utf8(pair.value)) {
      return fail(ErrorCode::kInvalidArgument, "label " + go_quote(pair.name) + " is not valid UTF-8");
    }
  }
  if (!reader.ok()) return fail(ErrorCode::kInvalidArgument, "malformed labels");
  std::sort(labels.begin(), labels.end());
  const auto twice = std::adjacent_find(labels.begin(), labels.end(),
                                        [](const LabelView& a, const LabelView& b) { return a.name == b.name; });
  if (twice != labels.end()) {
    return fail(ErrorCode::kInvalidArgument, "label " + go_quote(twice->name) + " is given twice");
  }
  std::erase_if(labels, [](const LabelView& label) { return label.value.empty(); });
  return Labels::from_sorted(labels);
}

void WriteRequestWriter::begin_series(const Labels& labels) {
  series_.clear();
  for (const LabelView label : labels) {
    message_.clear();
    WireWriter(message_).bytes(kLabelName, label.name);
    WireWriter(message_).bytes(kLabelValue, label.value);
    WireWriter(series_).bytes(kSeriesLabels, message_);
  }
}

void WriteRequestWriter::add(const Sample& sample) {
  message_.clear();
  WireWriter(message_).real(kSampleValue, sample.value);
  WireWriter(message_).number(kSampleTimestamp, static_cast<std::uint64_t>(sample.timestamp));
  WireWriter(series_).bytes(kSeriesSamples, message_);
}

void WriteRequestWriter::add(const Exemplar& exemplar) {
  message_.clear();
  for (const LabelView label : exemplar.labels) {
    part_.clear();
    WireWriter(part_).bytes(kLabelName, label.name);
    WireWriter(part_).bytes(kLabelValue, label.value);
    WireWriter(message_).bytes(kSeriesLabels, part_);
  }
  WireWriter(message_).real(kExemplarValue, exemplar.value);
  WireWriter(message_).number(kExemplarTimestamp, static_cast<std::uint64_t>(exemplar.timestamp));
  WireWriter(series_).bytes(kSeriesExemplars, message_);
}

void WriteRequestWriter::end_series() { WireWriter(request_).bytes(kRequestTimeseries, series_); }

void WriteRequestWriter::add(Timestamp timestamp, const NativeHistogram& histogram) {
  message_.clear();
  internal::encode_histogram(timestamp, histogram, message_);
  WireWriter(series_).bytes(kSeriesHistograms, message_);
}

void WriteRequestWriter::add_metadata(std::string_view metric_name, const MetricMetadata& metadata) {
  message_.clear();
  WireWriter writer(message_);
  const auto* const type = std::find(std::begin(kMetadataTypes), std::end(kMetadataTypes), metadata.type);
  writer.number(kMetadataType, static_cast<std::uint64_t>(type - std::begin(kMetadataTypes)));
  writer.bytes(kMetadataName, metric_name);
  if (!metadata.help.empty()) writer.bytes(kMetadataHelp, metadata.help);
  if (!metadata.unit.empty()) writer.bytes(kMetadataUnit, metadata.unit);
  WireWriter(request_).bytes(kRequestMetadata, message_);
}

}  // namespace vigil::exposition
