#include "vigil/promql/test_core.h"

#include <re2/re2.h>
#include <algorithm>
#include <array>

namespace vigil::promql {
namespace {

// Calls and modifiers that are experimental; start() and end() are not after `@`.
const RE2& experimental() {
  static const RE2 kPattern(
      R"re((?i)\b(limitk|limit_ratio|info|mad_over_time|ts_of_\w+|sort_by_label|sort_by_label_desc|)re"
      R"re(double_exponential_smoothing|histogram_quantiles|start_timestamp|min_of|max_of)\s*(by|without|\()|)re"
      R"re(\b(range|step)\s*\(\s*\)|\b(anchored|smoothed)\b|\bfill(_left|_right)?\s*\()re");
  return kPattern;
}
const RE2& query_bounds() {
  static const RE2 kPattern(R"re(@\s*(start|end)\s*\(\s*\))re");
  return kPattern;
}
const RE2& bounds() {
  static const RE2 kPattern(R"re(\b(start|end)\s*\(\s*\))re");
  return kPattern;
}
const RE2& histogram_calls() {
  static const RE2 kPattern(R"re(\bhistogram_(avg|count|sum|stddev|stdvar)\s*\()re");
  return kPattern;
}

// Strings blanked: words in them call nothing.
std::string without_strings(std::string_view query) {
  std::string result;
  char quote = 0;
  for (std::size_t i = 0; i < query.size(); ++i) {
    const char c = query[i];
    if (quote != 0) {
      if (c == '\\' && quote != '`') {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
      continue;
    }
    if (c == '"' || c == '\'' || c == '`') {
      quote = c;
      result += ' ';
    } else {
      result += c;
    }
  }
  return result;
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

}  // namespace

void CoreClassifier::load(const TestLoad& load) {
  for (const TestSeries& series : load.series) {
    const std::string_view name = series.labels.metric_name();
    if (std::ranges::any_of(series.values, [](const TestValue& value) { return value.histogram != nullptr; })) {
      histogram_names_.emplace(name);
    }
    if (!load.with_nhcb) continue;
    static constexpr std::array<std::string_view, 3> kSuffixes = {"_bucket", "_count", "_sum"};
    for (const std::string_view suffix : kSuffixes) {
      if (name.ends_with(suffix)) histogram_names_.emplace(name.substr(0, name.size() - suffix.size()));
    }
  }
}

bool CoreClassifier::is_core(const TestEval& eval) const {
  if (eval.mentions_histogram) return false;
  const std::string query = without_strings(eval.expression);
  if (RE2::PartialMatch(query, experimental()) || RE2::PartialMatch(query, histogram_calls())) return false;
  std::string without_query_bounds = query;
  RE2::GlobalReplace(&without_query_bounds, query_bounds(), " ");
  if (RE2::PartialMatch(without_query_bounds, bounds())) return false;
  // A name in a string counts: {__name__=~"requests\\d*"} selects by it.
  const std::string_view all = eval.expression;
  for (std::size_t i = 0; i < all.size();) {
    std::size_t end = i;
    while (end < all.size() && is_word(all[end])) ++end;
    if (histogram_names_.contains(all.substr(i, end - i))) return false;
    i = std::max(end, i + 1);
  }
  return true;
}

}  // namespace vigil::promql
