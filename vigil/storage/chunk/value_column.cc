#include "vigil/storage/chunk/value_column.h"

#include <array>
#include <bit>
#include <cmath>

namespace vigil::storage {
namespace {

// First byte: 0..15 = decimal exponent, or one of
constexpr std::uint8_t kConstant = 0x20;
constexpr std::uint8_t kBits = 0x40;           // | number of trailing zero bits dropped (0..63)
constexpr std::uint8_t kHasExceptions = 0x10;  // with decimals; kBits columns always have the list

constexpr unsigned kMaxExponent = 12;
constexpr double kPowers[kMaxExponent + 1] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12};
constexpr double kMaxInteger = 9007199254740992.0;  // 2^53: integers are exact below

std::uint64_t bits_of(double value) { return std::bit_cast<std::uint64_t>(value); }

// The integer i with i / 10^exponent == value to the bit.
bool to_decimal(double value, unsigned exponent, std::int64_t& integer) {
  const double scaled = value * kPowers[exponent];
  if (!(std::fabs(scaled) < kMaxInteger)) return false;  // NaN too
  integer = static_cast<std::int64_t>(std::nearbyint(scaled));
  // As the decoder will do it; -0 becomes +0 on this way and is not equal.
  return bits_of(static_cast<double>(integer) / kPowers[exponent]) == bits_of(value);
}

struct Exceptions {
  std::size_t count = 0;
  std::array<std::uint16_t, kMaxChunkSamples> index;
};

void write_exceptions(std::span<const double> values, const Exceptions& exceptions, std::string& out) {
  put_varint(out, exceptions.count);
  std::size_t last = 0;
  for (std::size_t i = 0; i < exceptions.count; ++i) {
    put_varint(out, exceptions.index[i] - last);
    put_raw(out, bits_of(values[exceptions.index[i]]));
    last = exceptions.index[i];
  }
}

// An exception repeats the integer before it, which costs the column least.
void fill_exceptions(std::span<std::int64_t> integers, const Exceptions& exceptions) {
  std::size_t first_good = 0;
  while (first_good < exceptions.count && exceptions.index[first_good] == first_good) ++first_good;
  for (std::size_t i = 0; i < exceptions.count; ++i) {
    const std::size_t at = exceptions.index[i];
    integers[at] = at == 0 ? (first_good < integers.size() ? integers[first_good] : 0) : integers[at - 1];
  }
}

bool encode_decimal(std::span<const double> values, std::string& out) {
  const std::size_t n = values.size();
  const std::size_t allowed = n / 16 + 1;
  std::array<std::int64_t, kMaxChunkSamples> integers;
  Exceptions exceptions;
  unsigned exponent = 0;
  // The smallest exponent that serves all; a value that none serves is an exception.
  for (std::size_t i = 0; i < n; ++i) {
    unsigned e = exponent;
    while (e <= kMaxExponent && !to_decimal(values[i], e, integers[i]))
      e = std::isfinite(values[i]) ? e + 1 : kMaxExponent + 1;
    if (e <= kMaxExponent) {
      exponent = e;
    } else if (++exceptions.count > allowed) {
      return false;
    }
  }
  exceptions.count = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (to_decimal(values[i], exponent, integers[i])) continue;
    if (exceptions.count == allowed) return false;
    exceptions.index[exceptions.count++] = static_cast<std::uint16_t>(i);
  }
  if (exceptions.count == n) return false;
  out += static_cast<char>(exponent | (exceptions.count != 0 ? kHasExceptions : 0));
  if (exceptions.count != 0) write_exceptions(values, exceptions, out);
  const auto column = std::span(integers).first(n);
  fill_exceptions(column, exceptions);
  encode_int_column(column, out);
  return true;
}

void encode_bits(std::span<const double> values, std::string& out) {
  const std::size_t n = values.size();
  std::array<std::int64_t, kMaxChunkSamples> integers;
  Exceptions exceptions;
  std::uint64_t any = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (std::isfinite(values[i])) {
      any |= bits_of(values[i]);
      integers[i] = std::bit_cast<std::int64_t>(values[i]);
    } else {
      exceptions.index[exceptions.count++] = static_cast<std::uint16_t>(i);
    }
  }
  // Many NaNs or infinities are ordinary values here.
  if (exceptions.count > n / 8 + 1) {
    exceptions.count = 0;
    for (std::size_t i = 0; i < n; ++i) {
      any |= bits_of(values[i]);
      integers[i] = std::bit_cast<std::int64_t>(values[i]);
    }
  }
  const unsigned shift = any == 0 ? 0 : static_cast<unsigned>(std::countr_zero(any));
  out += static_cast<char>(kBits | shift);
  write_exceptions(values, exceptions, out);
  const auto column = std::span(integers).first(n);
  fill_exceptions(column, exceptions);
  for (std::int64_t& integer : column) integer >>= shift;
  encode_int_column(column, out);
}

Result<void> read_exceptions(ByteReader in, std::span<double> values) {
  const std::uint64_t count = in.varint();
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    at += in.varint();
    const auto bits = in.raw<std::uint64_t>();
    if (at >= values.size()) return fail(ErrorCode::kCorruption, "chunk is damaged: an exception is out of range");
    values[at] = std::bit_cast<double>(bits);
  }
  return {};
}

}  // namespace

void encode_values(std::span<const double> values, std::string& out) {
  VIGIL_CHECK(!values.empty() && values.size() <= kMaxChunkSamples);
  bool constant = true;
  for (const double value : values) constant = constant && bits_of(value) == bits_of(values[0]);
  if (constant) {
    out += static_cast<char>(kConstant);
    put_raw(out, bits_of(values[0]));
    return;
  }
  if (!encode_decimal(values, out)) encode_bits(values, out);
}

Result<void> decode_values(ByteReader& in, std::span<double> values) {
  const std::uint8_t mode = in.byte();
  if (mode == kConstant) {
    const double value = std::bit_cast<double>(in.raw<std::uint64_t>());
    for (double& v : values) v = value;
    return in.ok() ? Result<void>() : fail(ErrorCode::kCorruption, "chunk is damaged: its values end early");
  }
  const bool bits = (mode & kBits) != 0;
  const unsigned exponent = mode & 0x0F;
  if (bits ? mode > (kBits | 63) : (mode > (kHasExceptions | 0x0F) || exponent > kMaxExponent)) {
    return fail(ErrorCode::kCorruption, "chunk is damaged: unknown coding of values");
  }
  const bool has_exceptions = bits || (mode & kHasExceptions) != 0;
  const ByteReader exceptions = in;
  if (has_exceptions) {
    const std::uint64_t count = in.varint();
    if (count > values.size()) return fail(ErrorCode::kCorruption, "chunk is damaged: too many exceptions");
    for (std::uint64_t i = 0; i < count; ++i) {
      in.varint();
      in.skip(8);
    }
  }
  std::array<std::int64_t, kMaxChunkSamples> integers;
  const auto column = std::span(integers).first(values.size());
  VIGIL_TRY_VOID(decode_int_column(in, column));
  const std::size_t n = values.size();
  if (bits) {
    const unsigned shift = mode & 63;
    for (std::size_t i = 0; i < n; ++i) {
      values[i] = std::bit_cast<double>(static_cast<std::uint64_t>(integers[i]) << shift);
    }
  } else if (exponent == 0) {
    for (std::size_t i = 0; i < n; ++i) values[i] = static_cast<double>(integers[i]);
  } else {
    const double power = kPowers[exponent];
    for (std::size_t i = 0; i < n; ++i) values[i] = static_cast<double>(integers[i]) / power;
  }
  return has_exceptions ? read_exceptions(exceptions, values) : Result<void>();
}

}  // namespace vigil::storage
