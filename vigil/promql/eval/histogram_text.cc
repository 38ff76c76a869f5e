#include "vigil/promql/eval/histogram_text.h"

#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "vigil/promql/eval/numbers.h"

namespace vigil::promql {
namespace {

struct IndexedBucket {
  std::int32_t index;
  double count;
};

std::vector<IndexedBucket> indexed(std::span<const NativeHistogram::Span> spans, std::span<const double> counts) {
  std::vector<IndexedBucket> buckets;
  std::int32_t index = 0;
  std::size_t next = 0;
  for (const NativeHistogram::Span& span : spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length && next < counts.size(); ++i)
      buckets.push_back({index++, counts[next++]});
  }
  return buckets;
}

// The upper bound of bucket `index`: 2^(index · 2^-schema), or a custom one.
double upper_bound(const NativeHistogram& histogram, std::int32_t index) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (histogram.schema == NativeHistogram::kCustomBucketsSchema) {
    if (index < 0) return -kInfinity;
    const auto at = static_cast<std::size_t>(index);
    return at < histogram.custom_values.size() ? histogram.custom_values[at] : kInfinity;
  }
  return std::exp2(std::ldexp(static_cast<double>(index), -histogram.schema));
}

void append_bucket(std::string& text, char open, double low, double high, char close, double count) {
  if (count == 0) return;
  text += ", ";
  text += open;
  text += format_g(low) + "," + format_g(high);
  text += close;
  text += ":" + format_g(count);
}

}  // namespace

std::string histogram_text(const NativeHistogram& histogram) {
  std::string text = "{count:" + format_g(histogram.count) + ", sum:" + format_g(histogram.sum);
  const auto negative = indexed(histogram.negative_spans, histogram.negative_buckets);
  for (auto bucket = negative.rbegin(); bucket != negative.rend(); ++bucket) {
    append_bucket(text, '[', -upper_bound(histogram, bucket->index), -upper_bound(histogram, bucket->index - 1), ')',
                  bucket->count);
  }
  append_bucket(text, '[', -histogram.zero_threshold, histogram.zero_threshold, ']', histogram.zero_count);
  for (const IndexedBucket& bucket : indexed(histogram.positive_spans, histogram.positive_buckets)) {
    const double low = upper_bound(histogram, bucket.index - 1);
    append_bucket(text, std::isinf(low) ? '[' : '(', low, upper_bound(histogram, bucket.index), ']', bucket.count);
  }
  return text + "}";
}

}  // namespace vigil::promql
