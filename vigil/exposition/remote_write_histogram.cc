// prometheus.Histogram: integer histograms carry their buckets as deltas, float
// ones as absolute counts; both become absolute floats here.
#include <cmath>
#include <limits>

#include "vigil/exposition/protobuf_wire.h"
#include "vigil/exposition/remote_write.h"
#include "vigil/exposition/remote_write_histogram.h"

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
constexpr std::uint32_t kSpanOffset = 1;
constexpr std::uint32_t kSpanLength = 2;

constexpr std::int64_t kMinSchema = -4;
constexpr std::int64_t kMaxSchema = 8;

std::unexpected<Error> bad(std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, "histogram: " + std::string(what));
}

bool read_span(std::string_view message, std::vector<NativeHistogram::Span>& spans) {
  WireReader reader(message);
  NativeHistogram::Span& span = spans.emplace_back();
  while (reader.next()) {
    switch (reader.field()) {
      case kSpanOffset: span.offset = static_cast<std::int32_t>(reader.read_sint()); break;
      case kSpanLength: span.length = static_cast<std::uint32_t>(reader.read_varint()); break;
      default: reader.skip();
    }
  }
  return reader.ok();
}

// Turns deltas into counts while they are read; overflow wraps and shows up as a negative count.
struct DeltaSum {
  std::uint64_t count = 0;
  double add(std::int64_t delta) {
    count += static_cast<std::uint64_t>(delta);
    return static_cast<double>(static_cast<std::int64_t>(count));
  }
};

Result<void> check_buckets(const std::vector<NativeHistogram::Span>& spans, const std::vector<double>& buckets) {
  std::uint64_t length = 0;
  std::int64_t index = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (i > 0 && spans[i].offset < 0) return bad("a span begins before the previous one ends");
    length += spans[i].length;
    index += spans[i].offset;
    index += spans[i].length;
  }
  if (length != buckets.size()) {
    return bad("its spans cover " + std::to_string(length) + " buckets, but it has " + std::to_string(buckets.size()));
  }
  if (index > std::numeric_limits<std::int32_t>::max()) return bad("its bucket indexes are out of range");
  for (const double count : buckets) {
    if (!(count >= 0)) return bad("a bucket has a negative count");
  }
  return {};
}

Result<void> check(const NativeHistogram& histogram) {
  const bool custom = histogram.schema == NativeHistogram::kCustomBucketsSchema;
  if (!custom && (histogram.schema < kMinSchema || histogram.schema > kMaxSchema)) {
    return bad("schema " + std::to_string(histogram.schema) + " is not known");
  }
  VIGIL_TRY_VOID(check_buckets(histogram.positive_spans, histogram.positive_buckets));
  VIGIL_TRY_VOID(check_buckets(histogram.negative_spans, histogram.negative_buckets));
  if (!custom) {
    if (!histogram.custom_values.empty()) return bad("custom bounds with an exponential schema");
    return {};
  }
  if (!histogram.negative_spans.empty() || histogram.zero_count != 0 || histogram.zero_threshold != 0) {
    return bad("custom buckets have neither negative buckets nor a zero bucket");
  }
  for (std::size_t i = 0; i < histogram.custom_values.size(); ++i) {
    if (!std::isfinite(histogram.custom_values[i]) ||
        (i > 0 && histogram.custom_values[i] <= histogram.custom_values[i - 1])) {
      return bad("custom bounds must be finite and ascending");
    }
  }
  std::int64_t last = 0;
  for (const auto& span : histogram.positive_spans) {
    if (span.offset < 0) return bad("a custom bucket has a negative index");
    last += std::int64_t{span.offset} + span.length;
  }
  if (last > static_cast<std::int64_t>(histogram.custom_values.size()) + 1)
    return bad("more custom buckets than bounds");
  return {};
}

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
        if (!read_span(reader.read_bytes(), histogram.negative_spans)) return bad("malformed span");
        break;
      case kPositiveSpans:
        if (!read_span(reader.read_bytes(), histogram.positive_spans)) return bad("malformed span");
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
        if (hint > 3) return bad("unknown reset hint");
        histogram.reset_hint = static_cast<NativeHistogram::ResetHint>(hint);
        break;
      }
      case kTimestamp: sample.timestamp = static_cast<Timestamp>(reader.read_varint()); break;
      default: reader.skip();
    }
  }
  if (!reader.ok()) return bad("malformed protobuf");
  if (schema < NativeHistogram::kCustomBucketsSchema || schema > kMaxSchema) {
    return bad("schema " + std::to_string(schema) + " is not known");
  }
  histogram.schema = static_cast<std::int32_t>(schema);
  if (!is_stale_nan(histogram.sum)) VIGIL_TRY_VOID(check(histogram));
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
