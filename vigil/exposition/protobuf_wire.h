// The protobuf wire format (protobuf.dev, "Encoding"): varints, fixed and
// length-delimited fields. Internal to this module.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace vigil::exposition::internal {

static_assert(std::endian::native == std::endian::little, "fixed64 fields are copied as they lie");

enum class WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// Reads fields one after the other. After a failed read ok() is false for good and
// every further read gives zero, so that callers may check once per message.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  bool ok() const { return ok_; }
  const char* position() const { return at_; }

  // Reads the tag of the next field; false at the end of the message or after an error.
  bool next() {
    if (!ok_ || at_ == end_) return false;
    start_ = at_;
    const std::uint64_t tag = varint();
    number_ = static_cast<std::uint32_t>(tag >> 3);
    const auto type = static_cast<std::uint8_t>(tag & 7);
    type_ = static_cast<WireType>(type);
    // Types 3 and 4 are groups, which proto3 does not have; 6 and 7 do not exist.
    if (type > 5 || type == 3 || type == 4 || number_ == 0 || tag >> 32 != 0) ok_ = false;
    return ok_;
  }
  std::uint32_t field() const { return number_; }
  WireType type() const { return type_; }
  // First byte of the current field, its tag included.
  const char* start() const { return start_; }

  std::uint64_t varint() {
    if (at_ != end_ && (*at_ & '\x80') == 0) [[likely]] {
      return static_cast<std::uint8_t>(*at_++);
    }
    std::uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (at_ == end_) return failed();
      const auto byte = static_cast<std::uint8_t>(*at_++);
      if (shift == 63 && byte > 1) return failed();
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    return failed();
  }

  // Typed reads fail if the field has another wire type.
  std::uint64_t read_varint() { return expect(WireType::kVarint) ? varint() : 0; }
  std::int64_t read_sint() { return unzigzag(read_varint()); }
  double read_double() { return expect(WireType::kFixed64) ? fixed64() : 0; }
  std::string_view read_bytes() { return expect(WireType::kBytes) ? bytes() : std::string_view(); }

  // A repeated number, packed or not: calls add(reader) once per element.
  template <class Add>
  void read_repeated(WireType element, Add add) {
    if (type_ == element) {
      add(*this);
    } else if (expect(WireType::kBytes)) {
      WireReader packed(bytes());
      while (packed.ok_ && packed.at_ != packed.end_) add(packed);
      ok_ = ok_ && packed.ok_;
    }
  }

  double fixed64() {
    double value = 0;
    if (end_ - at_ < 8) return static_cast<double>(failed());
    std::memcpy(&value, at_, 8);
    at_ += 8;
    return value;
  }

  void skip() {
    switch (type_) {
      case WireType::kVarint: varint(); break;
      case WireType::kFixed64: advance(8); break;
      case WireType::kBytes: bytes(); break;
      case WireType::kFixed32: advance(4); break;
    }
  }

  static std::int64_t unzigzag(std::uint64_t value) {
    return static_cast<std::int64_t>((value >> 1) ^ (0 - (value & 1)));
  }

 private:
  bool expect(WireType type) {
    if (type_ != type) ok_ = false;
    return ok_;
  }
  std::uint64_t failed() {
    ok_ = false;
    at_ = end_;
    return 0;
  }
  void advance(std::ptrdiff_t count) {
    if (end_ - at_ < count) {
      failed();
    } else {
      at_ += count;
    }
  }
  std::string_view bytes() {
    const std::uint64_t size = varint();
    if (!ok_ || size > static_cast<std::uint64_t>(end_ - at_)) {
      failed();
      return {};
    }
    const std::string_view found(at_, size);
    at_ += size;
    return found;
  }

  const char* at_;
  const char* end_;
  const char* start_ = nullptr;
  std::uint32_t number_ = 0;
  WireType type_ = WireType::kVarint;
  bool ok_ = true;
};

// Writes fields; zero values are left out, as proto3 does.
class WireWriter {
 public:
  explicit WireWriter(std::string& out) : out_(out) {}

  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
    out_ += static_cast<char>(value);
  }
  void tag(std::uint32_t field, WireType type) { varint(std::uint64_t{field} << 3 | static_cast<std::uint64_t>(type)); }
  void number(std::uint32_t field, std::uint64_t value) {
    if (value == 0) return;
    tag(field, WireType::kVarint);
    varint(value);
  }
  void sint(std::uint32_t field, std::int64_t value) { number(field, zigzag(value)); }
  void fixed(double value) {
    char bytes[8];
    std::memcpy(bytes, &value, 8);
    out_.append(bytes, 8);
  }
  void real(std::uint32_t field, double value) {
    if (std::bit_cast<std::uint64_t>(value) == 0) return;
    tag(field, WireType::kFixed64);
    fixed(value);
  }
  void bytes(std::uint32_t field, std::string_view value) {
    tag(field, WireType::kBytes);
    varint(value.size());
    out_ += value;
  }
  static std::uint64_t zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  }

 private:
  std::string& out_;
};

}  // namespace vigil::exposition::internal
