// The shared OpenMetrics cases, read into a Visitor's calls and written again: the same page
// comes out, as far as a registry can hold what the case says.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vigil/base/file_system.h"
#include "vigil/base/strings.h"
#include "vigil/exposition/page_parser.h"
#include "vigil/exposition/series_parser.h"
#include "vigil/exposition/tests/pages.h"
#include "vigil/exposition/validate.h"

namespace vigil::exposition {
namespace {

// A page as a registry holds it.
struct Exemplar {
  std::string labels;
  double value = 0;
  Timestamp time = 0;
};
struct Series {
  std::string labels;
  double value = 0;
  Timestamp created = 0;
  std::vector<Exemplar> exemplars;
  std::vector<std::pair<double, std::uint64_t>> buckets;  // cumulative
  std::uint64_t count = 0;
  double sum = 0;
};
struct Family {
  MetricType type = MetricType::kUnknown;
  std::string name, help, unit;
  std::vector<Series> series;
};

bool is_histogram(MetricType type) { return type == MetricType::kHistogram || type == MetricType::kGaugeHistogram; }

class Reader {
 public:
  explicit Reader(std::string_view page) : parser_(page, Format::kOpenMetrics) {
    for (auto event = parser_.next(); event != PageParser::Event::kEnd; event = parser_.next()) {
      switch (event) {
        case PageParser::Event::kType: family().type = parser_.metadata().type; break;
        case PageParser::Event::kHelp:
          family().help = unescape_help(parser_.metadata().text, Format::kOpenMetrics);
          break;
        case PageParser::Event::kUnit: family().unit = parser_.metadata().text; break;
        case PageParser::Event::kSample: add(parser_.sample()); break;
        default: ADD_FAILURE() << parser_.error().message(); return;
      }
    }
  }

  std::vector<Family> families;

 private:
  Family& family() { return family(unquote_name(parser_.metadata().name)); }
  Family& family(const std::string& name) {
    if (families.empty() || families.back().name != name) families.emplace_back().name = name;
    return families.back();
  }

  void add(const SampleView& sample) {
    ASSERT_TRUE(series_.parse(sample.series).has_value());
    std::string name(series_.name());
    std::string suffix;
    if (!families.empty() && name.starts_with(families.back().name)) {
      suffix = name.substr(families.back().name.size());
      name = families.back().name;
    }
    Family& of = family(name);
    std::string labels;
    double bound = std::numeric_limits<double>::infinity();
    for (const LabelView& label : series_.labels()) {
      if (label.name == "__name__") continue;
      if (is_histogram(of.type) && label.name == "le") {
        bound = parse_float(label.value).value();
        continue;
      }
      metrics::append_label(labels, label.name, label.value);
    }
    const bool same =
        !of.series.empty() && of.series.back().labels == labels && (is_histogram(of.type) || suffix == "_created");
    if (!same) of.series.emplace_back().labels = labels;
    Series& series = of.series.back();
    if (sample.has_exemplar) {
      std::string_view text = sample.exemplar.labels;
      text = text.substr(1, text.size() - 2);
      series.exemplars.push_back({std::string(text), sample.exemplar.value, sample.exemplar.timestamp});
    }
    if (suffix == "_bucket") {
      series.buckets.emplace_back(bound, static_cast<std::uint64_t>(sample.value));
    } else if (suffix == "_created") {
      series.created = static_cast<Timestamp>(sample.value * 1000);
    } else if (suffix == "_sum" || suffix == "_gsum") {
      series.sum = sample.value;
    } else if (suffix == "_count" || suffix == "_gcount") {
      series.count = static_cast<std::uint64_t>(sample.value);
    } else {
      series.value = sample.value;
    }
  }

  PageParser parser_;
  SeriesParser series_;
};

void feed(const Family& family, PageWriter& page) {
  if (family.series.empty()) return;  // a registry leaves it out
  std::vector<double> bounds;
  for (const auto& [bound, count] : family.series[0].buckets) {
    if (std::isfinite(bound)) bounds.push_back(bound);
  }
  std::string name = family.name;
  if (family.type == MetricType::kCounter) name += "_total";
  if (family.type == MetricType::kInfo) name += "_info";
  page.begin_family(family_of(family.type, name, bounds, family.help, family.unit));
  for (const Series& series : family.series) {
    std::vector<metrics::ExemplarView> exemplars;
    for (const Exemplar& e : series.exemplars) exemplars.push_back({e.labels, e.value, e.time});
    if (!is_histogram(family.type)) {
      page.point(series.labels, {.value = series.value,
                                 .created = series.created,
                                 .exemplar = exemplars.empty() ? nullptr : exemplars.data()});
      continue;
    }
    std::sort(exemplars.begin(), exemplars.end(), [](const auto& a, const auto& b) { return a.value < b.value; });
    std::vector<std::uint64_t> counts;
    std::uint64_t before = 0;
    for (const auto& [bound, count] : series.buckets) counts.push_back(count - std::exchange(before, count));
    page.histogram(
        series.labels,
        {.counts = counts, .count = before, .sum = series.sum, .created = series.created, .exemplars = exemplars});
  }
  page.end_family();
}

std::string write(const std::vector<Family>& families) {
  return page_of(Format::kOpenMetrics,
                 [&](PageWriter& page) {
                   for (const Family& family : families) feed(family, page);
                 },
                 {.created_lines = true});
}

// A page without what may differ in spelling: order of lines and labels, numbers, empty helps.
std::string content(std::string_view page) {
  std::map<std::string, std::vector<std::string>> families;
  PageParser parser(page, Format::kOpenMetrics);
  SeriesParser series;
  std::vector<std::string> lines;
  for (auto event = parser.next(); event != PageParser::Event::kEnd; event = parser.next()) {
    if (event == PageParser::Event::kError) return parser.error().message();
    if (event == PageParser::Event::kSample) {
      const SampleView& sample = parser.sample();
      EXPECT_TRUE(series.parse(sample.series).has_value());
      series.make_canonical(parser.type());
      std::string line = series.build().to_string() + " " + format_float(sample.value);
      if (sample.has_timestamp) line += " @" + std::to_string(sample.timestamp);
      if (sample.has_exemplar) {
        line += " # " + parse_exemplar_labels(sample.exemplar.labels)->to_string() + " " +
                format_float(sample.exemplar.value);
        if (sample.exemplar.has_timestamp) line += " @" + std::to_string(sample.exemplar.timestamp);
      }
      lines.push_back(line);
    } else if (!parser.metadata().text.empty() && parser.metadata().text != "unknown") {
      lines.push_back(std::to_string(static_cast<int>(event)) + " " + std::string(parser.metadata().name) + " " +
                      unescape_help(parser.metadata().text, Format::kOpenMetrics));
    }
  }
  std::sort(lines.begin(), lines.end());
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

TEST(Conformance, OpenMetricsRoundTrip) {
  const char* shared = std::getenv("VIGIL_SHARED");
  const std::filesystem::path root = shared != nullptr ? std::filesystem::path(shared)
                                                       : std::filesystem::path(VIGIL_TESTDATA "/../../../../../shared");
  const std::filesystem::path suites = root.lexically_normal() / "conformance" / "openmetrics";
  FileSystem& files = FileSystem::real();
  if (!files.exists(suites)) {
    GTEST_SKIP() << "conformance data not found: " << suites << "; set VIGIL_SHARED to the shared folder";
  }
  // What a registry does not hold, so that these pages come out otherwise.
  const struct {
    std::string_view name;
    std::string_view why;
  } differ[] = {
      {"counter_exemplars", "a sample has a time of its own"},
      {"duplicate_timestamps_1", "several samples of one series"},
      {"exemplars_wide_chars", "a histogram without sum and count"},
      {"histogram_exemplars", "exemplars outside their bucket"},
      {"info_timestamps", "a sample has a time of its own"},
      {"null_byte", "a family without series"},
      {"summary_quantiles", "summaries"},
  };
  std::vector<std::pair<std::string, std::string>> pages;
  const std::vector<std::string> names = files.list(suites / "parsers").value();
  for (const std::string& name : names) {
    const std::filesystem::path folder = suites / "parsers" / name;
    if (nlohmann::json::parse(files.read_file(folder / "test.json").value()).at("shouldParse")) {
      pages.emplace_back(name, files.read_file(folder / "metrics").value());
    }
  }
  pages.emplace_back("1histogram.om.txt", files.read_file(suites / "textparse_good" / "1histogram.om.txt").value());
  std::size_t same = 0;
  for (const auto& [name, page] : pages) {
    const std::string written = write(Reader(page).families);
    const auto* const exception = std::find_if(std::begin(differ), std::end(differ),
                                               [&wanted = name](const auto& d) { return d.name == wanted; });
    if (exception == std::end(differ)) {
      EXPECT_EQ(content(written), content(page)) << name << ":\n" << written;
      const auto valid = validate_openmetrics(written);
      EXPECT_TRUE(valid.has_value()) << name << ": " << valid.error().message();
      ++same;
    } else {
      EXPECT_NE(content(written), content(page)) << name << " is listed as different: " << exception->why;
    }
  }
  std::cout << "openmetrics round trip: " << same << " of " << pages.size() << " pages come out the same\n";
  EXPECT_GE(same, 14U);
}

}  // namespace
}  // namespace vigil::exposition
