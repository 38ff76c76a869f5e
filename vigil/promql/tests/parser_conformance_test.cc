// Every expression of the shared conformance, rule and benchmark files parses, and
// prints to a text that reads back as the same tree.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "vigil/promql/parser.h"

namespace vigil::promql {
namespace {

namespace fs = std::filesystem;

constexpr ParserOptions kEverything{.experimental_functions = true,
                                    .extended_range_selectors = true,
                                    .binop_fill_modifiers = true,
                                    .duration_expressions = true};

fs::path shared() {
  if (const char* path = std::getenv("VIGIL_SHARED")) return path;
  return fs::path(VIGIL_SOURCE_DIR) / "../shared";
}

struct Line {
  std::string where;
  std::string text;
};

std::vector<Line> lines_of(const fs::path& file) {
  std::ifstream in(file);
  std::vector<Line> lines;
  std::string text;
  for (int number = 1; std::getline(in, text); ++number) {
    lines.push_back({file.filename().string() + ":" + std::to_string(number), text});
  }
  return lines;
}

std::vector<fs::path> files(const fs::path& folder, const std::string& suffix) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().string().ends_with(suffix)) found.push_back(entry.path());
  }
  return found;
}

void expect_stable(const Line& line) {
  const auto parsed = parse(line.text, kEverything);
  ASSERT_TRUE(parsed.has_value()) << line.where << ": " << line.text << "\n" << parsed.error().message();
  const std::string printed = to_string(**parsed);
  const auto again = parse(printed, kEverything);
  ASSERT_TRUE(again.has_value()) << line.where << ": " << printed << "\n" << again.error().message();
  EXPECT_EQ(to_string(**again), printed) << line.where;
  EXPECT_EQ(to_string(*clone(**parsed)), printed) << line.where;
  const auto broken = parse(pretty(**parsed), kEverything);
  ASSERT_TRUE(broken.has_value()) << line.where << ": " << pretty(**parsed) << "\n" << broken.error().message();
  EXPECT_EQ(to_string(**broken), printed) << line.where;
}

TEST(ParserConformance, EvalLinesOfTheTestFiles) {
  const auto tests = files(shared() / "conformance/promql", ".test");
  if (tests.empty()) GTEST_SKIP() << "no conformance/promql/*.test in " << shared() << ": set VIGIL_SHARED";
  const std::regex eval(R"(^\s*eval(_\w+)?\s+(instant\s+at\s+\S+|range\s+from\s+\S+\s+to\s+\S+\s+step\s+\S+)\s+(.*)$)");
  int count = 0;
  for (const auto& file : tests) {
    for (Line line : lines_of(file)) {
      std::smatch match;
      if (!std::regex_match(line.text, match, eval)) continue;
      line.text = match[3];
      expect_stable(line);
      ++count;
    }
  }
  EXPECT_EQ(count, 1449);
}

// `expr: …` and `expr: |` blocks; enough YAML for these files.
TEST(ParserConformance, RuleFiles) {
  const auto rules = files(shared() / "domain-scripts", ".rules.yml");
  if (rules.empty()) GTEST_SKIP() << "no domain-scripts/*.rules.yml in " << shared() << ": set VIGIL_SHARED";
  const std::regex expr(R"(^(\s*(?:- )?)expr:\s*(.*)$)");
  int count = 0;
  for (const auto& file : rules) {
    const auto lines = lines_of(file);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::smatch match;
      if (!std::regex_match(lines[i].text, match, expr)) continue;
      Line line{lines[i].where, match[2]};
      if (line.text.starts_with("|") || line.text.starts_with(">")) {
        line.text.clear();
        const std::size_t indent = match[1].length();
        while (i + 1 < lines.size() && lines[i + 1].text.find_first_not_of(' ') > indent)
          line.text += lines[++i].text + "\n";
      } else if (line.text.starts_with("'")) {
        line.text = std::regex_replace(line.text.substr(1, line.text.rfind('\'') - 1), std::regex("''"), "'");
      } else if (line.text.starts_with("\"")) {
        line.text = std::regex_replace(line.text.substr(1, line.text.rfind('"') - 1), std::regex(R"(\\(["\\]))"), "$1");
      }
      expect_stable(line);
      ++count;
    }
  }
  EXPECT_GT(count, 100);
}

TEST(ParserConformance, BenchmarkQueries) {
  const auto lines = lines_of(shared() / "bench/server/queries.txt");
  if (lines.empty()) GTEST_SKIP() << "no bench/server/queries.txt in " << shared() << ": set VIGIL_SHARED";
  int count = 0;
  for (Line line : lines) {
    if (line.text.empty() || line.text.starts_with("#")) continue;
    if (const std::size_t tab = line.text.find('\t'); tab != std::string::npos) line.text = line.text.substr(tab + 1);
    if (line.text.starts_with("/")) continue;  // an API path
    expect_stable(line);
    ++count;
  }
  EXPECT_GT(count, 5);
}

}  // namespace
}  // namespace vigil::promql
