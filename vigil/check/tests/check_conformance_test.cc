// promtool's `check config` and `check sd-file` cases.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "vigil/base/file_system.h"
#include "vigil/check/config_check.h"
#include "vigil/rules/check.h"

namespace vigil::check {
namespace {

namespace fs = std::filesystem;

struct Outcome {
  int exit_code = 0;
  std::string text;
};

Outcome run(const std::string& command, const fs::path& file, bool syntax_only, bool lint_fatal) {
  Outcome outcome;
  if (command == "check sd-file") {
    const auto targets = check_target_file(file, FileSystem::real());
    if (!targets) outcome = {1, targets.error().message()};
    return outcome;
  }
  const auto checked = check_config(file, syntax_only, FileSystem::real());
  if (!checked) return {1, checked.error().message()};
  for (const auto& problem : checked->problems) outcome = {1, outcome.text + problem + "\n"};
  for (const auto& rules : checked->rule_files) {
    const auto text = FileSystem::real().read_file(rules);
    const auto result = text ? rules::check_rules(*text, rules) : std::unexpected(text.error());
    if (!result) outcome = {1, outcome.text + result.error().message()};
    if (result && !result->lint.empty() && lint_fatal && outcome.exit_code == 0) outcome.exit_code = 3;
  }
  return outcome;
}

TEST(CheckConformance, PromtoolCheckConfigAndTargetFiles) {
  const char* set = std::getenv("VIGIL_SHARED");
  const fs::path folder =
      (set != nullptr ? fs::path(set) : fs::path(VIGIL_SOURCE_DIR) / ".." / "shared") / "conformance/promtool";
  if (!fs::exists(folder)) GTEST_SKIP() << "no " << folder << " (VIGIL_SHARED)";
  std::ifstream stream(folder / "expectations.json");
  int matched = 0;
  int differing = 0;
  for (const auto& expected : nlohmann::json::parse(stream)) {
    const std::string command = expected["cmd"];
    if (command != "check config" && command != "check sd-file") continue;
    bool syntax_only = false;
    bool lint_fatal = false;
    for (const auto& argument : expected.value("args", nlohmann::json::array())) {
      syntax_only = syntax_only || argument == "--syntax-only";
      lint_fatal = lint_fatal || argument == "--lint-fatal";
    }
    const std::string file = expected["file"];
    const Outcome outcome = run(command, folder / file, syntax_only, lint_fatal);
    bool good;
    if (expected.contains("exit")) {
      good = outcome.exit_code == expected["exit"].get<int>();
    } else if (expected["error"].is_null()) {
      good = outcome.exit_code == 0;
    } else {
      good = outcome.exit_code == 1 && outcome.text.contains(expected["error"].get<std::string>());
    }
    (good ? matched : differing) += 1;
    EXPECT_TRUE(good) << command << " " << file << ": expected " << expected.dump() << "\ngot " << outcome.exit_code
                      << " " << outcome.text;
  }
  std::cout << "promtool check config, check sd-file: " << matched << " matched, " << differing << " differing\n";
}

}  // namespace
}  // namespace vigil::check
