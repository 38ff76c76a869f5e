// Go's fmt package for the kinds of values templates have: %v and the verbs of Printf.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "vigil/base/strings.h"
#include "vigil/template/value.h"

namespace vigil::templates {
namespace {

constexpr int kMaxWidth = 10'000;  // of one %-verb; Go stops at a million

std::string special_float(double value) {
  if (std::isnan(value)) return "NaN";
  return value > 0 ? "+Inf" : "-Inf";
}

// One operand of Printf with its flags.
struct Verb {
  bool minus = false, plus = false, sharp = false, space = false, zero = false;
  int width = -1;
  int precision = -1;
  char verb = 'v';
};

std::size_t rune_count(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string_view first_runes(std::string_view text, std::size_t count) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    if (seen++ == count) return text.substr(0, i);
  }
  return text;
}

void append_rune(std::string& out, std::uint32_t code) {
  if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) code = 0xFFFD;
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

void pad(std::string& out, std::string_view text, const Verb& verb) {
  const std::size_t length = rune_count(text);
  const std::size_t fill = verb.width > 0 && static_cast<std::size_t>(verb.width) > length
                               ? static_cast<std::size_t>(verb.width) - length
                               : 0;
  if (verb.minus) {
    out += text;
    out.append(fill, ' ');
  } else {
    out.append(fill, ' ');
    out += text;
  }
}

// Zeros go between sign and digits.
void pad_number(std::string& out, std::string text, const Verb& verb, bool may_zero) {
  if (!verb.minus && verb.zero && may_zero) {
    const bool signed_text = !text.empty() && (text[0] == '-' || text[0] == '+' || text[0] == ' ');
    const std::size_t width = verb.width > 0 ? static_cast<std::size_t>(verb.width) : 0;
    if (width > text.size()) text.insert(signed_text ? 1 : 0, width - text.size(), '0');
    out += text;
    return;
  }
  pad(out, text, verb);
}

void add_sign(std::string& text, const Verb& verb) {
  if (text.starts_with('-') || text.starts_with('+')) return;
  if (verb.plus)
    text.insert(0, 1, '+');
  else if (verb.space)
    text.insert(0, 1, ' ');
}

void bad_verb(std::string& out, char verb, const Value& value, std::size_t max_bytes) {
  out += "%!";
  out += verb;
  out += '(';
  if (value.is_nil()) {
    out += "<nil>";
  } else {
    out += value.type();
    out += '=';
    print(out, value, max_bytes);
  }
  out += ')';
}

bool print_int(std::string& out, std::int64_t value, const Verb& verb) {
  int base = 10;
  std::string prefix;
  switch (verb.verb) {
    case 'v':
    case 'd': break;
    case 'b':
      base = 2;
      prefix = "0b";
      break;
    case 'o':
      base = 8;
      prefix = "0";
      break;
    case 'O':
      base = 8;
      prefix = "0o";
      break;
    case 'x':
      base = 16;
      prefix = "0x";
      break;
    case 'X':
      base = 16;
      prefix = "0X";
      break;
    case 'c': {
      std::string rune;
      append_rune(rune, value < 0 || value > 0x10FFFF ? 0xFFFD : static_cast<std::uint32_t>(value));
      pad(out, rune, verb);
      return true;
    }
    case 'q': {
      std::string rune;
      append_rune(rune, value < 0 || value > 0x10FFFF ? 0xFFFD : static_cast<std::uint32_t>(value));
      pad(out, "'" + rune + "'", verb);
      return true;
    }
    case 'U': {
      char buffer[32];
      std::snprintf(buffer, sizeof buffer, "U+%04llX", static_cast<unsigned long long>(value));
      pad(out, buffer, verb);
      return true;
    }
    default: return false;
  }
  char digits[80];
  const std::uint64_t magnitude = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  const auto end = std::to_chars(digits, digits + sizeof digits, magnitude, base).ptr;
  std::string text(digits, end);
  if (verb.verb == 'X') {
    for (char& c : text) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c;
  }
  if (verb.precision >= 0) {
    if (verb.precision == 0 && value == 0) {
      text.clear();
    } else if (text.size() < static_cast<std::size_t>(verb.precision)) {
      text.insert(0, static_cast<std::size_t>(verb.precision) - text.size(), '0');
    }
  }
  if (verb.sharp || verb.verb == 'O') text.insert(0, prefix);
  if (value < 0) text.insert(0, 1, '-');
  add_sign(text, verb);
  pad_number(out, std::move(text), verb, verb.precision < 0);
  return true;
}

bool print_float(std::string& out, double value, const Verb& verb) {
  char kind = verb.verb;
  int precision = verb.precision;
  switch (kind) {
    case 'v': kind = 'g'; break;
    case 'e':
    case 'E':
    case 'f':
    case 'F':
      if (precision < 0) precision = 6;
      break;
    case 'g':
    case 'G': break;
    default: return false;
  }
  std::string text = format_go_float(value, kind, precision);
  add_sign(text, verb);
  pad_number(out, std::move(text), verb, std::isfinite(value));
  return true;
}

bool print_string(std::string& out, std::string_view text, const Verb& verb) {
  const auto cut = [&](std::string_view whole) {
    return verb.precision >= 0 ? first_runes(whole, static_cast<std::size_t>(verb.precision)) : whole;
  };
  switch (verb.verb) {
    case 'v':
    case 's': pad(out, cut(text), verb); return true;
    case 'q':
      if (verb.sharp && text.find('`') == std::string_view::npos) {
        pad(out, "`" + std::string(cut(text)) + "`", verb);
      } else {
        pad(out, go_quote(cut(text)), verb);
      }
      return true;
    case 'x':
    case 'X': {
      constexpr std::string_view kLower = "0123456789abcdef";
      constexpr std::string_view kUpper = "0123456789ABCDEF";
      const std::string_view digits = verb.verb == 'x' ? kLower : kUpper;
      std::string hex;
      for (const char c : text) {
        hex += digits[static_cast<unsigned char>(c) >> 4];
        hex += digits[static_cast<unsigned char>(c) & 15];
      }
      pad(out, hex, verb);
      return true;
    }
    default: return false;
  }
}

void print_verb(std::string& out, const Value& value, const Verb& verb, std::size_t max_bytes) {
  if (verb.verb == 'T') return pad(out, value.type(), verb);
  bool done = false;
  switch (value.kind()) {
    case Value::Kind::kNil:
      if (verb.verb == 'v') return pad(out, "<nil>", verb);
      break;
    case Value::Kind::kBool:
      if (verb.verb == 't' || verb.verb == 'v') return pad(out, value.as_bool() ? "true" : "false", verb);
      break;
    case Value::Kind::kInt: done = print_int(out, value.as_int(), verb); break;
    case Value::Kind::kFloat: done = print_float(out, value.as_float(), verb); break;
    case Value::Kind::kString: done = print_string(out, value.as_string(), verb); break;
    case Value::Kind::kObject: done = print_string(out, value.as_object().to_string(), verb); break;
    case Value::Kind::kList:
    case Value::Kind::kMap: {
      // Go applies the verb to every element; of that only the plain ones matter here.
      if (verb.verb != 'v' && verb.verb != 's') break;
      std::string text;
      print(text, value, max_bytes);
      pad(out, text, verb);
      return;
    }
  }
  if (!done) bad_verb(out, verb.verb, value, max_bytes);
}

bool read_number(std::string_view format, std::size_t& at, int& out) {
  bool any = false;
  int number = 0;
  while (at < format.size() && format[at] >= '0' && format[at] <= '9') {
    number = std::min(number * 10 + (format[at++] - '0'), kMaxWidth);
    any = true;
  }
  if (any) out = number;
  return any;
}

}  // namespace

std::string format_go_float(double value, char verb, int precision) {
  if (!std::isfinite(value)) return special_float(value);
  char buffer[512];
  if (precision >= 0 || verb == 'f' || verb == 'F' || verb == 'e' || verb == 'E') {
    if (precision < 0) {
      const auto kind = verb == 'f' || verb == 'F' ? std::chars_format::fixed : std::chars_format::scientific;
      std::string text(buffer, std::to_chars(buffer, buffer + sizeof buffer, value, kind).ptr);
      if (verb == 'E') std::replace(text.begin(), text.end(), 'e', 'E');
      return text;
    }
    std::string text;
    const char format[] = {'%', '.', '*', verb, 0};
    const int length = std::snprintf(buffer, sizeof buffer, format, precision, value);
    if (length < static_cast<int>(sizeof buffer)) return std::string(buffer, static_cast<std::size_t>(length));
    text.resize(static_cast<std::size_t>(length) + 1);
    std::snprintf(text.data(), text.size(), format, precision, value);
    text.pop_back();
    return text;
  }
  // Shortest %g: strconv decides for the exponent form as if the precision were 6.
  std::string text(buffer, std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr);
  const int exponent = std::atoi(text.c_str() + text.find('e') + 1);
  if (exponent < -4 || exponent >= 6) {
    if (verb == 'G') std::replace(text.begin(), text.end(), 'e', 'E');
    return text;
  }
  return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr);
}

void print(std::string& out, const Value& value, std::size_t max_bytes) {
  if (out.size() > max_bytes) return;
  switch (value.kind()) {
    case Value::Kind::kNil: out += "<nil>"; return;
    case Value::Kind::kBool: out += value.as_bool() ? "true" : "false"; return;
    case Value::Kind::kInt: out += std::to_string(value.as_int()); return;
    case Value::Kind::kFloat: out += format_go_float(value.as_float(), 'g', -1); return;
    case Value::Kind::kString: out += value.as_string(); return;
    case Value::Kind::kObject: out += value.as_object().to_string(); return;
    case Value::Kind::kList: {
      out += '[';
      bool first = true;
      for (const Value& item : value.as_list().items) {
        if (!std::exchange(first, false)) out += ' ';
        print(out, item, max_bytes);
        if (out.size() > max_bytes) return;
      }
      out += ']';
      return;
    }
    case Value::Kind::kMap: {
      const Map& map = value.as_map();
      out += map.is_struct ? "{" : "map[";
      bool first = true;
      for (const auto& [key, item] : map.entries) {
        if (!std::exchange(first, false)) out += ' ';
        if (!map.is_struct) {
          out += key;
          out += ':';
        }
        print(out, item, max_bytes);
        if (out.size() > max_bytes) return;
      }
      out += map.is_struct ? "}" : "]";
      return;
    }
  }
}

std::string sprint(std::span<const Value> args, std::size_t max_bytes) {
  std::string out;
  bool previous_string = false;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const bool is_string = args[i].kind() == Value::Kind::kString;
    if (i > 0 && !is_string && !previous_string) out += ' ';
    print(out, args[i], max_bytes);
    previous_string = is_string;
  }
  return out;
}

std::string sprintln(std::span<const Value> args, std::size_t max_bytes) {
  std::string out;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (i > 0) out += ' ';
    print(out, args[i], max_bytes);
  }
  return out += '\n';
}

std::string sprintf(std::string_view format, std::span<const Value> args, std::size_t max_bytes) {
  std::string out;
  std::size_t next = 0;
  bool reordered = false;
  for (std::size_t i = 0; i < format.size() && out.size() <= max_bytes;) {
    const std::size_t percent = std::min(format.find('%', i), format.size());
    out += format.substr(i, percent - i);
    if (percent == format.size()) break;
    i = percent + 1;
    Verb verb;
    for (bool flags = true; flags && i < format.size();) {
      switch (format[i]) {
        case '-': verb.minus = true; break;
        case '+': verb.plus = true; break;
        case '#': verb.sharp = true; break;
        case ' ': verb.space = true; break;
        case '0': verb.zero = !verb.minus; break;
        default: flags = false; continue;
      }
      ++i;
    }
    bool bad_index = false;
    // %[2]d takes operand 2, and the following verbs go on from there.
    const auto read_index = [&] {
      if (i >= format.size() || format[i] != '[') return;
      const std::size_t close = format.find(']', i);
      std::size_t at = i + 1;
      int index = 0;
      reordered = true;
      if (close == std::string_view::npos || !read_number(format, at, index) || at != close || index < 1 ||
          static_cast<std::size_t>(index) > args.size()) {
        bad_index = true;
        i = close == std::string_view::npos ? i + 1 : close + 1;
        return;
      }
      next = static_cast<std::size_t>(index) - 1;
      i = close + 1;
    };
    const auto read_star = [&](int& number, std::string_view complaint) {
      ++i;
      if (next < args.size() && args[next].kind() == Value::Kind::kInt && std::abs(args[next].as_int()) <= kMaxWidth) {
        number = static_cast<int>(args[next].as_int());
      } else {
        out += complaint;
      }
      ++next;
    };
    read_index();
    if (i < format.size() && format[i] == '*') {
      read_star(verb.width, "%!(BADWIDTH)");
      if (verb.width < -1) {
        verb.width = -verb.width;
        verb.minus = true;
        verb.zero = false;
      }
    } else {
      read_number(format, i, verb.width);
    }
    if (i < format.size() && format[i] == '.') {
      ++i;
      verb.precision = 0;
      read_index();
      if (i < format.size() && format[i] == '*') {
        read_star(verb.precision, "%!(BADPREC)");
      } else {
        read_number(format, i, verb.precision);
      }
      verb.precision = std::min(verb.precision, 1000);
    }
    read_index();
    if (i >= format.size()) {
      out += "%!(NOVERB)";
      break;
    }
    verb.verb = format[i++];
    if (verb.verb == '%') {
      out += '%';
    } else if (bad_index) {
      out += "%!";
      out += verb.verb;
      out += "(BADINDEX)";
    } else if (next >= args.size()) {
      out += "%!";
      out += verb.verb;
      out += "(MISSING)";
    } else {
      print_verb(out, args[next++], verb, max_bytes);
    }
  }
  if (!reordered && next < args.size()) {
    out += "%!(EXTRA ";
    for (std::size_t i = next; i < args.size(); ++i) {
      if (i > next) out += ", ";
      if (args[i].is_nil()) {
        out += "<nil>";
      } else {
        out += args[i].type();
        out += '=';
        print(out, args[i], max_bytes);
      }
    }
    out += ')';
  }
  return out;
}

}  // namespace vigil::templates
