#include "vigil/promql/eval/natural_order.h"

#include <algorithm>

namespace vigil::promql {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The run of digits (or of other characters) at the start.
std::string_view take_run(std::string_view& text) {
  const bool digits = is_digit(text.front());
  const auto end = std::ranges::find_if(text, [digits](char c) { return is_digit(c) != digits; });
  const std::string_view run = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(run.size());
  return run;
}

}  // namespace

std::strong_ordering natural_compare(std::string_view a, std::string_view b) {
  const std::string_view whole_a = a;
  const std::string_view whole_b = b;
  while (!a.empty() && !b.empty()) {
    std::string_view left = take_run(a);
    std::string_view right = take_run(b);
    if (is_digit(left.front()) && is_digit(right.front())) {
      // Without leading zeros the longer number is the greater one.
      left.remove_prefix(std::min(left.find_first_not_of('0'), left.size()));
      right.remove_prefix(std::min(right.find_first_not_of('0'), right.size()));
      if (left.size() != right.size()) return left.size() <=> right.size();
    }
    if (left != right) return left.compare(right) <=> 0;
  }
  if (a.empty() != b.empty()) return a.empty() ? std::strong_ordering::less : std::strong_ordering::greater;
  return whole_a.compare(whole_b) <=> 0;  // "01" and "1"
}

}  // namespace vigil::promql
