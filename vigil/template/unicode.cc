#include "vigil/template/unicode.h"

#include <cstdint>

namespace vigil::templates {
namespace {

constexpr std::uint32_t kInvalid = 0xFFFFFFFF;

// Decodes one character at the front and removes it; kInvalid takes one byte.
std::uint32_t take(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || length > text.size()) return text.remove_prefix(1), kInvalid;
  std::uint32_t code = length == 1 ? lead : lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return text.remove_prefix(1), kInvalid;
    code = (code << 6) | (next & 0x3FU);
  }
  text.remove_prefix(length);
  return code;
}

// Only for the two-byte range and ASCII, which is all that changes case here.
void put(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

bool in(std::uint32_t code, std::uint32_t first, std::uint32_t last) { return code >= first && code <= last; }

// Latin Extended-A: pairs of (upper, lower), even or odd first, with a few outsiders.
bool even_pairs(std::uint32_t code) { return in(code, 0x100, 0x137) || in(code, 0x14A, 0x177); }
bool odd_pairs(std::uint32_t code) { return in(code, 0x139, 0x148) || in(code, 0x179, 0x17E); }

std::uint32_t upper(std::uint32_t code) {
  if (in(code, 'a', 'z')) return code - 32;
  if (code < 0x80) return code;
  if (code == 0xB5) return 0x39C;
  if (in(code, 0xE0, 0xFE) && code != 0xF7) return code - 32;
  if (code == 0xFF) return 0x178;
  if (code == 0x131) return 'I';
  if (even_pairs(code) && code != 0x130) return code & ~1U;
  if (odd_pairs(code)) return (code & 1U) == 0 ? code - 1 : code;
  if (code == 0x3C2) return 0x3A3;
  if (in(code, 0x3B1, 0x3CB)) return code - 32;
  if (in(code, 0x430, 0x44F)) return code - 32;
  if (in(code, 0x450, 0x45F)) return code - 80;
  return code;
}

std::uint32_t lower(std::uint32_t code) {
  if (in(code, 'A', 'Z')) return code + 32;
  if (code < 0x80) return code;
  if (in(code, 0xC0, 0xDE) && code != 0xD7) return code + 32;
  if (code == 0x178) return 0xFF;
  if (code == 0x130) return 'i';
  if (even_pairs(code) && code != 0x131) return code | 1U;
  if (odd_pairs(code)) return (code & 1U) == 1 ? code + 1 : code;
  if (in(code, 0x391, 0x3AB) && code != 0x3A2) return code + 32;
  if (in(code, 0x410, 0x42F)) return code + 32;
  if (in(code, 0x400, 0x40F)) return code + 80;
  return code;
}

bool is_separator(std::uint32_t code) {
  if (code >= 0x80) return code == 0x85 || code == 0xA0 || in(code, 0x2000, 0x200A) || code == 0x3000;
  return !(in(code, '0', '9') || in(code, 'a', 'z') || in(code, 'A', 'Z') || code == '_');
}

template <class Change>
std::string change(std::string_view text, Change change_code) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::string_view before = text;
    const std::uint32_t code = take(text);
    const std::uint32_t changed = change_code(code);
    if (changed == code) {
      out += before.substr(0, before.size() - text.size());
    } else {
      put(out, changed);
    }
  }
  return out;
}

}  // namespace

std::string to_upper(std::string_view text) { return change(text, upper); }
std::string to_lower(std::string_view text) { return change(text, lower); }
std::string title(std::string_view text) {
  bool start = true;
  return change(text, [&](std::uint32_t code) {
    const std::uint32_t out = start ? upper(code) : code;
    start = is_separator(code);
    return out;
  });
}

}  // namespace vigil::templates
