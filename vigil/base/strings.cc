#include "vigil/base/strings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>

namespace vigil {
namespace {

constexpr char kHex[] = "0123456789abcdef";

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != lower[i]) return false;
  }
  return true;
}

// Decodes one code point at text[at]; length 0 where the bytes are not UTF-8 (RFC 3629).
struct Rune {
  char32_t code = 0xFFFD;
  std::size_t length = 0;
};

Rune decode_rune(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return {lead, 1};
  std::size_t length = 0;
  char32_t code = 0;
  char32_t least = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2, code = lead & 0x1FU, least = 0x80;
  } else if ((lead & 0xF0U) == 0xE0) {
    length = 3, code = lead & 0x0FU, least = 0x800;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4, code = lead & 0x07U, least = 0x10000;
  } else {
    return {};
  }
  if (at + length > text.size()) return {};
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80) return {};
    code = (code << 6) | (byte(at + i) & 0x3FU);
  }
  if (code < least || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, length};
}

// Whether the number written, known to be out of range, is too small rather than too large.
bool below_one(std::string_view text, bool hex) {
  const std::size_t e = text.find_first_of(hex ? "pP" : "eE");
  const std::string_view mantissa = text.substr(0, e);
  bool negative = false;
  std::int64_t exponent = 0;
  if (e != std::string_view::npos) {
    std::string_view digits = text.substr(e + 1);
    negative = digits.starts_with('-');
    if (negative || digits.starts_with('+')) digits.remove_prefix(1);
    constexpr std::int64_t kHuge = std::int64_t{1} << 40;  // beyond any mantissa that fits in memory
    for (const char c : digits) exponent = exponent < kHuge ? exponent * 10 + (c - '0') : kHuge;
  }
  // Position of the first digit that counts, relative to the point.
  const auto point = static_cast<std::int64_t>(std::min(mantissa.find('.'), mantissa.size()));
  const auto first = static_cast<std::int64_t>(std::min(mantissa.find_first_not_of("0."), mantissa.size()));
  return (point - first) * (hex ? 4 : 1) + (negative ? -exponent : exponent) < 0;
}

// Code points that Go's strconv.IsPrint refuses: controls, separators other than the
// ASCII space, formatting characters, private use. Unassigned ones are not known here.
bool is_printable(char32_t code) {
  struct Range {
    char32_t first;
    char32_t last;
  };
  static constexpr std::array<Range, 13> kHidden = {{{0x00, 0x1F},
                                                     {0x7F, 0xA0},
                                                     {0xAD, 0xAD},
                                                     {0x1680, 0x1680},
                                                     {0x180E, 0x180E},
                                                     {0x2000, 0x200F},
                                                     {0x2028, 0x202F},
                                                     {0x205F, 0x206F},
                                                     {0x3000, 0x3000},
                                                     {0xE000, 0xF8FF},
                                                     {0xFEFF, 0xFEFF},
                                                     {0xFFF0, 0xFFFB},
                                                     {0xFFFE, 0xFFFF}}};
  if (code >= 0xE0000) return code >= 0xE0100 && code <= 0xE01EF;  // only variation selectors
  for (const Range& range : kHidden) {
    if (code >= range.first && code <= range.last) return false;
  }
  return true;
}

void append_hex(std::string& out, std::uint32_t value, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += kHex[(value >> shift) & 0xFU];
}

bool is_plain_json(unsigned char c) { return c >= 0x20 && c < 0x80 && c != '"' && c != '\\'; }

}  // namespace

void append_float_fixed(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  std::array<char, 400> buffer;
  if (std::fabs(value) < 0x1p53) {
    out.append(buffer.data(),
               std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed).ptr);
    return;
  }
  // Beyond 2^53 to_chars spells out the exact integer; Go fills up the shortest digits with zeros.
  const char* end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t e = text.find('e');
  std::size_t exponent = 0;
  std::from_chars(text.data() + e + 2, end, exponent);  // after "e+"
  std::size_t digits = 0;
  for (const char c : text.substr(0, e)) {
    if (c == '.') continue;
    out += c;
    digits += c != '-' ? 1 : 0;
  }
  out.append(exponent + 1 - digits, '0');
}

void append_float(std::string& out, double value) {
  const double magnitude = std::fabs(value);
  if (magnitude == 0 || !std::isfinite(value) || (magnitude >= 1e-6 && magnitude < 1e21)) {
    append_float_fixed(out, value);
    return;
  }
  std::array<char, 32> buffer;
  out.append(buffer.data(),
             std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr);
}

std::string format_float(double value) {
  std::string out;
  append_float(out, value);
  return out;
}

std::optional<double> parse_float(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text.empty() || text.front() == '+' || text.front() == '-') return std::nullopt;
  const auto sign = [negative](double value) { return negative ? -value : value; };
  if (equals_ignoring_case(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
  if (equals_ignoring_case(text, "inf") || equals_ignoring_case(text, "infinity")) {
    return sign(std::numeric_limits<double>::infinity());
  }
  auto format = std::chars_format::general;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    text.remove_prefix(2);
    format = std::chars_format::hex;
  }
  if (text.front() != '.') {
    // from_chars would also accept "inf" and "nan(...)" here.
    const char c = text.front();
    const bool digit = c >= '0' && c <= '9';
    const bool hex_digit = format == std::chars_format::hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'));
    if (!digit && !hex_digit) return std::nullopt;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, format);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // Go gives ±Inf for overflow with an error, and 0 for underflow without one.
    return below_one(text, format == std::chars_format::hex) ? std::optional<double>(sign(0.0)) : std::nullopt;
  }
  if (error != std::errc()) return std::nullopt;
  return sign(value);
}

bool is_valid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const Rune rune = decode_rune(text, i);
    if (rune.length == 0) return false;
    i += rune.length;
  }
  return true;
}

std::string go_quote(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    const Rune rune = decode_rune(text, i);
    if (rune.length == 0) {
      out += "\\x";
      append_hex(out, static_cast<unsigned char>(text[i]), 2);
      ++i;
      continue;
    }
    switch (rune.code) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\a': out += "\\a"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\v': out += "\\v"; break;
      default:
        if (is_printable(rune.code)) {
          out += text.substr(i, rune.length);
        } else if (rune.code < 0x80) {
          out += "\\x";
          append_hex(out, rune.code, 2);
        } else if (rune.code < 0x10000) {
          out += "\\u";
          append_hex(out, rune.code, 4);
        } else {
          out += "\\U";
          append_hex(out, rune.code, 8);
        }
    }
    i += rune.length;
  }
  out += '"';
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (is_plain_json(c)) {
      std::size_t end = i + 1;
      while (end < text.size() && is_plain_json(static_cast<unsigned char>(text[end]))) ++end;
      out.append(text, i, end - i);
      i = end;
      continue;
    }
    const Rune rune = decode_rune(text, i);
    if (rune.length == 0) {
      out += "\xEF\xBF\xBD";
      ++i;
      continue;
    }
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (c < 0x20) {
          out += "\\u00";
          append_hex(out, c, 2);
        } else {
          out += text.substr(i, rune.length);
        }
    }
    i += rune.length;
  }
}

std::string human_bytes(double bytes) {
  static constexpr std::array<const char*, 6> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  while (std::fabs(bytes) >= 1024 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  std::array<char, 48> buffer;
  std::snprintf(buffer.data(), buffer.size(), unit == 0 ? "%.0f %s" : "%.1f %s", bytes, kUnits[unit]);
  return buffer.data();
}

}  // namespace vigil
