// The rules are those of the OpenMetrics 1.0 specification, sections "Overall
// Structure", "Metric Types" and "Exemplars".
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "vigil/base/strings.h"
#include "vigil/exposition/number.h"
#include "vigil/exposition/page_parser.h"
#include "vigil/exposition/series_parser.h"
#include "vigil/exposition/validate.h"

namespace vigil::exposition {
namespace {

std::span<const std::string_view> suffixes_of(MetricType type) {
  static constexpr std::string_view kCounter[] = {"_total", "_created"};
  static constexpr std::string_view kSummary[] = {"", "_count", "_sum", "_created"};
  static constexpr std::string_view kHistogram[] = {"_bucket", "_count", "_sum", "_created"};
  static constexpr std::string_view kGaugeHistogram[] = {"_bucket", "_gcount", "_gsum"};
  static constexpr std::string_view kInfo[] = {"_info"};
  static constexpr std::string_view kPlain[] = {""};
  switch (type) {
    case MetricType::kCounter: return kCounter;
    case MetricType::kSummary: return kSummary;
    case MetricType::kHistogram: return kHistogram;
    case MetricType::kGaugeHistogram: return kGaugeHistogram;
    case MetricType::kInfo: return kInfo;
    case MetricType::kGauge:
    case MetricType::kStateSet:
    case MetricType::kUnknown: break;
  }
  return kPlain;
}

bool is_any_histogram(MetricType type) { return type == MetricType::kHistogram || type == MetricType::kGaugeHistogram; }

// What a histogram's samples of one label set and timestamp have said so far.
class HistogramPoint {
 public:
  // An empty string, or what is wrong.
  std::string_view add(std::string_view suffix, double bound, double value) {
    if (suffix == "_bucket") {
      if (bucket_ && bound <= *bucket_) return "buckets are out of order";
      if (bucket_ && value < bucket_value_) return "bucket values decrease";
      if (bound < 0) negative_buckets_ = true;
      bucket_ = bound;
      bucket_value_ = value;
    } else if (suffix == "_count" || suffix == "_gcount") {
      count_ = value;
    } else if (suffix == "_sum") {
      has_sum_ = true;
    } else if (suffix == "_gsum") {
      has_gsum_ = true;
      negative_gsum_ = value < 0;
    } else {
      return {};
    }
    used_ = true;
    return {};
  }

  std::string_view problem() const {
    if (!used_) return {};
    if (!bucket_ || *bucket_ != HUGE_VAL) return "the +Inf bucket is missing";
    if (count_ && *count_ != bucket_value_) return "the count differs from the +Inf bucket";
    if ((has_sum_ || has_gsum_) && !count_) return "a sum without a count";
    if (!has_sum_ && !has_gsum_ && count_) return "a count without a sum";
    if (negative_buckets_ && has_sum_) return "a sum with negative buckets";
    if (!negative_buckets_ && negative_gsum_) return "a negative sum without negative buckets";
    return {};
  }

 private:
  bool used_ = false;
  std::optional<double> bucket_;
  double bucket_value_ = 0;
  std::optional<double> count_;
  bool has_sum_ = false;
  bool has_gsum_ = false;
  bool negative_gsum_ = false;
  bool negative_buckets_ = false;
};

struct Family {
  std::string name;
  const char* start = nullptr;  // its first line
  MetricType type = MetricType::kUnknown;
  bool has_type = false;
  bool has_help = false;
  bool has_unit = false;
  std::string unit;
  std::size_t samples = 0;
  // Samples of one metric stand together: its label set, and those seen before.
  std::string group;
  std::unordered_set<std::string> groups;
  bool has_timestamp = false;
  Timestamp timestamp = 0;
  std::unordered_set<std::string> series_at_timestamp;
  HistogramPoint point;
};

class Validator {
 public:
  explicit Validator(std::string_view page) : parser_(page, Format::kOpenMetrics) {}

  Result<PageSummary> run() {
    while (true) {
      switch (parser_.next()) {
        case PageParser::Event::kEnd: VIGIL_TRY_VOID(close()); return summary_;
        case PageParser::Event::kError: return std::unexpected(parser_.error());
        case PageParser::Event::kSample: VIGIL_TRY_VOID(add_sample(parser_.sample())); break;
        case PageParser::Event::kType:
        case PageParser::Event::kHelp:
        case PageParser::Event::kUnit: VIGIL_TRY_VOID(add_metadata(parser_.last_event())); break;
      }
    }
  }

 private:
  std::unexpected<Error> refuse(const char* at, std::string_view message) const {
    return std::unexpected(parser_.error_at(at, message));
  }
  std::unexpected<Error> refuse(std::string_view message) const { return refuse(parser_.line_start(), message); }

  void open(std::string name) {
    family_.emplace();
    family_->name = std::move(name);
    family_->start = parser_.line_start();
    ++summary_.families;
  }

  Result<void> close() {
    if (!family_) return {};
    if (const auto problem = family_->point.problem(); !problem.empty()) return refuse(family_->start, problem);
    if (!family_->unit.empty() && (family_->type == MetricType::kInfo || family_->type == MetricType::kStateSet)) {
      return refuse(family_->start, "info and stateset metrics have no unit");
    }
    // The bare name is taken too, whether a sample may carry it or not.
    VIGIL_TRY_VOID(take_name(family_->name));
    for (const std::string_view suffix : suffixes_of(family_->type)) {
      if (!suffix.empty()) VIGIL_TRY_VOID(take_name(family_->name + std::string(suffix)));
    }
    family_.reset();
    return {};
  }

  Result<void> take_name(std::string name) {
    if (const auto [at, added] = names_.insert(std::move(name)); !added) {
      return refuse(family_->start, "the name " + go_quote(*at) + " is already used by another metric");
    }
    return {};
  }

  Result<void> add_metadata(PageParser::Event event) {
    const MetadataView& metadata = parser_.metadata();
    std::string name = unquote_name(metadata.name);
    if (!family_ || family_->name != name) {
      VIGIL_TRY_VOID(close());
      open(std::move(name));
    }
    if (family_->samples > 0) return refuse("metadata after samples of the same metric");
    bool& seen = event == PageParser::Event::kType   ? family_->has_type
                 : event == PageParser::Event::kHelp ? family_->has_help
                                                     : family_->has_unit;
    if (seen) return refuse("repeated metadata line");
    seen = true;
    if (event == PageParser::Event::kType) family_->type = metadata.type;
    if (event == PageParser::Event::kUnit) family_->unit = metadata.text;
    if (!is_valid_utf8(metadata.text)) return refuse(metadata.text.data(), "invalid UTF-8");
    return {};
  }

  // The part of a sample's name behind the family's, if the family's type has it.
  std::optional<std::string_view> suffix_in_family(std::string_view name) const {
    if (!family_ || !name.starts_with(family_->name)) return std::nullopt;
    const std::string_view rest = name.substr(family_->name.size());
    for (const std::string_view suffix : suffixes_of(family_->type)) {
      if (suffix == rest) return suffix;
    }
    return std::nullopt;
  }

  Result<void> add_sample(const SampleView& sample) {
    if (const auto parsed = series_.parse(sample.series, SeriesParser::Mode::kStrict); !parsed) {
      return refuse(sample.series.data(), parsed.error().message());
    }
    auto suffix = suffix_in_family(series_.name());
    if (!suffix) {
      VIGIL_TRY_VOID(close());
      open(std::string(series_.name()));
      suffix = std::string_view();
    }
    VIGIL_TRY_VOID(check_labels(*suffix));
    VIGIL_TRY_VOID(check_value(*suffix, sample.value));
    VIGIL_TRY_VOID(check_order(*suffix, sample));
    if (is_any_histogram(family_->type)) {
      double bound = 0;
      parse_value(label(kBucketLabel), bound);
      if (const auto problem = family_->point.add(*suffix, bound, sample.value); !problem.empty())
        return refuse(problem);
    }
    if (sample.has_exemplar) VIGIL_TRY_VOID(check_exemplar(*suffix, sample.exemplar));
    ++family_->samples;
    ++summary_.samples;
    return {};
  }

  std::string_view label(std::string_view name) const {
    for (const LabelView& label : series_.labels()) {
      if (label.name == name) return label.value;
    }
    return {};
  }

  Result<void> check_labels(std::string_view suffix) const {
    double bound = 0;
    if (suffix == "_bucket" && is_any_histogram(family_->type)) {
      const std::string_view le = label(kBucketLabel);
      if (!parse_value(le, bound) || std::isnan(bound) || (std::isinf(bound) && le != canonical_float(bound))) {
        return refuse("a bucket needs a label le with a number or +Inf");
      }
    }
    if (family_->type == MetricType::kSummary && suffix.empty()) {
      if (!parse_value(label(kQuantileLabel), bound) || !(bound >= 0 && bound <= 1)) {
        return refuse("a quantile needs a label quantile between 0 and 1");
      }
    }
    if (family_->type == MetricType::kStateSet && label(family_->name).empty()) {
      return refuse("a stateset needs a label named like the metric");
    }
    return {};
  }

  Result<void> check_value(std::string_view suffix, double value) const {
    const bool count = suffix == "_bucket" || suffix == "_count" || suffix == "_gcount";
    const bool counts_up = count || suffix == "_total" || suffix == "_sum";
    if ((counts_up || suffix == "_gsum") && std::isnan(value)) return refuse("counter-like samples cannot be NaN");
    if (counts_up && value < 0) return refuse("counter-like samples cannot be negative");
    if (count && value != std::floor(value)) return refuse("counts and buckets are whole numbers");
    if (family_->type == MetricType::kStateSet && value != 0 && value != 1)
      return refuse("a stateset has values 0 and 1");
    if (family_->type == MetricType::kInfo && value != 1) return refuse("an info metric has value 1");
    return {};
  }

  // The labels that tell metrics of one family apart, as one string.
  std::string group_of(std::string_view suffix) const {
    std::string key;
    if (family_->type == MetricType::kInfo) return key;  // its labels are its content
    for (const LabelView& label : series_.labels()) {
      if (label.name == kMetricName) continue;
      if (suffix == "_bucket" && is_any_histogram(family_->type) && label.name == kBucketLabel) continue;
      if (suffix.empty() && family_->type == MetricType::kSummary && label.name == kQuantileLabel) continue;
      if (family_->type == MetricType::kStateSet && label.name == family_->name) continue;
      key += go_quote(label.name) + '=' + go_quote(label.value) + ',';
    }
    return key;
  }

  Result<void> check_order(std::string_view suffix, const SampleView& sample) {
    Family& family = *family_;
    std::string group = group_of(suffix);
    const bool same_group = family.samples > 0 && group == family.group;
    if (family.samples > 0 && !same_group && family.groups.contains(group)) {
      return refuse("samples of one metric do not stand together");
    }
    const bool same_time =
        sample.has_timestamp == family.has_timestamp && (!sample.has_timestamp || sample.timestamp == family.timestamp);
    if (same_group) {
      if (sample.has_timestamp != family.has_timestamp)
        return refuse("samples with and without timestamps in one metric");
      if (sample.has_timestamp && sample.timestamp < family.timestamp && family.type != MetricType::kInfo) {
        return refuse("timestamps go backwards");
      }
    }
    if (!same_group || !same_time) {
      if (const auto problem = family.point.problem(); !problem.empty()) return refuse(problem);
      family.point = {};
      family.series_at_timestamp.clear();
    }
    // Two points may share a timestamp that lost its digits, but not the lack of one.
    if (!family.series_at_timestamp.insert(std::string(sample.series)).second && !sample.has_timestamp) {
      return refuse("the same series twice");
    }
    family.groups.insert(group);
    family.group = std::move(group);
    family.has_timestamp = sample.has_timestamp;
    family.timestamp = sample.timestamp;
    return {};
  }

  Result<void> check_exemplar(std::string_view suffix, const ExemplarView& exemplar) {
    const bool allowed = (is_any_histogram(family_->type) && suffix == "_bucket") ||
                         (family_->type == MetricType::kCounter && suffix == "_total");
    if (!allowed) return refuse(exemplar.labels.data(), "only buckets and counters have exemplars");
    if (const auto parsed = series_.parse_exemplar(exemplar.labels, SeriesParser::Mode::kStrict); !parsed) {
      return refuse(exemplar.labels.data(), parsed.error().message());
    }
    constexpr std::size_t kMaxCharacters = 128;
    if (series_.characters() > kMaxCharacters) {
      return refuse(exemplar.labels.data(), "the exemplar's labels have more than 128 characters");
    }
    return {};
  }

  PageParser parser_;
  SeriesParser series_;
  std::optional<Family> family_;
  std::unordered_set<std::string> names_;
  PageSummary summary_;
};

}  // namespace

Result<PageSummary> validate_openmetrics(std::string_view page) { return Validator(page).run(); }

}  // namespace vigil::exposition
