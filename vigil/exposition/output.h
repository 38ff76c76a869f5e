// The bytes of a page on their way out, handed over in chunks. Internal to this module.
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "vigil/base/strings.h"
#include "vigil/exposition/page_writer.h"

namespace vigil::exposition::internal {

class Output {
 public:
  explicit Output(ChunkSink sink) : sink_(std::move(sink)) {}

  bool gone() const { return gone_; }

  void put(std::string_view text) {
    if (text.empty()) return;
    std::memcpy(room(text.size()), text.data(), text.size());
    size_ += text.size();
  }
  void put(char c) {
    *room(1) = c;
    ++size_;
  }
  void put_count(std::uint64_t value) {
    char* const at = room(20);
    size_ += static_cast<std::size_t>(std::to_chars(at, at + 20, value).ptr - at);
  }
  // Shortest digits that round-trip, NaN, +Inf, -Inf.
  void put_float(double value) {
    // Most values are whole numbers; they also are what to_chars(double) is slowest at.
    constexpr double kExact = 1e15;
    if (value > -kExact && value < kExact) {
      const auto whole = static_cast<std::int64_t>(value);
      if (static_cast<double>(whole) == value && !(whole == 0 && std::signbit(value))) {
        char* const at = room(20);
        size_ += static_cast<std::size_t>(std::to_chars(at, at + 20, whole).ptr - at);
        return;
      }
    }
    put(format_float(value));
  }

  // Space for `bytes` at the end of the buffer; advance() says how many of them were used.
  char* room(std::size_t bytes) {
    if (capacity_ - size_ < bytes) [[unlikely]] {
      flush();
      if (capacity_ < bytes) {
        capacity_ = bytes;
        buffer_ = std::make_unique_for_overwrite<char[]>(capacity_);
      }
    }
    return buffer_.get() + size_;
  }
  void advance(std::size_t bytes) { size_ += bytes; }

  void flush() {
    if (size_ > 0 && !gone_) gone_ = !sink_({buffer_.get(), size_});
    size_ = 0;
  }

 private:
  const ChunkSink sink_;
  bool gone_ = false;
  std::size_t capacity_ = 68U << 10;
  std::size_t size_ = 0;
  std::unique_ptr<char[]> buffer_ = std::make_unique_for_overwrite<char[]>(capacity_);
};

}  // namespace vigil::exposition::internal
