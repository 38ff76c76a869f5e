#include "vigil/api/query_json.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include "vigil/model/native_histogram.h"

namespace vigil::api {
namespace {

// The bounds of an exponential bucket: (base^(i-1), base^i] with base = 2^(2^-schema).
double bucket_bound(std::int32_t index, std::int32_t schema) {
  return std::exp2(std::ldexp(static_cast<double>(index), -schema));
}

enum BoundaryRule { kLeftOpen = 0, kRightOpen = 1, kBothOpen = 2, kBothClosed = 3 };

void write_bucket(JsonWriter& json, BoundaryRule rule, double low, double high, double count) {
  if (count == 0) return;
  json.begin_array();
  json.value(static_cast<int>(rule));
  json.sample(low);
  json.sample(high);
  json.sample(count);
  json.end_array();
}

struct IndexedCount {
  std::int32_t index;
  double count;
};

std::vector<IndexedCount> expand(const std::vector<NativeHistogram::Span>& spans, const std::vector<double>& counts) {
  std::vector<IndexedCount> out;
  std::int32_t index = 0;
  std::size_t next = 0;
  for (const NativeHistogram::Span& span : spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length && next < counts.size(); ++i) out.push_back({index++, counts[next++]});
  }
  return out;
}

void write_custom_buckets(JsonWriter& json, const NativeHistogram& h) {
  for (const auto& [index, count] : expand(h.positive_spans, h.positive_buckets)) {
    const auto at = static_cast<std::size_t>(index);
    const double low = index == 0 ? -HUGE_VAL : at - 1 < h.custom_values.size() ? h.custom_values[at - 1] : HUGE_VAL;
    const double high = at < h.custom_values.size() ? h.custom_values[at] : HUGE_VAL;
    write_bucket(json, index == 0 ? kBothClosed : kLeftOpen, low, high, count);
  }
}

void write_exponential_buckets(JsonWriter& json, const NativeHistogram& h) {
  auto negative = expand(h.negative_spans, h.negative_buckets);
  std::reverse(negative.begin(), negative.end());
  for (const auto& [index, count] : negative) {
    write_bucket(json, kRightOpen, -bucket_bound(index, h.schema), -bucket_bound(index - 1, h.schema), count);
  }
  write_bucket(json, kBothClosed, -h.zero_threshold, h.zero_threshold, h.zero_count);
  for (const auto& [index, count] : expand(h.positive_spans, h.positive_buckets)) {
    write_bucket(json, kLeftOpen, bucket_bound(index - 1, h.schema), bucket_bound(index, h.schema), count);
  }
}

bool has_buckets(const NativeHistogram& h) {
  const auto filled = [](double count) { return count != 0; };
  return h.zero_count != 0 || std::any_of(h.positive_buckets.begin(), h.positive_buckets.end(), filled) ||
         std::any_of(h.negative_buckets.begin(), h.negative_buckets.end(), filled);
}

void write_histogram(JsonWriter& json, const NativeHistogram& h) {
  json.begin_object();
  json.key("count");
  json.sample(h.count);
  json.key("sum");
  json.sample(h.sum);
  if (has_buckets(h)) {
    json.key("buckets");
    json.begin_array();
    if (h.schema == NativeHistogram::kCustomBucketsSchema) {
      write_custom_buckets(json, h);
    } else {
      write_exponential_buckets(json, h);
    }
    json.end_array();
  }
  json.end_object();
}

// [time,"value"] or [time,{histogram}]
void write_point(JsonWriter& json, const promql::Point& point) {
  json.begin_array();
  json.timestamp(point.timestamp);
  if (point.histogram) {
    write_histogram(json, *point.histogram);
  } else {
    json.sample(point.value);
  }
  json.end_array();
}

void write_vector(JsonWriter& json, const promql::Vector& vector) {
  json.begin_array();
  for (const promql::InstantSample& sample : vector) {
    if (!json.wanted()) break;
    json.begin_object();
    json.member("metric", sample.labels);
    json.key(sample.point.histogram ? "histogram" : "value");
    write_point(json, sample.point);
    json.end_object();
  }
  json.end_array();
}

void write_matrix(JsonWriter& json, const promql::Matrix& matrix) {
  json.begin_array();
  for (const promql::SeriesResult& series : matrix) {
    if (!json.wanted()) break;
    json.begin_object();
    json.member("metric", series.labels);
    for (const bool histograms : {false, true}) {
      bool any = false;
      for (const promql::Point& point : series.points) {
        if ((point.histogram != nullptr) != histograms) continue;
        if (!any) {
          json.key(histograms ? "histograms" : "values");
          json.begin_array();
          any = true;
        }
        write_point(json, point);
      }
      if (any) json.end_array();
    }
    json.end_object();
  }
  json.end_array();
}

void write_stats(JsonWriter& json, const promql::QueryStats& stats) {
  json.begin_object();
  json.key("timings");
  json.begin_object();
  json.member("evalTotalTime", stats.seconds);
  json.member("resultSortTime", 0);
  json.member("queryPreparationTime", 0);
  json.member("innerEvalTime", stats.seconds);
  json.member("execQueueTime", stats.queue_seconds);
  json.member("execTotalTime", stats.seconds + stats.queue_seconds);
  json.end_object();
  json.key("samples");
  json.begin_object();
  json.member("totalQueryableSamples", stats.samples_read);
  json.member("peakSamples", stats.peak_samples);
  json.end_object();
  json.member("peakBytes", stats.peak_bytes);
  json.end_object();
}

}  // namespace

void write_query_data(JsonWriter& json, const promql::QueryResult& result, bool with_stats) {
  json.begin_object();
  json.key("resultType");
  if (const auto* scalar = std::get_if<promql::Scalar>(&result.value)) {
    json.value("scalar");
    json.key("result");
    write_point(json, {.timestamp = scalar->timestamp, .value = scalar->value, .histogram = nullptr});
  } else if (const auto* text = std::get_if<promql::StringValue>(&result.value)) {
    json.value("string");
    json.key("result");
    json.begin_array();
    json.timestamp(text->timestamp);
    json.value(text->value);
    json.end_array();
  } else if (const auto* vector = std::get_if<promql::Vector>(&result.value)) {
    json.value("vector");
    json.key("result");
    write_vector(json, *vector);
  } else {
    json.value("matrix");
    json.key("result");
    write_matrix(json, std::get<promql::Matrix>(result.value));
  }
  if (with_stats) {
    json.key("stats");
    write_stats(json, result.stats);
  }
  json.end_object();
}

}  // namespace vigil::api
