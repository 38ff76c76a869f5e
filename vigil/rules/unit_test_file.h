// The content of a unit-test file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/model/labels.h"

namespace vigil::rules {

struct ExpectedAlert {
  Labels labels;  // alertname included
  Labels annotations;
  friend auto operator<=>(const ExpectedAlert&, const ExpectedAlert&) = default;
};

struct AlertTest {
  Duration eval_time = 0;
  std::string alertname;
  std::vector<ExpectedAlert> expected;
};

struct ExpectedSample {
  std::string labels;  // as written
  double value = 0;
  std::string histogram;  // "{{…}}" or ""
};

struct ExpressionTest {
  std::string expression;
  Duration eval_time = 0;
  std::vector<ExpectedSample> expected;
};

struct InputSeries {
  std::string series;
  std::string values;
};

struct TestGroup {
  std::string name;
  Duration interval = 0;  // between input values; 0: the evaluation interval
  std::vector<InputSeries> input;
  std::vector<AlertTest> alerts;
  std::vector<ExpressionTest> expressions;
  Labels external_labels;
  std::string external_url;

  Duration last_eval_time() const;
};

struct UnitTestFile {
  std::vector<std::string> rule_files;
  Duration evaluation_interval = kMinute;
  std::vector<std::string> group_eval_order;
  bool fuzzy_compare = false;
  std::vector<TestGroup> tests;
};

Result<UnitTestFile> parse_unit_test_file(std::string_view text, const std::string& name, bool ignore_unknown_fields);

}  // namespace vigil::rules
