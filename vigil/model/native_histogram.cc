#include "vigil/model/native_histogram.h"

#include <algorithm>

#include "vigil/base/strings.h"
#include "vigil/model/sample.h"

namespace vigil {
namespace {

// Zeros printed for one gap between spans. Real gaps are far shorter, but spans come from outside.
constexpr std::int32_t kMaxGap = 10'000;

void append_buckets(std::string& out, const char* key, const char* offset_key,
                    const std::vector<NativeHistogram::Span>& spans, const std::vector<double>& buckets) {
  if (buckets.empty() || spans.empty()) return;
  if (spans.front().offset != 0) {
    out += ' ';
    out += offset_key;
    out += ':' + std::to_string(spans.front().offset);
  }
  out += ' ';
  out += key;
  out += ":[";
  const std::size_t start = out.size();
  std::size_t next = 0;
  const auto append = [&](double value) {
    if (out.size() > start) out += ' ';
    append_float(out, value);
  };
  for (std::size_t i = 0; i < spans.size() && next < buckets.size(); ++i) {
    // The notation has one span only: gaps between spans are zero buckets.
    const std::int32_t gap = i == 0 ? 0 : std::min(spans[i].offset, kMaxGap);
    for (std::int32_t n = 0; n < gap; ++n) append(0);
    for (std::uint32_t n = 0; n < spans[i].length && next < buckets.size(); ++n) append(buckets[next++]);
  }
  out += ']';
}

void append_number(std::string& out, const char* key, double value) {
  if (value == 0) return;
  out += ' ';
  out += key;
  out += ':';
  append_float(out, value);
}

}  // namespace

std::string to_string(const NativeHistogram& histogram) {
  std::string out;
  if (histogram.schema != 0) out += " schema:" + std::to_string(histogram.schema);
  append_number(out, "count", histogram.count);
  append_number(out, "sum", histogram.sum);
  append_number(out, "z_bucket", histogram.zero_count);
  append_number(out, "z_bucket_w", histogram.zero_threshold);
  if (!histogram.custom_values.empty()) {
    out += " custom_values:[";
    for (std::size_t i = 0; i < histogram.custom_values.size(); ++i) {
      if (i > 0) out += ' ';
      append_float(out, histogram.custom_values[i]);
    }
    out += ']';
  }
  switch (histogram.reset_hint) {
    case NativeHistogram::ResetHint::kUnknown: break;
    case NativeHistogram::ResetHint::kReset: out += " counter_reset_hint:reset"; break;
    case NativeHistogram::ResetHint::kNotReset: out += " counter_reset_hint:not_reset"; break;
    case NativeHistogram::ResetHint::kGauge: out += " counter_reset_hint:gauge"; break;
  }
  append_buckets(out, "buckets", "offset", histogram.positive_spans, histogram.positive_buckets);
  append_buckets(out, "n_buckets", "n_offset", histogram.negative_spans, histogram.negative_buckets);
  if (!out.empty()) out.erase(0, 1);
  return "{{" + out + "}}";
}

std::string_view to_string(MetricType type) {
  switch (type) {
    case MetricType::kUnknown: return "unknown";
    case MetricType::kCounter: return "counter";
    case MetricType::kGauge: return "gauge";
    case MetricType::kHistogram: return "histogram";
    case MetricType::kGaugeHistogram: return "gaugehistogram";
    case MetricType::kSummary: return "summary";
    case MetricType::kInfo: return "info";
    case MetricType::kStateSet: return "stateset";
  }
  return "unknown";
}

}  // namespace vigil
