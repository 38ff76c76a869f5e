#include "vigil/storage/chunk/bit_packing.h"

#include <algorithm>
#include <cstring>

#include "vigil/storage/chunk/varint.h"

namespace vigil::storage {

void pack_bits(const std::uint64_t* values, std::size_t count, unsigned width, std::string& out) {
  if (width == 0) return;
  const std::size_t start = out.size();
  out.resize(start + packed_bytes(count, width) + 8);
  char* at = out.data() + start;
  std::uint64_t pending = 0;
  unsigned used = 0;
  for (std::size_t i = 0; i < count; ++i) {
    pending |= values[i] << used;
    used += width;
    if (used >= 64) {
      std::memcpy(at, &pending, 8);
      at += 8;
      used -= 64;
      pending = used == 0 ? 0 : values[i] >> (width - used);
    }
  }
  std::memcpy(at, &pending, 8);
  out.resize(start + packed_bytes(count, width));
}

namespace {

// Eight bytes from any bit hold at least 57 bits of it.
void unpack_narrow(const char* packed, std::size_t count, unsigned width, std::uint64_t* values) {
  const std::uint64_t mask = (std::uint64_t{1} << width) - 1;
  std::size_t bit = 0;
  for (std::size_t i = 0; i < count; ++i, bit += width) {
    values[i] = (load_raw<std::uint64_t>(packed + (bit >> 3)) >> (bit & 7)) & mask;
  }
}

void unpack_wide(const char* packed, std::size_t count, unsigned width, std::uint64_t* values) {
  const std::uint64_t mask = ~std::uint64_t{0} >> (64 - width);
  std::size_t bit = 0;
  for (std::size_t i = 0; i < count; ++i, bit += width) {
    const char* at = packed + (bit >> 3);
    const unsigned shift = bit & 7;
    std::uint64_t value = load_raw<std::uint64_t>(at) >> shift;
    if (shift != 0) value |= static_cast<std::uint64_t>(static_cast<unsigned char>(at[8])) << (64 - shift);
    values[i] = value & mask;
  }
}

}  // namespace

void unpack_bits(const char* packed, std::size_t readable, std::size_t count, unsigned width, std::uint64_t* values) {
  if (width == 0) {
    std::fill_n(values, count, 0);
    return;
  }
  const std::size_t bytes = packed_bytes(count, width);
  const auto unpack = width <= 56 ? unpack_narrow : unpack_wide;
  constexpr std::size_t kOverrun = 9;  // what the loops may touch behind the last value
  if (readable >= bytes + kOverrun) {
    unpack(packed, count, width, values);
    return;
  }
  // At the end of the memory: the same from a padded copy, a few values at a time
  // (a multiple of eight begins on a byte).
  constexpr std::size_t kStep = 64;
  char padded[kStep * 8 + kOverrun] = {};
  for (std::size_t done = 0; done < count; done += kStep) {
    const std::size_t n = std::min(kStep, count - done);
    std::memcpy(padded, packed + done * width / 8, packed_bytes(n, width));
    unpack(padded, n, width, values + done);
  }
}

}  // namespace vigil::storage
