// Whether a query did what a test file says.
#pragma once

#include "vigil/base/error.h"
#include "vigil/promql/test_command.h"
#include "vigil/promql/value.h"

namespace vigil::promql {

// Each gives an error that says what was expected and what was found.
Result<void> check_failure(const TextExpectation& expected, const Error& error);
Result<void> check_annotations(const TestEval& eval, const Annotations& annotations);
Result<void> check_value(const TestEval& eval, const Value& value);
// The instant value of `eval` against the points at `at` of the same query as a range.
Result<void> check_middle_step(const TestEval& eval, const Matrix& matrix, Timestamp at);

}  // namespace vigil::promql
