// promtool's unit tests for rules (`vigil test rules`): input series, then the alerts
// and query results they must give, over virtual time.
//
// Format: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/file_system.h"
#include "vigil/promql/parser.h"

namespace vigil::rules {

struct UnitTestOptions {
  // Regular expressions (RE2, anywhere in the name); only tests whose name matches one run. Empty: all.
  std::vector<std::string> run;
  bool ignore_unknown_fields = false;
  promql::ParserOptions parser;
};

struct UnitTestCase {
  std::string name;                   // of the test, or "unnamed#1"
  std::vector<std::string> failures;  // as promtool prints them, with indentation
};

struct UnitTestReport {
  std::string file;
  // What kept the file from running at all: bad YAML, a bad pattern, a missing rule file.
  std::string error;
  std::vector<std::string> warnings;  // a pattern of rule_files that matches nothing
  std::vector<UnitTestCase> cases;    // those that ran

  bool passed() const;
  // "Unit Testing:  file\n  SUCCESS\n" or "  FAILED:\n…", as promtool prints it.
  std::string to_string() const;
};

// Rule files are found relative to the directory of `file`.
UnitTestReport run_unit_tests(FileSystem& file_system, const std::string& file, const UnitTestOptions& options = {});

}  // namespace vigil::rules
