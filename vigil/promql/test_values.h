// The notation for series and their values that Prometheus' test files and promtool's
// unit tests share: `up{job="a"} 1 2+1x3 _ stale {{count:1}}x2`.
#pragma once

#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/model/labels.h"
#include "vigil/model/native_histogram.h"

namespace vigil::promql {

struct TestValue {
  bool omitted = false;    // `_`
  double value = 0;        // of floats; the staleness marker for `stale`
  HistogramPtr histogram;  // of `{{…}}`
  // The histogram was written with a counter_reset_hint: compare it.
  bool hint_given = false;
};

struct TestSeries {
  Labels labels;
  std::vector<TestValue> values;
};

// At most this many values in one sequence: `1x999999999` must not eat the memory.
inline constexpr std::size_t kMaxTestValues = 10'000'000;

// "1 2+1x3 _x2": one entry per timestamp.
Result<std::vector<TestValue>> parse_test_values(std::string_view text);
// `name{l="v"} values`.
Result<TestSeries> parse_test_series(std::string_view line);

// Two histograms as these files compare them: compacted, numbers nearly equal, the
// counter reset hint only if asked for.
bool histograms_nearly_equal(const NativeHistogram& expected, const NativeHistogram& actual, bool compare_hint);
// Equal but for 1e-6 of their size; NaN equals NaN, the staleness marker only itself.
bool nearly_equal(double expected, double actual);

}  // namespace vigil::promql
