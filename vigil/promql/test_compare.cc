#include "vigil/promql/test_compare.h"

#include <re2/re2.h>
#include <algorithm>
#include <unordered_map>

#include "vigil/base/strings.h"
#include "vigil/model/sample.h"

namespace vigil::promql {
namespace {

std::unexpected<Error> differs(const std::string& what) { return fail(ErrorCode::kExecution, what); }

bool matches(const TextExpectation& expected, const std::string& text) {
  switch (expected.kind) {
    case TextExpectation::Kind::kAny: return true;
    case TextExpectation::Kind::kText: return text == expected.text;
    case TextExpectation::Kind::kRegex: return RE2::PartialMatch(text, RE2(expected.text, RE2::Quiet));
  }
  return false;
}

std::string quoted(const TextExpectation& expected) {
  return (expected.kind == TextExpectation::Kind::kRegex ? "regex " : "") + go_quote(expected.text);
}

Result<void> check_kind(std::string_view kind, const std::vector<TextExpectation>& expected, bool none,
                        const std::vector<std::string>& found) {
  if (none && !found.empty()) return differs("expected no " + std::string(kind) + ", found " + go_quote(found[0]));
  if (expected.empty()) return {};
  if (found.empty()) return differs("expected " + std::string(kind) + ", found none");
  for (const TextExpectation& one : expected) {
    if (std::ranges::none_of(found, [&](const std::string& text) { return matches(one, text); })) {
      return differs("expected " + std::string(kind) + " " + quoted(one) + ", found " + go_quote(found[0]));
    }
  }
  for (const std::string& text : found) {
    if (std::ranges::none_of(expected, [&](const TextExpectation& one) { return matches(one, text); })) {
      return differs("unexpected " + std::string(kind) + " " + go_quote(text));
    }
  }
  return {};
}

std::string describe(double value, const HistogramPtr& histogram) {
  return histogram ? to_string(*histogram) : is_stale_nan(value) ? "stale" : format_float(value);
}

Result<void> check_point(const Labels& labels, const TestValue& expected, const Point& found) {
  const auto wrong = [&] {
    return differs("expected " + describe(expected.value, expected.histogram) + " for " + labels.to_string() + " at " +
                   format_float(static_cast<double>(found.timestamp) / 1000) + "s, found " +
                   describe(found.value, found.histogram));
  };
  if ((expected.histogram != nullptr) != (found.histogram != nullptr)) return wrong();
  const bool equal = expected.histogram
                         ? histograms_nearly_equal(*expected.histogram, *found.histogram, expected.hint_given)
                         : nearly_equal(expected.value, found.value);
  if (!equal) return wrong();
  return {};
}

Result<void> check_vector(const TestEval& eval, const Vector& found) {
  std::unordered_map<Labels, std::size_t, LabelsHash> expected;
  for (std::size_t i = 0; i < eval.series.size(); ++i) expected[eval.series[i].labels] = i;
  std::vector<bool> seen(eval.series.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto entry = expected.find(found[i].labels);
    if (entry == expected.end()) {
      return differs("unexpected " + found[i].labels.to_string() + " with " +
                     describe(found[i].point.value, found[i].point.histogram));
    }
    if (seen[entry->second]) return differs("twice in the result: " + found[i].labels.to_string());
    seen[entry->second] = true;
    if (eval.ordered && entry->second != i) {
      return differs("expected " + found[i].labels.to_string() + " at position " + std::to_string(entry->second + 1) +
                     ", found it at " + std::to_string(i + 1));
    }
    const TestSeries& series = eval.series[entry->second];
    if (series.values.size() != 1) return differs("the expectation has not one value for " + series.labels.to_string());
    VIGIL_TRY_VOID(check_point(series.labels, series.values[0], found[i].point));
  }
  for (const auto& [labels, index] : expected) {
    if (!seen[index]) return differs("expected " + labels.to_string() + ", not found");
  }
  return {};
}

Result<void> check_matrix(const TestEval& eval, const Matrix& found) {
  if (eval.ordered) return differs("\"expect ordered\" is of no use for range results");
  const Timestamp start = eval.range_vector ? eval.vector_start : eval.start;
  const Duration step = eval.range_vector ? eval.vector_step : eval.step;
  if (!std::ranges::is_sorted(found, [](const auto& a, const auto& b) { return a.labels < b.labels; })) {
    return differs("the result is not sorted by labels");
  }
  std::unordered_map<Labels, const TestSeries*, LabelsHash> expected;
  for (const TestSeries& series : eval.series) expected[series.labels] = &series;
  for (const SeriesResult& series : found) {
    const auto entry = expected.find(series.labels);
    if (entry == expected.end()) return differs("unexpected " + series.labels.to_string());
    auto point = series.points.begin();
    const auto& values = entry->second->values;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i].omitted) continue;
      const Timestamp at = start + step * static_cast<Duration>(i);
      if (point == series.points.end() || point->timestamp != at) {
        return differs("expected a point of " + series.labels.to_string() + " at " +
                       format_float(static_cast<double>(at) / 1000) + "s" +
                       (point == series.points.end()
                            ? ", found no more"
                            : ", the next is at " + format_float(static_cast<double>(point->timestamp) / 1000) + "s"));
      }
      VIGIL_TRY_VOID(check_point(series.labels, values[i], *point));
      ++point;
    }
    if (point != series.points.end()) {
      return differs("unexpected point of " + series.labels.to_string() + " at " +
                     format_float(static_cast<double>(point->timestamp) / 1000) + "s");
    }
    expected.erase(entry);
  }
  for (const auto& [labels, series] : expected) {
    if (!std::ranges::all_of(series->values, &TestValue::omitted)) {
      return differs("expected " + labels.to_string() + ", not found");
    }
  }
  return {};
}

}  // namespace

Result<void> check_failure(const TextExpectation& expected, const Error& error) {
  // What is not there yet fails for a reason of its own, which nobody meant to expect.
  if (expected.kind == TextExpectation::Kind::kAny && error.code() == ErrorCode::kNotSupported) {
    return differs("expected a failure of the query, found: " + error.message());
  }
  if (!matches(expected, error.message())) {
    return differs("expected the failure " + quoted(expected) + ", found " + go_quote(error.message()));
  }
  return {};
}

Result<void> check_annotations(const TestEval& eval, const Annotations& annotations) {
  VIGIL_TRY_VOID(check_kind("warning", eval.warnings, eval.no_warnings, annotations.warnings));
  return check_kind("info", eval.infos, eval.no_infos, annotations.infos);
}

Result<void> check_value(const TestEval& eval, const Value& value) {
  if (eval.text) {
    const auto* found = std::get_if<StringValue>(&value);
    if (found == nullptr) return differs("expected a string");
    if (found->value != *eval.text)
      return differs("expected " + go_quote(*eval.text) + ", found " + go_quote(found->value));
    return {};
  }
  if (eval.scalar) {
    const auto* found = std::get_if<Scalar>(&value);
    if (found == nullptr) return differs("expected a scalar");
    if (!nearly_equal(*eval.scalar, found->value)) {
      return differs("expected " + format_float(*eval.scalar) + ", found " + format_float(found->value));
    }
    return {};
  }
  if (const auto* vector = std::get_if<Vector>(&value)) {
    if (eval.is_range || eval.range_vector) return differs("expected a range vector, found an instant vector");
    return check_vector(eval, *vector);
  }
  if (const auto* matrix = std::get_if<Matrix>(&value)) {
    if (!eval.is_range && !eval.range_vector) return differs("expected an instant vector, found a range vector");
    return check_matrix(eval, *matrix);
  }
  return differs("expected series, found a scalar or string");
}

Result<void> check_middle_step(const TestEval& eval, const Matrix& matrix, Timestamp at) {
  Vector vector;
  for (const SeriesResult& series : matrix) {
    for (const Point& point : series.points) {
      if (point.timestamp == at) vector.push_back(InstantSample{series.labels, point});
    }
  }
  if (!eval.scalar) return check_vector(eval, vector);
  if (vector.size() != 1) return differs("expected one series for a scalar");
  return check_value(eval, Scalar{at, vector[0].point.value});
}

}  // namespace vigil::promql
