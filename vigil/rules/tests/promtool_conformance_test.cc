// promtool's own test files and verdicts (conformance/promtool): check rules, test rules, rulefmt.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "vigil/base/file_system.h"
#include "vigil/rules/check.h"
#include "vigil/rules/unit_test.h"

namespace vigil::rules {
namespace {

std::string directory() {
  const char* set = std::getenv("VIGIL_SHARED");
  const std::filesystem::path shared =
      set != nullptr ? std::filesystem::path(set) : std::filesystem::path(VIGIL_TESTDATA) / "../../../../../shared";
  return (shared / "conformance/promtool").lexically_normal().string();
}

nlohmann::json read_json(const std::string& path) {
  const auto text = FileSystem::real().read_file(path);
  return text ? nlohmann::json::parse(*text) : nlohmann::json();
}

int exit_code_of_check(const std::string& path, bool lint_fatal) {
  const auto checked = check_rules(FileSystem::real().read_file(path).value(), path);
  if (!checked) return 1;
  return lint_fatal && !checked->lint.empty() ? 3 : 0;
}

TEST(PromtoolConformance, Commands) {
  const auto cases = read_json(directory() + "/expectations.json");
  if (cases.is_null()) GTEST_SKIP() << "conformance data is missing: " << directory() << " (set VIGIL_SHARED)";
  int matched = 0;
  int differing = 0;
  for (const auto& each : cases) {
    const std::string command = each["cmd"];
    if (command != "test rules" && command != "check rules") continue;
    const std::string file = directory() + "/" + each["file"].get<std::string>();
    std::string detail;
    bool lint_fatal = false;
    UnitTestOptions options;
    for (const std::string& argument : each.value("args", std::vector<std::string>())) {
      if (argument.starts_with("--run=")) options.run.push_back(argument.substr(6));
      options.ignore_unknown_fields = options.ignore_unknown_fields || argument == "--ignore-unknown-fields";
      lint_fatal = lint_fatal || argument == "--lint-fatal";
    }
    int exit_code = 0;
    if (command == "check rules") {
      exit_code = exit_code_of_check(file, lint_fatal);
    } else {
      const UnitTestReport report = run_unit_tests(FileSystem::real(), file, options);
      exit_code = report.passed() ? 0 : 1;
      detail = report.to_string();
    }
    EXPECT_EQ(exit_code, each["exit"].get<int>()) << each.dump() << "\n" << detail;
    ++(exit_code == each["exit"].get<int>() ? matched : differing);
  }
  std::printf("promtool check rules, test rules: %d matched, %d differing\n", matched, differing);
}

TEST(PromtoolConformance, RuleFormat) {
  const auto cases = read_json(directory() + "/rulefmt/expectations.json");
  if (cases.is_null()) GTEST_SKIP() << "conformance data is missing: " << directory() << " (set VIGIL_SHARED)";
  int matched = 0;
  for (const auto& [file, expected] : cases.items()) {
    const std::string path = directory() + "/rulefmt/" + file;
    const auto parsed = parse_rule_file(FileSystem::real().read_file(path).value(), path);
    const std::string message = parsed ? "" : parsed.error().message();
    const bool good =
        expected.is_null() ? parsed.has_value() : message.find(expected.get<std::string>()) != std::string::npos;
    EXPECT_TRUE(good) << file << ": " << message;
    matched += good ? 1 : 0;
  }
  std::printf("rulefmt: %d matched of %zu\n", matched, cases.size());
}

TEST(PromtoolConformance, ReportReadsLikePromtools) {
  if (!FileSystem::real().exists(directory())) GTEST_SKIP() << "conformance data is missing: " << directory();
  const UnitTestReport report = run_unit_tests(FileSystem::real(), directory() + "/failing.yml");
  EXPECT_EQ(report.to_string(), "Unit Testing:  " + directory() + R"(/failing.yml
  FAILED:
    name: Failing test,
    alertname: Test, time: 0s, 
        exp:[
            0:
              Labels:{alertname="Test"}
              Annotations:{}
            ], 
        got:[]
    name: Failing test,
    expr: "test", time: 0s,
        exp: test 1E+00
        got: test 0E+00
    name: Failing alert test,
    alertname: InstanceDown, time: 5m, 
        exp:[], 
        got:[
            0:
              Labels:{alertname="InstanceDown", job="test", severity="page"}
              Annotations:{description=" of job test has been down for more than 5 minutes.", summary="Instance  down"}
            ]
    name: Failing alert test,
    alertname: AlwaysFiring, time: 5m, 
        exp:[], 
        got:[
            0:
              Labels:{alertname="AlwaysFiring"}
              Annotations:{}
            ]
)");
}

}  // namespace
}  // namespace vigil::rules
