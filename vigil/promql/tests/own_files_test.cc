// Tables of our own: one file per point that reimplementations of PromQL get wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "vigil/promql/test_file.h"

namespace vigil::promql {
namespace {

constexpr std::size_t kPoints = 21;
constexpr std::size_t kRowsPerPoint = 5;

std::vector<std::filesystem::path> files() {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(VIGIL_TESTDATA)) {
    if (entry.path().extension() == ".test") found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream stream(path);
  std::stringstream content;
  content << stream.rdbuf();
  return content.str();
}

TEST(OwnFiles, EveryRowPasses) {
  for (const auto& path : files()) {
    const TestFileResult result = run_test_file(path.filename().string(), content_of(path));
    for (const TestFileFailure& failure : result.failures) {
      ADD_FAILURE() << path.filename().string() << ":" << failure.line << ": " << failure.message;
    }
  }
}

TEST(OwnFiles, EveryPointHasRows) {
  const auto all = files();
  for (std::size_t point = 1; point <= kPoints; ++point) {
    const std::string prefix = (point < 10 ? "0" : "") + std::to_string(point) + "_";
    const auto found =
        std::ranges::find_if(all, [&](const auto& path) { return path.filename().string().starts_with(prefix); });
    ASSERT_NE(found, all.end()) << "no file " << prefix << "*.test";
    EXPECT_GE(run_test_file(prefix, content_of(*found)).total(), kRowsPerPoint) << *found;
  }
}

}  // namespace
}  // namespace vigil::promql
