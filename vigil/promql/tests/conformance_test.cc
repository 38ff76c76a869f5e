// Prometheus' own PromQL files, read from the shared folder.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "vigil/promql/test_file.h"

namespace vigil::promql {
namespace {

std::filesystem::path shared_folder() {
  if (const char* path = std::getenv("VIGIL_SHARED")) return path;
  return std::filesystem::path(VIGIL_TESTDATA).parent_path().parent_path().parent_path().parent_path().parent_path() /
         "shared";
}

struct File {
  const char* name;
  std::size_t core;  // evaluations as README.md of the folder counts them
};

constexpr File kFiles[] = {
    {"aggregators", 136},  {"functions", 264}, {"histograms", 82},     {"literals", 25},      {"native_histograms", 4},
    {"range_queries", 14}, {"selectors", 31},  {"trig_functions", 19}, {"type_and_unit", 58},
};

TEST(Conformance, CoreEvaluationsOfPrometheusFilesPass) {
  const auto folder = shared_folder() / "conformance" / "promql";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "no conformance files: " << folder << " (set VIGIL_SHARED to the shared folder)";
  }
  const bool verbose = std::getenv("VIGIL_VERBOSE") != nullptr;
  for (const File& file : kFiles) {
    std::ifstream stream(folder / (std::string(file.name) + ".test"));
    std::stringstream content;
    content << stream.rdbuf();
    const TestFileResult result = run_test_file(file.name, content.str());
    std::cout << file.name << ": " << result.core_passed << " of " << result.core_passed + result.core_failed
              << " core, " << result.passed << " of " << result.total() << " in all\n";
    EXPECT_EQ(result.core_passed, file.core) << file.name;
    for (const TestFileFailure& failure : result.failures) {
      EXPECT_FALSE(failure.core) << file.name << ".test:" << failure.line << ": " << failure.message;
      if (verbose) std::cout << "  " << file.name << ".test:" << failure.line << ": " << failure.message << "\n";
    }
  }
}

}  // namespace
}  // namespace vigil::promql
