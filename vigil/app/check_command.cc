// vigil check: is this file good before a server reads it?
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "vigil/app/commands.h"
#include "vigil/app/terminal.h"
#include "vigil/base/file_system.h"
#include "vigil/check/config_check.h"
#include "vigil/check/metrics_lint.h"
#include "vigil/rules/check.h"

namespace vigil::app {
namespace {

constexpr int kFailed = 1;
constexpr int kLint = 3;

struct CheckArguments {
  std::vector<std::string> files;
  bool syntax_only = false;
  bool lint_fatal = false;
};

void say(Style style, const std::string& word, const std::string& text) {
  print_line("  " + styled(style, word) + ": " + text);
}

// Exit codes get worse, never better.
void worsen(int& exit_code, int code) {
  if (exit_code == 0 || code == kFailed) exit_code = code;
}

void check_rule_file(const std::string& file, bool lint_fatal, int& exit_code) {
  print_line("Checking " + file);
  const auto text = FileSystem::real().read_file(file);
  if (!text) {
    say(Style::kBad, "FAILED", text.error().message());
    return worsen(exit_code, kFailed);
  }
  const auto checked = rules::check_rules(*text, file);
  if (!checked) {
    say(Style::kBad, "FAILED", checked.error().message());
    return worsen(exit_code, kFailed);
  }
  for (const auto& finding : checked->lint) {
    say(Style::kWarn, "lint", finding);
    if (lint_fatal) worsen(exit_code, kLint);
  }
  say(Style::kGood, "SUCCESS", std::to_string(checked->rules) + " rules found");
}

void check_config_file(const std::string& file, const CheckArguments& arguments, int& exit_code) {
  print_line("Checking " + file);
  const auto checked = check::check_config(file, arguments.syntax_only, FileSystem::real());
  if (!checked) {
    say(Style::kBad, "FAILED", checked.error().message());
    return worsen(exit_code, kFailed);
  }
  for (const auto& problem : checked->problems) {
    say(Style::kBad, "FAILED", problem);
    worsen(exit_code, kFailed);
  }
  for (const auto& finding : checked->lint) {
    say(Style::kWarn, "lint", finding);
    if (arguments.lint_fatal) worsen(exit_code, kLint);
  }
  if (checked->problems.empty()) say(Style::kGood, "SUCCESS", file + " is valid");
  for (const auto& rules : checked->rule_files) check_rule_file(rules, arguments.lint_fatal, exit_code);
}

std::string read_standard_input() {
  std::string text;
  char buffer[65536];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, stdin)) text.append(buffer, got);
  return text;
}

void check_metrics(int& exit_code) {
  const auto findings = check::lint_metrics(read_standard_input());
  if (!findings) {
    print_error("standard input: " + findings.error().message());
    exit_code = kFailed;
    return;
  }
  for (const auto& finding : *findings) print_line(styled(Style::kBold, finding.metric) + " " + finding.text);
  if (!findings->empty()) exit_code = kLint;
}

}  // namespace

void add_check_command(CLI::App& root, int& exit_code) {
  auto arguments = std::make_shared<CheckArguments>();
  CLI::App* check = root.add_subcommand("check", "Check files before a server reads them");
  check->require_subcommand(1);
  check->footer(
      "Exit codes: 0 good, 1 failed, 2 usage, 3 lint findings.\n"
      "Examples:\n"
      "  vigil check config prometheus.yml\n"
      "  vigil check rules --lint-fatal rules/*.yml\n"
      "  vigil check metrics < page.txt");

  CLI::App* config = check->add_subcommand("config", "prometheus.yml, and the rule and credential files it names");
  config->add_option("files", arguments->files, "Configuration files")->required();
  config->add_flag("--syntax-only", arguments->syntax_only, "Do not look for the files that are named");
  config->add_flag("--lint-fatal", arguments->lint_fatal, "Exit with 3 on lint findings");
  config->callback([arguments, &exit_code] {
    for (const auto& file : arguments->files) check_config_file(file, *arguments, exit_code);
  });

  CLI::App* rules = check->add_subcommand("rules", "Rule files");
  rules->add_option("files", arguments->files, "Rule files")->required();
  rules->add_flag("--lint-fatal", arguments->lint_fatal, "Exit with 3 on lint findings");
  rules->callback([arguments, &exit_code] {
    for (const auto& file : arguments->files) check_rule_file(file, arguments->lint_fatal, exit_code);
  });

  CLI::App* targets = check->add_subcommand("sd-file", "Files of target groups, as file_sd_configs reads them");
  targets->add_option("files", arguments->files, "JSON or YAML files")->required();
  targets->callback([arguments, &exit_code] {
    for (const auto& file : arguments->files) {
      const auto count = check::check_target_file(file, FileSystem::real());
      if (count) {
        say(Style::kGood, "SUCCESS", file + ": " + std::to_string(*count) + " targets");
      } else {
        say(Style::kBad, "FAILED", count.error().message());
        worsen(exit_code, kFailed);
      }
    }
  });

  add_pack_check(*check, exit_code);

  CLI::App* metrics =
      check->add_subcommand("metrics", "A page of metrics on standard input: does it parse, is it idiomatic?");
  metrics->callback([&exit_code] { check_metrics(exit_code); });
}

}  // namespace vigil::app
