#include "vigil/yaml/scalars.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <string_view>

#include "vigil/base/strings.h"

namespace vigil::yaml {
namespace {

std::unexpected<Error> expected(const Node& node, std::string_view what) {
  if (!node.is_scalar()) {
    return std::unexpected(node.error(fmt::format("expected {}, found a {}", what, to_string(node.kind()))));
  }
  std::string text(node.text().substr(0, 60));
  return std::unexpected(node.error(fmt::format("expected {}, found {}", what, go_quote(text))));
}

// Decimal, 0x, 0o and 0b, with underscores between digits and a sign, as YAML 1.1 has them.
template <class T>
bool read_integer(std::string_view text, T& out) {
  std::string digits;
  for (const char c : text) {
    if (c != '_') digits += c;
  }
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.erase(0, 1);
  int base = 10;
  if (digits.size() > 2 && digits[0] == '0') {
    switch (digits[1]) {
      case 'x': base = 16; break;
      case 'o': base = 8; break;
      case 'b': base = 2; break;
      default: break;
    }
    if (base != 10) digits.erase(0, 2);
  }
  if (digits.empty() || digits[0] == '-' || digits[0] == '+') return false;
  if (negative) digits.insert(digits.begin(), '-');
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out, base);
  return error == std::errc() && end == digits.data() + digits.size();
}

template <class T>
Result<void> decode_integer(const Node& node, T& out, std::string_view what) {
  if (node.is_null()) return {};
  T value = 0;
  if (!node.is_scalar() || node.quoted() || !read_integer(node.text(), value)) return expected(node, what);
  out = value;
  return {};
}

}  // namespace

Result<void> decode(const Node& node, std::string& out) {
  if (node.is_null()) return {};
  if (!node.is_scalar()) return expected(node, "a string");
  out = node.text();
  return {};
}

Result<void> decode(const Node& node, bool& out) {
  if (node.is_null()) return {};
  constexpr std::array<std::string_view, 11> kTrue = {"true", "True", "TRUE", "yes", "Yes", "YES",
                                                      "on",   "On",   "ON",   "y",   "Y"};
  constexpr std::array<std::string_view, 11> kFalse = {"false", "False", "FALSE", "no", "No", "NO",
                                                       "off",   "Off",   "OFF",   "n",  "N"};
  if (node.is_scalar() && !node.quoted()) {
    for (const std::string_view word : kTrue) {
      if (word == node.text()) return out = true, Result<void>();
    }
    for (const std::string_view word : kFalse) {
      if (word == node.text()) return out = false, Result<void>();
    }
  }
  return expected(node, "true or false");
}

Result<void> decode(const Node& node, int& out) { return decode_integer(node, out, "an integer"); }
Result<void> decode(const Node& node, std::int64_t& out) { return decode_integer(node, out, "an integer"); }
Result<void> decode(const Node& node, std::uint64_t& out) {
  return decode_integer(node, out, "an integer that is not negative");
}

Result<void> decode(const Node& node, double& out) {
  if (node.is_null()) return {};
  if (!node.is_scalar() || node.quoted()) return expected(node, "a number");
  const std::string_view text = node.text();
  if (text == ".inf" || text == ".Inf" || text == "+.inf" || text == "+.Inf") {
    out = std::numeric_limits<double>::infinity();
  } else if (text == "-.inf" || text == "-.Inf") {
    out = -std::numeric_limits<double>::infinity();
  } else if (text == ".nan" || text == ".NaN") {
    out = std::numeric_limits<double>::quiet_NaN();
  } else if (const auto value = parse_float(text)) {
    out = *value;
  } else {
    return expected(node, "a number");
  }
  return {};
}

Result<void> decode_duration(const Node& node, Duration& out) {
  if (node.is_null()) return {};
  if (!node.is_scalar()) return expected(node, "a duration such as 30s or 1h30m");
  auto value = parse_duration(node.text());
  if (!value) return std::unexpected(node.error(value.error().message()));
  out = *value;
  return {};
}

Result<void> decode_bytes(const Node& node, std::uint64_t& out) {
  if (node.is_null()) return {};
  constexpr std::string_view kWhat = "a size such as 512KB or 256MB";
  if (!node.is_scalar()) return expected(node, kWhat);
  std::string_view text = node.text();
  std::size_t digits = 0;
  while (digits < text.size() && ((text[digits] >= '0' && text[digits] <= '9') || text[digits] == '.')) ++digits;
  const auto number = digits == 0 ? std::nullopt : parse_float(text.substr(0, digits));
  std::string_view unit = text.substr(digits);
  constexpr std::string_view kPrefixes = "KMGTPE";
  double factor = 1;
  if (unit.size() >= 2) {
    const std::size_t power = kPrefixes.find(unit.front());
    if (power == std::string_view::npos) return expected(node, kWhat);
    for (std::size_t i = 0; i <= power; ++i) factor *= 1024;
    unit.remove_prefix(1);
    if (unit == "iB") unit.remove_prefix(1);
  }
  if (!number || (!unit.empty() && unit != "B")) return expected(node, kWhat);
  const double value = *number * factor;
  if (!(value < 9.2e18)) return expected(node, kWhat);
  out = static_cast<std::uint64_t>(value);
  return {};
}

}  // namespace vigil::yaml
