// vigil test: unit tests of rules, and Prometheus' own tests of PromQL.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "vigil/app/commands.h"
#include "vigil/app/terminal.h"
#include "vigil/base/file_system.h"
#include "vigil/promql/test_file.h"
#include "vigil/rules/unit_test.h"

namespace vigil::app {
namespace {

struct TestArguments {
  std::vector<std::string> files;
  std::vector<std::string> run;
  bool ignore_unknown_fields = false;
  bool all = false;
};

std::string cell(std::size_t number, Style style) { return number == 0 ? "0" : styled(style, std::to_string(number)); }

// Core evaluations decide; those that need native histograms or experimental functions
// are shown beside them, and count with --all.
int test_promql(const TestArguments& arguments) {
  Table table({{"FILE"},
               {"CORE PASSED", Table::Align::kRight},
               {"CORE FAILED", Table::Align::kRight},
               {"OTHER PASSED", Table::Align::kRight},
               {"OTHER FAILED", Table::Align::kRight}});
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::string failures;
  for (const std::string& file : arguments.files) {
    const auto text = FileSystem::real().read_file(file);
    if (!text) {
      print_error(text.error().message());
      return 1;
    }
    const auto result = promql::run_test_file(file, *text);
    const std::size_t other_passed = result.passed - result.core_passed;
    const std::size_t other_failed = result.failed - result.core_failed;
    table.row({std::filesystem::path(file).filename().string(), cell(result.core_passed, Style::kGood),
               cell(result.core_failed, Style::kBad), cell(other_passed, Style::kPlain),
               cell(other_failed, Style::kDim)});
    passed += arguments.all ? result.passed : result.core_passed;
    failed += arguments.all ? result.failed : result.core_failed;
    for (const auto& failure : result.failures) {
      if (failure.core || arguments.all)
        failures += file + ":" + std::to_string(failure.line) + ": " + failure.message + "\n";
    }
  }
  print(failures);
  print(table.to_string());
  print_line(std::to_string(passed) + " passed, " + std::to_string(failed) + " failed");
  return failed == 0 ? 0 : 1;
}

}  // namespace

void add_test_command(CLI::App& root, int& exit_code) {
  auto arguments = std::make_shared<TestArguments>();
  CLI::App* test = root.add_subcommand("test", "Run unit tests of rules, or of PromQL itself");
  test->require_subcommand(1);
  test->footer(
      "Examples:\n"
      "  vigil test rules rules/tests/*.yml\n"
      "  vigil test promql testdata/*.test");

  CLI::App* rules = test->add_subcommand("rules", "Unit-test files in promtool's format");
  rules->add_option("files", arguments->files, "Test files")->required();
  rules->add_option("--run", arguments->run, "Only test groups whose name matches this regular expression; repeatable")
      ->take_all();
  rules->add_flag("--ignore-unknown-fields", arguments->ignore_unknown_fields,
                  "Do not fail on keys that are not known");
  rules->callback([arguments, &exit_code] {
    rules::UnitTestOptions options;
    options.run = arguments->run;
    options.ignore_unknown_fields = arguments->ignore_unknown_fields;
    for (const std::string& file : arguments->files) {
      const auto report = rules::run_unit_tests(FileSystem::real(), file, options);
      print_line(report.to_string());
      if (!report.passed()) exit_code = 1;
    }
  });

  CLI::App* promql = test->add_subcommand("promql", "Files in the .test language of Prometheus' own engine tests");
  promql->add_option("files", arguments->files, ".test files")->required();
  promql->add_flag("--all", arguments->all,
                   "Count evaluations that need native histograms or experimental functions too");
  promql->callback([arguments, &exit_code] { exit_code = test_promql(*arguments); });
}

}  // namespace vigil::app
