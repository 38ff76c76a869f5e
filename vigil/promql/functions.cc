#include "vigil/promql/functions.h"

#include <algorithm>
#include <array>

namespace vigil::promql {
namespace {

constexpr ValueType kS = ValueType::kScalar;
constexpr ValueType kV = ValueType::kVector;
constexpr ValueType kM = ValueType::kMatrix;
constexpr ValueType kT = ValueType::kString;
constexpr bool kExperimental = true;

// Sorted by name: find_function() searches by halves.
const std::array kFunctions = {
    Function{"abs", {kV}},
    Function{"absent", {kV}},
    Function{"absent_over_time", {kM}},
    Function{"acos", {kV}},
    Function{"acosh", {kV}},
    Function{"asin", {kV}},
    Function{"asinh", {kV}},
    Function{"atan", {kV}},
    Function{"atanh", {kV}},
    Function{"avg_over_time", {kM}},
    Function{"ceil", {kV}},
    Function{"changes", {kM}},
    Function{"clamp", {kV, kS, kS}},
    Function{"clamp_max", {kV, kS}},
    Function{"clamp_min", {kV, kS}},
    Function{"cos", {kV}},
    Function{"cosh", {kV}},
    Function{"count_over_time", {kM}},
    Function{"day_of_month", {kV}, 1},
    Function{"day_of_week", {kV}, 1},
    Function{"day_of_year", {kV}, 1},
    Function{"days_in_month", {kV}, 1},
    Function{"deg", {kV}},
    Function{"delta", {kM}},
    Function{"deriv", {kM}},
    Function{"double_exponential_smoothing", {kM, kS, kS}, 0, kV, kExperimental},
    Function{"end", {}, 0, kS, kExperimental},
    Function{"exp", {kV}},
    Function{"first_over_time", {kM}},
    Function{"floor", {kV}},
    Function{"histogram_avg", {kV}},
    Function{"histogram_count", {kV}},
    Function{"histogram_fraction", {kS, kS, kV}},
    Function{"histogram_quantile", {kS, kV}},
    Function{"histogram_quantiles", {kV, kT, kS, kS, kS, kS, kS, kS, kS, kS, kS, kS}, 9, kV, kExperimental},
    Function{"histogram_stddev", {kV}},
    Function{"histogram_stdvar", {kV}},
    Function{"histogram_sum", {kV}},
    Function{"hour", {kV}, 1},
    Function{"idelta", {kM}},
    Function{"increase", {kM}},
    Function{"info", {kV, kV}, 1, kV, kExperimental},
    Function{"irate", {kM}},
    Function{"label_join", {kV, kT, kT, kT}, -1},
    Function{"label_replace", {kV, kT, kT, kT, kT}},
    Function{"last_over_time", {kM}},
    Function{"ln", {kV}},
    Function{"log10", {kV}},
    Function{"log2", {kV}},
    Function{"mad_over_time", {kM}, 0, kV, kExperimental},
    Function{"max_of", {kS, kS}, 0, kS, kExperimental},
    Function{"max_over_time", {kM}},
    Function{"min_of", {kS, kS}, 0, kS, kExperimental},
    Function{"min_over_time", {kM}},
    Function{"minute", {kV}, 1},
    Function{"month", {kV}, 1},
    Function{"pi", {}, 0, kS},
    Function{"predict_linear", {kM, kS}},
    Function{"present_over_time", {kM}},
    Function{"quantile_over_time", {kS, kM}},
    Function{"rad", {kV}},
    Function{"range", {}, 0, kS, kExperimental},
    Function{"rate", {kM}},
    Function{"resets", {kM}},
    Function{"round", {kV, kS}, 1},
    Function{"scalar", {kV}, 0, kS},
    Function{"sgn", {kV}},
    Function{"sin", {kV}},
    Function{"sinh", {kV}},
    Function{"sort", {kV}},
    Function{"sort_by_label", {kV, kT}, -1, kV, kExperimental},
    Function{"sort_by_label_desc", {kV, kT}, -1, kV, kExperimental},
    Function{"sort_desc", {kV}},
    Function{"sqrt", {kV}},
    Function{"start", {}, 0, kS, kExperimental},
    Function{"start_timestamp", {kV}, 0, kV, kExperimental},
    Function{"stddev_over_time", {kM}},
    Function{"stdvar_over_time", {kM}},
    Function{"step", {}, 0, kS, kExperimental},
    Function{"sum_over_time", {kM}},
    Function{"tan", {kV}},
    Function{"tanh", {kV}},
    Function{"time", {}, 0, kS},
    Function{"timestamp", {kV}},
    Function{"ts_of_first_over_time", {kM}, 0, kV, kExperimental},
    Function{"ts_of_last_over_time", {kM}, 0, kV, kExperimental},
    Function{"ts_of_max_over_time", {kM}, 0, kV, kExperimental},
    Function{"ts_of_min_over_time", {kM}, 0, kV, kExperimental},
    Function{"vector", {kS}},
    Function{"year", {kV}, 1},
};

}  // namespace

const Function* find_function(std::string_view name) {
  const auto found = std::ranges::lower_bound(kFunctions, name, {}, &Function::name);
  return found != kFunctions.end() && found->name == name ? &*found : nullptr;
}

std::span<const Function> all_functions() { return kFunctions; }

}  // namespace vigil::promql
