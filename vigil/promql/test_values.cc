#include "vigil/promql/test_values.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include "vigil/base/strings.h"
#include "vigil/model/sample.h"
#include "vigil/promql/parser.h"

namespace vigil::promql {
namespace {

using Buckets = std::map<std::int32_t, double>;

Buckets to_map(const std::vector<NativeHistogram::Span>& spans, const std::vector<double>& counts) {
  Buckets buckets;
  std::int32_t index = 0;
  std::size_t next = 0;
  for (const auto& span : spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length && next < counts.size(); ++i) buckets[index++] = counts[next++];
  }
  return buckets;
}

void from_map(const Buckets& buckets, std::vector<NativeHistogram::Span>& spans, std::vector<double>& counts) {
  spans.clear();
  counts.clear();
  std::int32_t next = 0;
  for (const auto& [index, count] : buckets) {
    if (spans.empty() || index != next) spans.push_back({spans.empty() ? index : index - next, 0});
    ++spans.back().length;
    counts.push_back(count);
    next = index + 1;
  }
}

// To a coarser schema: 2^difference neighbours become one bucket.
Buckets coarser(const Buckets& buckets, std::int32_t difference) {
  Buckets result;
  for (const auto& [index, count] : buckets) result[((index - 1) >> difference) + 1] += count;
  return result;
}

Result<NativeHistogram> add(const NativeHistogram& a, const NativeHistogram& b, double sign) {
  if (a.schema > b.schema) {
    return fail(ErrorCode::kInvalidArgument, "error combining histograms: cannot merge from schema " +
                                                 std::to_string(b.schema) + " to " + std::to_string(a.schema));
  }
  const bool custom = b.schema == NativeHistogram::kCustomBucketsSchema;
  if ((a.schema == NativeHistogram::kCustomBucketsSchema) != custom) {
    return fail(ErrorCode::kInvalidArgument, "error combining histograms: exponential and custom buckets");
  }
  NativeHistogram sum = a;
  sum.count += sign * b.count;
  sum.sum += sign * b.sum;
  sum.zero_count += sign * b.zero_count;
  const auto combine = [&](std::vector<NativeHistogram::Span>& spans, std::vector<double>& counts,
                           const std::vector<NativeHistogram::Span>& other_spans,
                           const std::vector<double>& other_counts) {
    Buckets buckets = to_map(spans, counts);
    Buckets other = to_map(other_spans, other_counts);
    if (b.schema > a.schema) other = coarser(other, b.schema - a.schema);
    for (const auto& [index, count] : other) buckets[index] += sign * count;
    from_map(buckets, spans, counts);
  };
  combine(sum.positive_spans, sum.positive_buckets, b.positive_spans, b.positive_buckets);
  combine(sum.negative_spans, sum.negative_buckets, b.negative_spans, b.negative_buckets);
  return sum;
}

void skip_space(std::string_view& text) { text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size())); }

// One `key:value` after another inside {{ }}.
class HistogramReader {
 public:
  explicit HistogramReader(std::string_view text) : text_(text) {}

  Result<TestValue> read() {
    NativeHistogram histogram;
    TestValue result;
    std::int32_t offset = 0;
    std::int32_t negative_offset = 0;
    for (skip_space(text_); !text_.empty(); skip_space(text_)) {
      const std::size_t colon = text_.find(':');
      if (colon == std::string_view::npos) return bad("key:value expected");
      const std::string_view key = text_.substr(0, colon);
      text_.remove_prefix(colon + 1);
      if (key == "schema") {
        VIGIL_TRY(histogram.schema, integer());
      } else if (key == "sum") {
        VIGIL_TRY(histogram.sum, number());
      } else if (key == "count") {
        VIGIL_TRY(histogram.count, number());
      } else if (key == "z_bucket") {
        VIGIL_TRY(histogram.zero_count, number());
      } else if (key == "z_bucket_w") {
        VIGIL_TRY(histogram.zero_threshold, number());
      } else if (key == "offset") {
        VIGIL_TRY(offset, integer());
      } else if (key == "n_offset") {
        VIGIL_TRY(negative_offset, integer());
      } else if (key == "buckets") {
        VIGIL_TRY(histogram.positive_buckets, numbers());
      } else if (key == "n_buckets") {
        VIGIL_TRY(histogram.negative_buckets, numbers());
      } else if (key == "custom_values") {
        VIGIL_TRY(histogram.custom_values, numbers());
      } else if (key == "counter_reset_hint") {
        VIGIL_TRY(histogram.reset_hint, hint());
        result.hint_given = true;
      } else {
        return bad("unknown key \"" + std::string(key) + "\"");
      }
    }
    if (!histogram.positive_buckets.empty()) {
      histogram.positive_spans = {{offset, static_cast<std::uint32_t>(histogram.positive_buckets.size())}};
    }
    if (!histogram.negative_buckets.empty()) {
      histogram.negative_spans = {{negative_offset, static_cast<std::uint32_t>(histogram.negative_buckets.size())}};
    }
    result.histogram = std::make_shared<const NativeHistogram>(std::move(histogram));
    return result;
  }

 private:
  static std::unexpected<Error> bad(const std::string& what) {
    return fail(ErrorCode::kInvalidArgument, "histogram: " + what);
  }
  std::string_view word() {
    const std::size_t end = std::min(text_.find_first_of(" \t]"), text_.size());
    const std::string_view result = text_.substr(0, end);
    text_.remove_prefix(end);
    return result;
  }
  Result<double> number() {
    const std::string_view text = word();
    if (const auto value = parse_float(text)) return *value;
    return bad("not a number: \"" + std::string(text) + "\"");
  }
  Result<std::int32_t> integer() {
    const std::string_view text = word();
    std::int32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
      return bad("not an integer: \"" + std::string(text) + "\"");
    }
    return value;
  }
  Result<std::vector<double>> numbers() {
    if (!text_.starts_with('[')) return bad("list expected");
    text_.remove_prefix(1);
    std::vector<double> values;
    for (skip_space(text_); !text_.empty() && text_.front() != ']'; skip_space(text_)) {
      VIGIL_TRY(const double value, number());
      values.push_back(value);
    }
    if (text_.empty()) return bad("list without an end");
    text_.remove_prefix(1);
    return values;
  }
  Result<NativeHistogram::ResetHint> hint() {
    using Hint = NativeHistogram::ResetHint;
    const std::string_view text = word();
    if (text == "unknown") return Hint::kUnknown;
    if (text == "reset") return Hint::kReset;
    if (text == "not_reset") return Hint::kNotReset;
    if (text == "gauge") return Hint::kGauge;
    return bad("unknown counter_reset_hint \"" + std::string(text) + "\"");
  }

  std::string_view text_;
};

class ValuesReader {
 public:
  explicit ValuesReader(std::string_view text) : text_(text) {}

  Result<std::vector<TestValue>> read() {
    for (skip_space(text_); !text_.empty(); skip_space(text_)) {
      VIGIL_TRY_VOID(text_.starts_with("{{") ? histograms() : floats());
      if (!text_.empty() && text_.front() != ' ' && text_.front() != '\t') {
        return bad("unexpected \"" + std::string(text_.substr(0, 20)) + "\"");
      }
    }
    return std::move(values_);
  }

 private:
  static std::unexpected<Error> bad(const std::string& what) {
    return fail(ErrorCode::kInvalidArgument, "series values: " + what);
  }
  Result<void> put(TestValue value) {
    if (values_.size() >= kMaxTestValues) return bad("too many of them");
    values_.push_back(std::move(value));
    return {};
  }

  // "xN", or nothing.
  Result<std::optional<std::uint64_t>> repetition() {
    if (!text_.starts_with('x')) return std::nullopt;
    std::uint64_t times = 0;
    const auto [end, error] = std::from_chars(text_.data() + 1, text_.data() + text_.size(), times);
    if (error != std::errc() || times > kMaxTestValues) return bad("bad repetition");
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return times;
  }

  Result<TestValue> histogram() {
    const std::size_t end = text_.find("}}");
    if (end == std::string_view::npos) return bad("histogram without }}");
    HistogramReader reader(text_.substr(2, end - 2));
    text_.remove_prefix(end + 2);
    return reader.read();
  }

  Result<void> histograms() {
    VIGIL_TRY(TestValue value, histogram());
    double sign = 0;
    HistogramPtr step;
    if ((text_.starts_with('+') || text_.starts_with('-')) && text_.substr(1).starts_with("{{")) {
      sign = text_.front() == '+' ? 1 : -1;
      text_.remove_prefix(1);
      VIGIL_TRY(const TestValue parsed, histogram());
      step = parsed.histogram;
    }
    VIGIL_TRY(const auto times, repetition());
    if (step && !times) return bad("histogram step without a repetition");
    VIGIL_TRY_VOID(put(value));
    for (std::uint64_t i = 0; i < times.value_or(0); ++i) {
      if (step) {
        VIGIL_TRY(NativeHistogram next, add(*value.histogram, *step, sign));
        value.histogram = std::make_shared<const NativeHistogram>(std::move(next));
      }
      VIGIL_TRY_VOID(put(value));
    }
    return {};
  }

  // A number up to the next space, `x` (there is no hexadecimal here: 0x10 is zero,
  // repeated), or sign that is not its own or its exponent's.
  Result<double> number() {
    std::size_t end = 0;
    if (text_.starts_with('+') || text_.starts_with('-')) end = 1;
    for (; end < text_.size(); ++end) {
      const char c = text_[end];
      if (c == ' ' || c == '\t' || c == 'x') break;
      if ((c == '+' || c == '-') && !(text_[end - 1] == 'e' || text_[end - 1] == 'E')) break;
    }
    const std::string_view word = text_.substr(0, end);
    const auto value = parse_float(word);
    if (!value) return bad("not a number: \"" + std::string(word) + "\"");
    text_.remove_prefix(end);
    return *value;
  }

  Result<void> floats() {
    const auto ends = [this](std::size_t length) {
      return text_.size() == length || text_[length] == ' ' || text_[length] == '\t';
    };
    TestValue value;
    if (text_.starts_with('_')) {
      text_.remove_prefix(1);
      value.omitted = true;
      VIGIL_TRY(const auto times, repetition());
      for (std::uint64_t i = 0; i < times.value_or(1); ++i) VIGIL_TRY_VOID(put(value));
      return {};
    }
    if (text_.starts_with("stale") && ends(5)) {
      text_.remove_prefix(5);
      value.value = stale_nan();
      return put(value);
    }
    VIGIL_TRY(value.value, number());
    double step = 0;
    const bool has_step = text_.starts_with('+') || text_.starts_with('-');
    if (has_step) {
      VIGIL_TRY(step, number());
    }
    VIGIL_TRY(const auto times, repetition());
    if (has_step && !times) return bad("a step without a repetition");
    VIGIL_TRY_VOID(put(value));
    for (std::uint64_t i = 0; i < times.value_or(0); ++i) {
      if (has_step) value.value += step;
      VIGIL_TRY_VOID(put(value));
    }
    return {};
  }

  std::string_view text_;
  std::vector<TestValue> values_;
};

// Where the labels of a series line end: at the first space outside of braces and
// quotes that comes after the name or the closing brace.
std::size_t end_of_labels(std::string_view line) {
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == '\\' && quote != '`') {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
    } else if (c == '"' || c == '\'' || c == '`') {
      quote = c;
    } else if (c == '}') {
      return i + 1;
    } else if ((c == ' ' || c == '\t') && !line.substr(0, i).contains('{')) {
      // A space may stand between the name and the brace.
      const std::size_t next = line.find_first_not_of(" \t", i);
      if (next == std::string_view::npos || line[next] != '{' || line.substr(next).starts_with("{{")) return i;
    }
  }
  return line.size();
}

struct Compacted {
  Buckets positive;
  Buckets negative;
};

Compacted compacted(const NativeHistogram& histogram) {
  Compacted result{to_map(histogram.positive_spans, histogram.positive_buckets),
                   to_map(histogram.negative_spans, histogram.negative_buckets)};
  std::erase_if(result.positive, [](const auto& entry) { return entry.second == 0; });
  std::erase_if(result.negative, [](const auto& entry) { return entry.second == 0; });
  return result;
}

bool buckets_nearly_equal(const Buckets& expected, const Buckets& actual) {
  return std::ranges::equal(expected, actual, [](const auto& a, const auto& b) {
    return a.first == b.first && nearly_equal(a.second, b.second);
  });
}

}  // namespace

Result<std::vector<TestValue>> parse_test_values(std::string_view text) { return ValuesReader(text).read(); }

Result<TestSeries> parse_test_series(std::string_view line) {
  const std::size_t end = end_of_labels(line);
  TestSeries series;
  VIGIL_TRY(series.labels, parse_labels(line.substr(0, end)));
  VIGIL_TRY(series.values, parse_test_values(line.substr(end)));
  return series;
}

bool nearly_equal(double expected, double actual) {
  constexpr double kEpsilon = 1e-6;
  constexpr double kMinNormal = std::numeric_limits<double>::min();
  if (is_stale_nan(expected) || is_stale_nan(actual)) return is_stale_nan(expected) && is_stale_nan(actual);
  if (std::isnan(expected) || std::isnan(actual)) return std::isnan(expected) && std::isnan(actual);
  if (expected == actual) return true;
  const double size = std::abs(expected) + std::abs(actual);
  const double difference = std::abs(expected - actual);
  if (expected == 0 || actual == 0 || size < kMinNormal) return difference < kEpsilon * kMinNormal;
  return difference / std::min(size, std::numeric_limits<double>::max()) < kEpsilon;
}

bool histograms_nearly_equal(const NativeHistogram& expected, const NativeHistogram& actual, bool compare_hint) {
  if (compare_hint && expected.reset_hint != actual.reset_hint) return false;
  if (expected.schema != actual.schema || expected.zero_threshold != actual.zero_threshold) return false;
  if (!nearly_equal(expected.count, actual.count) || !nearly_equal(expected.sum, actual.sum) ||
      !nearly_equal(expected.zero_count, actual.zero_count) || expected.custom_values != actual.custom_values) {
    return false;
  }
  const Compacted a = compacted(expected);
  const Compacted b = compacted(actual);
  return buckets_nearly_equal(a.positive, b.positive) && buckets_nearly_equal(a.negative, b.negative);
}

}  // namespace vigil::promql
