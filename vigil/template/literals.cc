#include "vigil/template/literals.h"

#include <charconv>
#include <cmath>

#include "vigil/base/strings.h"

namespace vigil::templates {

std::optional<std::string> unquote(std::string_view text) {
  const char quote = text.front();
  text = text.substr(1, text.size() - 2);
  if (quote == '`') return std::string(text);
  std::string out;
  const auto append_code = [&](std::uint32_t code) {
    const Value value(static_cast<std::int64_t>(code));
    out += sprintf("%c", std::span(&value, 1), 16);
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    const char c = text[i];
    std::size_t digits = 0;
    int base = 16;
    switch (c) {
      case 'a': out += '\a'; continue;
      case 'b': out += '\b'; continue;
      case 'f': out += '\f'; continue;
      case 'n': out += '\n'; continue;
      case 'r': out += '\r'; continue;
      case 't': out += '\t'; continue;
      case 'v': out += '\v'; continue;
      case '\\': out += '\\'; continue;
      case '\'':
      case '"':
        if (c != quote) return std::nullopt;
        out += c;
        continue;
      case 'x': digits = 2; break;
      case 'u': digits = 4; break;
      case 'U': digits = 8; break;
      default:
        if (c < '0' || c > '7') return std::nullopt;
        digits = 3;
        base = 8;
        --i;
    }
    if (i + digits >= text.size()) return std::nullopt;
    std::uint32_t code = 0;
    const char* begin = text.data() + i + 1;
    const auto [end, error] = std::from_chars(begin, begin + digits, code, base);
    if (error != std::errc() || end != begin + digits) return std::nullopt;
    i += digits;
    if (digits <= 3) {
      if (code > 255) return std::nullopt;
      out += static_cast<char>(code);
    } else {
      if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return std::nullopt;
      append_code(code);
    }
  }
  return out;
}

std::optional<Value> parse_number(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != '_') digits += c;
  }
  const bool negative = digits.starts_with('-');
  std::string_view body = digits;
  if (negative || digits.starts_with('+')) body.remove_prefix(1);
  if (body.empty()) return std::nullopt;
  int base = 10;
  std::string_view integer = body;
  if (body.size() > 1 && body[0] == '0') {
    const char kind = static_cast<char>(body[1] | 0x20);
    base = kind == 'x' ? 16 : kind == 'b' ? 2 : 8;
    integer = body.substr(kind == 'x' || kind == 'b' || kind == 'o' ? 2 : 1);
  }
  std::uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(integer.data(), integer.data() + integer.size(), magnitude, base);
  if (error == std::errc() && end == integer.data() + integer.size() &&
      magnitude <= std::uint64_t{INT64_MAX} + negative) {
    return Value(static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude));
  }
  const auto value = parse_float(digits);
  if (!value || !std::isfinite(*value)) return std::nullopt;
  if (body.find_first_of(".eEpP") == std::string_view::npos) return std::nullopt;  // integer overflow
  return Value(*value);
}

std::optional<std::uint32_t> single_code_point(std::string_view text) {
  if (text.empty() || !is_valid_utf8(text)) return std::nullopt;
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (length != text.size()) return std::nullopt;
  std::uint32_t code = length == 1 ? lead : lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  return code;
}

}  // namespace vigil::templates
