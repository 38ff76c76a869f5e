// What the nodes of the simulated wallet say to each other: a verb and numbers,
// separated by one space each, as "vote 72057594037927937 1".
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace vigil::packs::mpc {

template <class... N>
std::string message(std::string_view verb, N... numbers) {
  std::string text(verb);
  ((text += ' ', text += std::to_string(numbers)), ...);
  return text;
}

// Reads a message word by word. Once something is no number good() stays false.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}
  std::string_view word() {
    const std::size_t end = std::min(text_.find(' '), text_.size());
    const std::string_view word = text_.substr(0, end);
    text_.remove_prefix(std::min(end + 1, text_.size()));
    return word;
  }
  std::uint64_t number() {
    const std::string_view digits = word();
    std::uint64_t value = 0;
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    good_ = good_ && result.ec == std::errc() && result.ptr == digits.data() + digits.size();
    return value;
  }
  int small(int limit) {
    const std::uint64_t value = number();
    good_ = good_ && value < static_cast<std::uint64_t>(limit);
    return good_ ? static_cast<int>(value) : 0;
  }
  bool good() const { return good_; }

 private:
  std::string_view text_;
  bool good_ = true;
};

}  // namespace vigil::packs::mpc
