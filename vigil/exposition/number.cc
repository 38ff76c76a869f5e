#include "vigil/exposition/number.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "vigil/base/strings.h"
#include "vigil/model/sample.h"

namespace vigil::exposition {
namespace {

constexpr std::array<double, 23> kPowersOfTen = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr std::uint64_t kMaxExactInteger = std::uint64_t{1} << 53;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool parse_slowly(std::string_view text, double& value) {
  for (const char c : text) {
    if (c == 'x' || c == 'X' || c == 'p' || c == 'P' || c == '_') return false;
  }
  const auto parsed = parse_float(text);
  if (!parsed) return false;
  value = std::isnan(*parsed) ? normal_nan() : *parsed;
  return true;
}

}  // namespace

// Up to 2^53 and 10^±22 a double holds both the digits and the power of ten exactly,
// and one multiplication or division rounds correctly (Clinger, "How to Read Floating
// Point Numbers Accurately", PLDI 1990). Nearly every sample takes this path.
bool parse_value(std::string_view text, double& value) {
  const char* p = text.data();
  const char* const end = p + text.size();
  const bool negative = p != end && *p == '-';
  if (p != end && (*p == '-' || *p == '+')) ++p;
  std::uint64_t digits = 0;
  const char* const first = p;
  for (; p != end && is_digit(*p); ++p) digits = digits * 10 + static_cast<std::uint64_t>(*p - '0');
  std::ptrdiff_t count = p - first;
  int exponent = 0;
  if (p != end && *p == '.') {
    const char* const fraction = ++p;
    for (; p != end && is_digit(*p); ++p) digits = digits * 10 + static_cast<std::uint64_t>(*p - '0');
    exponent = -static_cast<int>(std::min<std::ptrdiff_t>(p - fraction, 100));
    count += p - fraction;
  }
  if (count == 0 || count > 19) return parse_slowly(text, value);
  if (p != end) {
    if ((*p != 'e' && *p != 'E') || end - p < 2) return parse_slowly(text, value);
    ++p;
    const bool down = *p == '-';
    if (*p == '-' || *p == '+') ++p;
    if (p == end || end - p > 3) return parse_slowly(text, value);
    int written = 0;
    for (; p != end; ++p) {
      if (!is_digit(*p)) return false;
      written = written * 10 + (*p - '0');
    }
    exponent += down ? -written : written;
  }
  if (digits > kMaxExactInteger || exponent < -22 || exponent > 22) return parse_slowly(text, value);
  auto magnitude = static_cast<double>(digits);
  if (exponent < 0) {
    magnitude /= kPowersOfTen[static_cast<std::size_t>(-exponent)];
  } else if (exponent > 0) {
    magnitude *= kPowersOfTen[static_cast<std::size_t>(exponent)];
  }
  value = negative ? -magnitude : magnitude;
  return true;
}

bool parse_timestamp_ms(std::string_view text, Timestamp& timestamp) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), timestamp);
  return error == std::errc() && end == text.data() + text.size();
}

bool parse_timestamp_seconds(std::string_view text, Timestamp& timestamp) {
  double seconds = 0;
  if (!parse_value(text, seconds) || !std::isfinite(seconds)) return false;
  const double ms = std::round(seconds * 1000);
  if (std::fabs(ms) > 9e18) return false;
  timestamp = static_cast<Timestamp>(ms);
  return true;
}

std::string canonical_float(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value == 0) return "0.0";
  std::array<char, 40> buffer;
  const auto write = [&](std::chars_format format) {
    return std::string(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format).ptr);
  };
  const double magnitude = std::fabs(value);
  if (magnitude < 1e-4 || magnitude >= 1e6) return write(std::chars_format::scientific);
  std::string out = write(std::chars_format::fixed);
  if (out.find('.') == std::string::npos) out += ".0";
  return out;
}

}  // namespace vigil::exposition
