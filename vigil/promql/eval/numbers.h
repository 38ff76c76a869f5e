// Arithmetic and number formats that PromQL prescribes.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string>

namespace vigil::promql {

// Compensated summation: A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur
// Summation endlicher Summen", ZAMM 54 (1974), the variant of Kahan's and Babuška's
// that survives terms larger than the sum. The total is sum + compensation.
//
// The error of each addition is taken by Knuth's TwoSum, which needs no branch on
// magnitude. Once the sum is infinite the compensation is dropped: Inf stays Inf
// rather than becoming Inf + NaN.
inline void kahan_add(double value, double& sum, double& compensation) {
  const double total = sum + value;
  const double virtual_value = total - sum;
  const double error = (sum - (total - virtual_value)) + (value - virtual_value);
  compensation = std::isinf(total) ? 0 : compensation + error;
  sum = total;
}

struct KahanSum {
  double sum = 0;
  double compensation = 0;

  void add(double value) { kahan_add(value, sum, compensation); }
  double total() const { return std::isinf(sum) ? sum : sum + compensation; }
};

// The mean of `values` (not empty): sum / count, or an incremental mean from where
// the sum would overflow.
double mean(std::span<const double> values);

// The φ-quantile by linear interpolation at φ(n-1); NaN sorts lowest. Reorders
// `values`, which must not be empty. φ < 0: -Inf, φ > 1: +Inf, φ NaN: NaN.
double quantile(double phi, std::span<double> values);

// Go's %g: shortest digits, or `precision` significant ones.
std::string format_g(double value, int precision = -1);
// Go's FormatFloat(v, 'f', -1): shortest digits, never an exponent.
std::string format_f(double value);

// A float as a timestamp or an integer the way Go converts it on amd64: towards
// zero, and the smallest int64 for what does not fit.
std::int64_t to_int64(double value);

}  // namespace vigil::promql
