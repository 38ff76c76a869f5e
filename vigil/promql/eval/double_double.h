// Numbers of about 106 bits as unevaluated sums of two doubles: T. J. Dekker, "A
// floating-point technique for extending the available precision", Numer. Math. 18
// (1971); TwoSum is D. E. Knuth's. Used for running sums whose differences must be as
// exact as summing each window by itself.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace vigil::promql {

struct DoubleDouble {
  double high = 0;
  double low = 0;
};

inline DoubleDouble two_sum(double a, double b) {
  const double sum = a + b;
  const double virtual_b = sum - a;
  return {sum, (a - (sum - virtual_b)) + (b - virtual_b)};
}
inline DoubleDouble renormalised(double high, double low) {
  const double sum = high + low;
  return {sum, low - (sum - high)};
}
inline DoubleDouble add(const DoubleDouble& a, const DoubleDouble& b) {
  const DoubleDouble high = two_sum(a.high, b.high);
  const DoubleDouble low = two_sum(a.low, b.low);
  const DoubleDouble middle = renormalised(high.high, high.low + low.high);
  return renormalised(middle.high, middle.low + low.low);
}
inline DoubleDouble subtract(const DoubleDouble& a, const DoubleDouble& b) { return add(a, {-b.high, -b.low}); }
inline DoubleDouble product(double a, double b) {
  const double high = a * b;
  return {high, std::fma(a, b, -high)};
}
inline DoubleDouble multiply(const DoubleDouble& a, double b) {
  const DoubleDouble high = product(a.high, b);
  return renormalised(high.high, high.low + a.low * b);
}
inline DoubleDouble multiply(const DoubleDouble& a, const DoubleDouble& b) {
  const DoubleDouble high = product(a.high, b.high);
  return renormalised(high.high, high.low + (a.high * b.low + a.low * b.high));
}

// Sums of the first 0, 1, 2, … terms, in memory lent by the caller.
class RunningSums {
 public:
  RunningSums(std::vector<double>& high, std::vector<double>& low) : high_(high), low_(low) {
    high_.assign(1, 0);
    low_.assign(1, 0);
  }
  void add(const DoubleDouble& term) {
    const DoubleDouble sum = promql::add({high_.back(), low_.back()}, term);
    high_.push_back(sum.high);
    low_.push_back(sum.low);
    largest_ = std::fmax(largest_, std::abs(sum.high));
    finite_ = finite_ && std::isfinite(sum.high);
  }
  // Of the terms [begin, end).
  DoubleDouble between(std::size_t begin, std::size_t end) const {
    return subtract({high_[end], low_[end]}, {high_[begin], low_[begin]});
  }
  double largest() const { return finite_ ? largest_ : INFINITY; }
  // A running sum is exact to 2^-100 of the largest one, allowing for rounding in a few
  // thousand additions by 2^-90: a result not smaller than 2^-30 of it has all 53 bits.
  bool precise(const DoubleDouble& result) const {
    return std::abs(result.high) >= largest_ * 0x1p-30 || largest_ == 0;
  }

 private:
  std::vector<double>& high_;
  std::vector<double>& low_;
  double largest_ = 0;
  bool finite_ = true;
};

}  // namespace vigil::promql
