#include "vigil/check/metrics_lint.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "vigil/exposition/page_parser.h"
#include "vigil/exposition/series_parser.h"
#include "vigil/exposition/validate.h"
#include "vigil/model/sample.h"

namespace vigil::check {
namespace {

struct Family {
  bool has_help = false;
  bool has_type = false;
  MetricType type = MetricType::kUnknown;
  std::set<std::string> labels;
};

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (const char c : name) {
    if (c == '_') {
      words.emplace_back();
    } else {
      words.back() += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
  }
  return words;
}

struct UnitName {
  std::string_view name;
  std::string_view base;
};
constexpr std::array<UnitName, 30> kUnits = {{
    {"nanoseconds", "seconds"},  {"microseconds", "seconds"}, {"milliseconds", "seconds"}, {"minutes", "seconds"},
    {"hours", "seconds"},        {"days", "seconds"},         {"weeks", "seconds"},        {"kilobytes", "bytes"},
    {"megabytes", "bytes"},      {"gigabytes", "bytes"},      {"terabytes", "bytes"},      {"petabytes", "bytes"},
    {"kibibytes", "bytes"},      {"mebibytes", "bytes"},      {"gibibytes", "bytes"},      {"tebibytes", "bytes"},
    {"pebibytes", "bytes"},      {"bits", "bytes"},           {"kilobits", "bytes"},       {"megabits", "bytes"},
    {"gigabits", "bytes"},       {"millimeters", "meters"},   {"centimeters", "meters"},   {"kilometers", "meters"},
    {"kilograms", "grams"},      {"milligrams", "grams"},     {"kilojoules", "joules"},    {"millivolts", "volts"},
    {"milliamperes", "amperes"}, {"kilowatts", "watts"},
}};
constexpr std::array<std::string_view, 12> kAbbreviations = {"s",  "ms", "us", "ns", "sec", "b",
                                                             "kb", "mb", "gb", "tb", "pb",  "m"};

bool has_upper_after_lower(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] >= 'A' && text[i] <= 'Z' && text[i - 1] >= 'a' && text[i - 1] <= 'z') return true;
  }
  return false;
}

void lint_family(const std::string& name, const Family& family, std::vector<LintFinding>& out) {
  const auto finding = [&](std::string text) { out.push_back({name, std::move(text)}); };
  if (!family.has_help) finding("no help text");

  const auto ends = [&name](std::string_view suffix) { return name.ends_with(suffix); };
  const bool typed = family.has_type && family.type != MetricType::kUnknown;
  if (typed) {
    if (family.type == MetricType::kCounter) {
      if (!ends("_total")) finding("counter metrics should have \"_total\" suffix");
    } else if (ends("_total")) {
      finding("non-counter metrics should not have \"_total\" suffix");
    }
    const bool histogram = family.type == MetricType::kHistogram;
    const bool summary = family.type == MetricType::kSummary;
    if (!histogram) {
      if (ends("_bucket")) finding("non-histogram metrics should not have \"_bucket\" suffix");
      if (family.labels.contains("le")) finding("non-histogram metrics should not have \"le\" label");
    }
    if (!histogram && !summary) {
      if (ends("_count")) finding("non-histogram and non-summary metrics should not have \"_count\" suffix");
      if (ends("_sum")) finding("non-histogram and non-summary metrics should not have \"_sum\" suffix");
    }
    if (!summary && family.labels.contains("quantile"))
      finding("non-summary metrics should not have \"quantile\" label");

    for (const std::string_view type : {"counter", "gauge", "histogram", "summary"}) {
      if (to_string(family.type) == type && name.contains(std::string("_") + std::string(type))) {
        finding("metric name should not include type '" + std::string(type) + "'");
      }
    }
  }

  const std::vector<std::string> words = words_of(name);
  for (const auto& [unit, base] : kUnits) {
    if (std::find(words.begin(), words.end(), unit) != words.end()) {
      finding("use base unit \"" + std::string(base) + "\" instead of \"" + std::string(unit) + "\"");
    }
  }
  for (const std::string_view abbreviation : kAbbreviations) {
    if (words.size() > 1 && std::find(words.begin() + 1, words.end(), abbreviation) != words.end()) {
      finding("metric names should not contain abbreviated units");
      break;
    }
  }
  if (name.contains(':')) finding("metric names should not contain ':'");
  if (has_upper_after_lower(name)) finding("metric names should be written in 'snake_case' not 'camelCase'");
  for (const std::string& label : family.labels) {
    if (has_upper_after_lower(label)) finding("label names should be written in 'snake_case' not 'camelCase'");
  }
}

// The family a sample belongs to: `x_bucket`, `x_sum` and `x_count` are of histogram or summary `x`.
std::string family_of(const std::string& name, const std::map<std::string, Family>& families) {
  for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
    if (!name.ends_with(suffix)) continue;
    const auto base = families.find(name.substr(0, name.size() - suffix.size()));
    if (base == families.end()) continue;
    if (base->second.type == MetricType::kHistogram || base->second.type == MetricType::kSummary) return base->first;
  }
  return name;
}

}  // namespace

Result<std::vector<LintFinding>> lint_metrics(std::string_view page) {
  VIGIL_TRY_VOID(exposition::validate_prometheus_text(page));
  std::map<std::string, Family> families;
  using Event = exposition::PageParser::Event;
  exposition::PageParser parser(page, exposition::Format::kText);
  exposition::SeriesParser series;
  for (Event event = parser.next(); event != Event::kEnd; event = parser.next()) {
    switch (event) {
      case Event::kError: return std::unexpected(parser.error());
      case Event::kHelp:
        families[exposition::unquote_name(parser.metadata().name)].has_help = !parser.metadata().text.empty();
        break;
      case Event::kType: {
        Family& family = families[exposition::unquote_name(parser.metadata().name)];
        family.has_type = true;
        family.type = parser.metadata().type;
        break;
      }
      case Event::kSample: {
        VIGIL_TRY_VOID(series.parse(parser.sample().series));
        const std::string name(series.name());
        const std::string owner = family_of(name, families);
        Family& family = families[owner];
        for (const LabelView label : series.labels()) {
          const bool part_of_type =
              owner != name || (family.type == MetricType::kSummary && label.name == kQuantileLabel);
          if (label.name != kMetricName &&
              !(part_of_type && (label.name == kBucketLabel || label.name == kQuantileLabel))) {
            family.labels.insert(std::string(label.name));
          }
        }
        break;
      }
      case Event::kUnit:
      case Event::kEnd: break;
    }
  }
  std::vector<LintFinding> findings;
  for (const auto& [name, family] : families) lint_family(name, family, findings);
  return findings;
}

}  // namespace vigil::check
