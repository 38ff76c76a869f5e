#include <string>
#include <unordered_map>

#include "vigil/exposition/number.h"
#include "vigil/exposition/page_parser.h"
#include "vigil/exposition/series_parser.h"
#include "vigil/exposition/validate.h"

namespace vigil::exposition {
namespace {

struct Family {
  bool has_help = false;
  bool has_type = false;
  bool has_samples = false;
  MetricType type = MetricType::kUnknown;
};

class Families {
 public:
  Family& named(const std::string& name) { return families_[name]; }
  std::size_t size() const { return families_.size(); }

  // The family a sample belongs to: its own name, or that of a summary or histogram it is part of.
  Family& of_sample(std::string_view name) {
    for (const std::string_view suffix : {"_count", "_sum", "_bucket"}) {
      if (!name.ends_with(suffix)) continue;
      const auto found = families_.find(std::string(name.substr(0, name.size() - suffix.size())));
      if (found == families_.end()) continue;
      const MetricType type = found->second.type;
      if (type == MetricType::kHistogram || (type == MetricType::kSummary && suffix != "_bucket")) return found->second;
    }
    return families_[std::string(name)];
  }

 private:
  std::unordered_map<std::string, Family> families_;
};

bool has_numeric_bound(const SeriesParser& series, MetricType type) {
  const std::string_view wanted = type == MetricType::kSummary     ? kQuantileLabel
                                  : type == MetricType::kHistogram ? kBucketLabel
                                                                   : std::string_view();
  if (wanted.empty()) return true;
  for (const LabelView& label : series.labels()) {
    double bound = 0;
    if (label.name == wanted && !parse_value(label.value, bound)) return false;
  }
  return true;
}

}  // namespace

Result<PageSummary> validate_prometheus_text(std::string_view page) {
  PageParser parser(page, Format::kText);
  const auto refuse = [&](const char* at, std::string_view message) {
    return std::unexpected(parser.error_at(at, message));
  };
  if (!page.empty() && page.back() != '\n') return refuse(page.data() + page.size(), "the last line does not end");
  Families families;
  PageSummary summary;
  SeriesParser series;
  while (true) {
    switch (parser.next()) {
      case PageParser::Event::kEnd: summary.families = families.size(); return summary;
      case PageParser::Event::kError: return std::unexpected(parser.error());
      case PageParser::Event::kUnit: break;  // a comment in this format
      case PageParser::Event::kHelp: {
        if (parser.metadata().text.empty()) break;
        Family& family = families.named(unquote_name(parser.metadata().name));
        if (family.has_help) return refuse(parser.line_start(), "second HELP line for this metric");
        family.has_help = true;
        break;
      }
      case PageParser::Event::kType: {
        Family& family = families.named(unquote_name(parser.metadata().name));
        if (family.has_type) return refuse(parser.line_start(), "second TYPE line for this metric");
        if (family.has_samples) return refuse(parser.line_start(), "TYPE line after samples of this metric");
        family.has_type = true;
        family.type = parser.metadata().type;
        break;
      }
      case PageParser::Event::kSample: {
        const std::string_view raw = parser.sample().series;
        if (const auto line_break = raw.find('\n'); line_break != std::string_view::npos) {
          return refuse(raw.data() + line_break, "a line break inside a label value");
        }
        if (const auto parsed = series.parse(raw); !parsed) return refuse(raw.data(), parsed.error().message());
        Family& family = families.of_sample(series.name());
        if (!has_numeric_bound(series, family.type)) {
          return refuse(raw.data(), "the value of le or quantile is not a number");
        }
        family.has_samples = true;
        ++summary.samples;
        break;
      }
    }
  }
}

}  // namespace vigil::exposition
