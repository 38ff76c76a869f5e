// The shared conformance cases, read where they lie. Each suite prints how many matched.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "vigil/base/file_system.h"
#include "vigil/exposition/page_parser.h"
#include "vigil/exposition/series_parser.h"
#include "vigil/exposition/validate.h"

namespace vigil::exposition {
namespace {

std::filesystem::path suites() {
  const char* shared = std::getenv("VIGIL_SHARED");
  const std::filesystem::path root = shared != nullptr ? std::filesystem::path(shared)
                                                       : std::filesystem::path(VIGIL_TESTDATA "/../../../../../shared");
  return root.lexically_normal() / "conformance" / "openmetrics";
}

#define SKIP_IF_ABSENT(path)                                                                               \
  if (!FileSystem::real().exists(path)) {                                                                  \
    GTEST_SKIP() << "conformance data not found: " << (path) << "; set VIGIL_SHARED to the shared folder"; \
  }

std::string read(const std::filesystem::path& path) { return FileSystem::real().read_file(path).value(); }

// Reads a whole page as a scrape does, labels included; the first error or "".
std::string scrape(std::string_view page, Format format, std::size_t& samples) {
  PageParser parser(page, format);
  SeriesParser series;
  for (auto event = parser.next(); event != PageParser::Event::kEnd; event = parser.next()) {
    if (event == PageParser::Event::kError) return parser.error().message();
    if (event != PageParser::Event::kSample) continue;
    ++samples;
    if (const auto parsed = series.parse(parser.sample().series); !parsed) {
      return parser.error_at(parser.sample().series.data(), parsed.error().message()).message();
    }
  }
  return "";
}

TEST(Conformance, OpenMetricsParsers) {
  const auto directory = suites() / "parsers";
  SKIP_IF_ABSENT(directory);
  std::size_t matched = 0;
  std::size_t total = 0;
  const std::vector<std::string> names = FileSystem::real().list(directory).value();
  for (const std::string& name : names) {
    const bool should_parse = nlohmann::json::parse(read(directory / name / "test.json")).at("shouldParse");
    const auto parsed = validate_openmetrics(read(directory / name / "metrics"));
    ++total;
    if (parsed.has_value() == should_parse) {
      ++matched;
    } else {
      ADD_FAILURE() << name << (should_parse ? " is refused: " + parsed.error().message() : " is accepted");
    }
  }
  std::cout << "openmetrics/parsers: " << matched << " of " << total << " matched\n";
  EXPECT_GT(total, 0U);
}

TEST(Conformance, PrometheusText) {
  const auto directory = suites() / "prometheus_text";
  SKIP_IF_ABSENT(directory);
  // Lax results that differ from the strict ones, each with the reason.
  struct {
    std::string_view name;
    std::string_view why;
  } const accepted_when_lax[] = {
      {"from_test_parse_error_0", "a page may lack its last line break: Prometheus' scraper adds it"},
      {"from_test_parse_error_2", "Prometheus' lexer takes a line break inside quotes as part of the value"},
      {"from_test_parse_error_12", "repeated metadata: the last one wins"},
      {"from_test_parse_error_14", "types may follow their samples"},
  };
  std::size_t matched = 0;
  std::size_t total = 0;
  const std::vector<std::string> names = FileSystem::real().list(directory).value();
  for (const std::string& name : names) {
    const std::string page = read(directory / name);
    const bool good = name.find("error") == std::string::npos;
    const auto strict = validate_prometheus_text(page);
    ++total;
    if (strict.has_value() == good) {
      ++matched;
    } else {
      ADD_FAILURE() << name << (good ? " is refused: " + strict.error().message() : " is accepted");
    }
    bool lax_good = good;
    for (const auto& exception : accepted_when_lax) lax_good = lax_good || exception.name == name;
    std::size_t samples = 0;
    EXPECT_EQ(scrape(page, Format::kText, samples).empty(), lax_good) << name;
  }
  std::cout << "openmetrics/prometheus_text: " << matched << " of " << total << " matched\n";
  EXPECT_GT(total, 0U);
}

TEST(Conformance, RealExpositions) {
  const auto directory = suites() / "textparse_good";
  SKIP_IF_ABSENT(directory);
  std::size_t matched = 0;
  std::size_t total = 0;
  const std::vector<std::string> names = FileSystem::real().list(directory).value();
  for (const std::string& name : names) {
    const std::string page = read(directory / name);
    const bool openmetrics = name.find(".om.") != std::string::npos;
    std::size_t samples = 0;
    const std::string error = scrape(page, openmetrics ? Format::kOpenMetrics : Format::kText, samples);
    EXPECT_EQ(error, "") << name;
    const auto strict = openmetrics ? validate_openmetrics(page) : validate_prometheus_text(page);
    EXPECT_TRUE(strict) << name << ": " << (strict ? "" : strict.error().message());
    if (strict) {
      EXPECT_EQ(strict->samples, samples);
    }
    ++total;
    matched += error.empty() && strict ? 1 : 0;
  }
  std::cout << "openmetrics/textparse_good: " << matched << " of " << total << " matched, lax and strict\n";
  EXPECT_GT(total, 0U);
}

}  // namespace
}  // namespace vigil::exposition
