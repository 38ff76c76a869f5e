// prometheus.Histogram: integer histograms carry their buckets as deltas, float
// ones as absolute counts; both become absolute floats here.
#include "vigil/exposition/remote_write_histogram.h"
#include "vigil/exposition/histogram_wire.h"
#include "vigil/exposition/protobuf_wire.h"
#include "vigil/exposition/remote_write.h"

namespace vigil::exposition {
namespace {

using internal::WireReader;
using internal::WireType;
using internal::WireWriter;

constexpr std::uint32_t kCountInt = 1;
constexpr std::uint32_t kCountFloat = 2;
constexpr std::uint32_t kSum = 3;
constexpr std::uint32_t kSchema = 4;
constexpr std::uint32_t kZeroThreshold = 5;
constexpr std::uint32_t kZeroCountInt = 6;
constexpr std::uint32_t kZeroCountFloat = 7;
constexpr std::uint32_t kNegativeSpans = 8;
constexpr std::uint32_t kNegativeDeltas = 9;
constexpr std::uint32_t kNegativeCounts = 10;
constexpr std::uint32_t kPositiveSpans = 11;
constexpr std::uint32_t kPositiveDeltas = 12;
constexpr std::uint32_t kPositiveCounts = 13;
constexpr std::uint32_t kResetHint = 14;
constexpr std::uint32_t kTimestamp = 15;
constexpr std::uint32_t kCustomValues = 16;
using internal::kSpanLength;
using internal::kSpanOffset;

using internal::bad_histogram;
using internal::DeltaSum;
using internal::read_span;

}  // namespace

Result<HistogramSample> decode_histogram(std::string_view message) {
  HistogramSample sample;
  auto decoded = std::make_shared<NativeHistogram>();
  NativeHistogram& histogram = *decoded;
  DeltaSum negative;
  DeltaSum positive;
  std::int64_t schema = 0;
  WireReader reader(message);
  const auto deltas = [](std::vector<double>& buckets, DeltaSum& sum) {
    return [&buckets, &sum](WireReader& from) { buckets.push_back(sum.add(WireReader::unzigzag(from.varint()))); };
  };
  const auto doubles = [](std::vector<double>& values) {
    return [&values](WireReader& from) { values.push_back(from.fixed64()); };
  };
  while (reader.next()) {
    switch (reader.field()) {
      case kCountInt: histogram.count = static_cast<double>(reader.read_varint()); break;
      case kCountFloat: histogram.count = reader.read_double(); break;
      case kSum: histogram.sum = reader.read_double(); break;
      case kSchema: schema = reader.read_sint(); break;
      case kZeroThreshold: histogram.zero_threshold = reader.read_double(); break;
      case kZeroCountInt: histogram.zero_count = static_cast<double>(reader.read_varint()); break;
      case kZeroCountFloat: histogram.zero_count = reader.read_double(); break;
      case kNegativeSpans:
        if (!read_span(reader.read_bytes(), histogram.negative_spans)) return bad_histogram("malformed span");
        break;
      case kPositiveSpans:
        if (!read_span(reader.read_bytes(), histogram.positive_spans)) return bad_histogram("malformed span");
        break;
      case kNegativeDeltas:
        reader.read_repeated(WireType::kVarint, deltas(histogram.negative_buckets, negative));
        break;
      case kPositiveDeltas:
        reader.read_repeated(WireType::kVarint, deltas(histogram.positive_buckets, positive));
        break;
      case kNegativeCounts: reader.read_repeated(WireType::kFixed64, doubles(histogram.negative_buckets)); break;
      case kPositiveCounts: reader.read_repeated(WireType::kFixed64, doubles(histogram.positive_buckets)); break;
      case kCustomValues: reader.read_repeated(WireType::kFixed64, doubles(histogram.custom_values)); break;
      case kResetHint: {
        const std::uint64_t hint = reader.read_varint();
        if (hint > 3) return bad_histogram("unknown reset hint");
        histogram.reset_hint = static_cast<NativeHistogram::ResetHint>(hint);
        break;
      }
      case kTimestamp: sample.timestamp = static_cast<Timestamp>(reader.read_varint()); break;
      default: reader.skip();
    }
  }
  if (!reader.ok()) return bad_histogram("malformed protobuf");
  if (schema < NativeHistogram::kCustomBucketsSchema || schema > internal::kMaxSchema) {
    return bad_histogram("schema " + std::to_string(schema) + " is not known");
  }
  histogram.schema = static_cast<std::int32_t>(schema);
  if (!is_stale_nan(histogram.sum)) VIGIL_TRY_VOID(internal::check_histogram(histogram));
  sample.histogram = std::move(decoded);
  return sample;
}

namespace internal {

void encode_histogram(Timestamp timestamp, const NativeHistogram& histogram, std::string& out) {
  WireWriter writer(out);
  // A oneof is written even when it is zero: its presence says that the counts are floats.
  writer.tag(kCountFloat, WireType::kFixed64);
  writer.fixed(histogram.count);
  writer.real(kSum, histogram.sum);
  writer.sint(kSchema, histogram.schema);
  writer.real(kZeroThreshold, histogram.zero_threshold);
  writer.tag(kZeroCountFloat, WireType::kFixed64);
  writer.fixed(histogram.zero_count);
  const auto spans = [&](std::uint32_t field, const std::vector<NativeHistogram::Span>& all) {
    std::string message;
    for (const auto& span : all) {
      message.clear();
      WireWriter(message).sint(kSpanOffset, span.offset);
      WireWriter(message).number(kSpanLength, span.length);
      writer.bytes(field, message);
    }
  };
  const auto doubles = [&](std::uint32_t field, const std::vector<double>& values) {
    if (values.empty()) return;
    writer.tag(field, WireType::kBytes);
    writer.varint(values.size() * 8);
    for (const double value : values) writer.fixed(value);
  };
  spans(kNegativeSpans, histogram.negative_spans);
  doubles(kNegativeCounts, histogram.negative_buckets);
  spans(kPositiveSpans, histogram.positive_spans);
  doubles(kPositiveCounts, histogram.positive_buckets);
  writer.number(kResetHint, static_cast<std::uint64_t>(histogram.reset_hint));
  writer.number(kTimestamp, static_cast<std::uint64_t>(timestamp));
  doubles(kCustomValues, histogram.custom_values);
}

}  // namespace internal

}  // namespace vigil::exposition
