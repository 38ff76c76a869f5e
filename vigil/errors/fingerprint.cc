#include "vigil/errors/fingerprint.h"

#include <fmt/format.h>

#include <algorithm>

#include "vigil/base/hash.h"

namespace vigil::errors {
namespace {

constexpr std::size_t kUuidLength = 36;
constexpr std::size_t kMinHexDigits = 8;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool is_uuid(std::string_view text) {
  if (text.size() < kUuidLength || (text.size() > kUuidLength && is_word(text[kUuidLength]))) return false;
  for (std::size_t i = 0; i < kUuidLength; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

bool is_hex_value(std::string_view word) {
  if (word.size() > 2 && (word.starts_with("0x") || word.starts_with("0X"))) {
    // "0xabc..." too: what was cut is still an id.
    return std::ranges::all_of(word.substr(2), is_hex);
  }
  return word.size() >= kMinHexDigits && std::ranges::all_of(word, is_hex) && std::ranges::any_of(word, is_digit) &&
         !std::ranges::all_of(word, is_digit);
}

}  // namespace

std::string message_template(std::string_view message) {
  std::string out;
  out.reserve(message.size());
  for (std::size_t i = 0; i < message.size();) {
    if (!is_word(message[i])) {
      out += message[i++];
      continue;
    }
    if (is_uuid(message.substr(i))) {
      out += "<id>";
      i += kUuidLength;
      continue;
    }
    const auto* const begin = message.begin() + i;
    const auto* const end = std::find_if_not(begin, message.end(), is_word);
    const std::string_view word(begin, end);
    i += word.size();
    if (is_hex_value(word)) {
      out += "<id>";
    } else if (is_digit(word.front())) {  // "150", "30s"; names such as groth16 stay
      out += '#';
      out.append(std::ranges::find_if_not(word, is_digit), word.end());
    } else {
      out += word;
    }
  }
  return out;
}

std::uint64_t fingerprint(const StructuredError& error) {
  const std::uint64_t category = fnv1a64(std::string_view("\0", 1), fnv1a64(error.category));
  return fnv1a64(error.group.empty() ? message_template(error.message) : error.group, category);
}

std::string fingerprint_text(std::uint64_t fingerprint) { return fmt::format("{:016x}", fingerprint); }

}  // namespace vigil::errors
