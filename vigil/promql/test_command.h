// The commands of a `.test` file, read but not run.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/promql/test_values.h"

namespace vigil::promql {

struct TestClear {};

struct TestLoad {
  Duration step = 0;
  bool with_nhcb = false;  // classic histograms are loaded as native ones too
  std::vector<TestSeries> series;
};

// One `expect …` line about annotations or failure: any text, this text, or a regex.
struct TextExpectation {
  enum class Kind { kAny, kText, kRegex };
  Kind kind = Kind::kAny;
  std::string text;
};

struct TestEval {
  bool is_range = false;
  Timestamp start = 0;  // the evaluation time of an instant query
  Timestamp end = 0;
  Duration step = 0;
  std::string expression;

  std::optional<TextExpectation> fail;
  std::vector<TextExpectation> warnings;
  std::vector<TextExpectation> infos;
  bool no_warnings = false;
  bool no_infos = false;
  bool ordered = false;
  std::optional<double> scalar;
  std::optional<std::string> text;  // expect string
  bool range_vector = false;        // expect range vector: points at start, start+step, … <= end
  Timestamp vector_start = 0;
  Timestamp vector_end = 0;
  Duration vector_step = 0;
  std::vector<TestSeries> series;
  bool mentions_histogram = false;  // `{{` in the query or the block
};

struct TestCommand {
  std::size_t line = 0;  // 1-based
  std::variant<TestClear, TestLoad, TestEval> what;
};

// The error carries the line in its text; `commands` has what came before it.
Result<void> read_test_commands(std::string_view content, std::vector<TestCommand>& commands, std::size_t& error_line);

}  // namespace vigil::promql
