#include "vigil/exposition/histogram_wire.h"

#include <cmath>
#include <limits>
#include <string>

#include "vigil/exposition/protobuf_wire.h"

namespace vigil::exposition::internal {
namespace {

Result<void> check_buckets(const std::vector<NativeHistogram::Span>& spans, const std::vector<double>& buckets) {
  std::uint64_t length = 0;
  std::int64_t index = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (i > 0 && spans[i].offset < 0) return bad_histogram("a span begins before the previous one ends");
    length += spans[i].length;
    index += spans[i].offset;
    index += spans[i].length;
  }
  if (length != buckets.size()) {
    return bad_histogram("its spans cover " + std::to_string(length) + " buckets, but it has " +
                         std::to_string(buckets.size()));
  }
  if (index > std::numeric_limits<std::int32_t>::max()) return bad_histogram("its bucket indexes are out of range");
  for (const double count : buckets) {
    if (!(count >= 0)) return bad_histogram("a bucket has a negative count");
  }
  return {};
}

}  // namespace

std::unexpected<Error> bad_histogram(std::string_view what) {
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

Result<void> check_histogram(const NativeHistogram& histogram) {
  const bool custom = histogram.schema == NativeHistogram::kCustomBucketsSchema;
  if (!custom && (histogram.schema < kMinSchema || histogram.schema > kMaxSchema)) {
    return bad_histogram("schema " + std::to_string(histogram.schema) + " is not known");
  }
  VIGIL_TRY_VOID(check_buckets(histogram.positive_spans, histogram.positive_buckets));
  VIGIL_TRY_VOID(check_buckets(histogram.negative_spans, histogram.negative_buckets));
  if (!custom) {
    if (!histogram.custom_values.empty()) return bad_histogram("custom bounds with an exponential schema");
    return {};
  }
  if (!histogram.negative_spans.empty() || histogram.zero_count != 0 || histogram.zero_threshold != 0) {
    return bad_histogram("custom buckets have neither negative buckets nor a zero bucket");
  }
  for (std::size_t i = 0; i < histogram.custom_values.size(); ++i) {
    if (!std::isfinite(histogram.custom_values[i]) ||
        (i > 0 && histogram.custom_values[i] <= histogram.custom_values[i - 1])) {
      return bad_histogram("custom bounds must be finite and ascending");
    }
  }
  std::int64_t last = 0;
  for (const auto& span : histogram.positive_spans) {
    if (span.offset < 0) return bad_histogram("a custom bucket has a negative index");
    last += std::int64_t{span.offset} + span.length;
  }
  if (last > static_cast<std::int64_t>(histogram.custom_values.size()) + 1)
    return bad_histogram("more custom buckets than bounds");
  return {};
}

}  // namespace vigil::exposition::internal
