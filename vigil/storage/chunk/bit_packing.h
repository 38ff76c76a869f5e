// Unsigned integers at a fixed width in bits, first value in the lowest bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace vigil::storage {

inline std::size_t packed_bytes(std::size_t count, unsigned width) { return (count * width + 7) / 8; }

// Every value must fit in `width` bits, 0..64.
void pack_bits(const std::uint64_t* values, std::size_t count, unsigned width, std::string& out);

// `packed` holds packed_bytes(count, width) bytes; `readable` says how many bytes may
// be touched from there on (the loop is faster where that is 8 more).
void unpack_bits(const char* packed, std::size_t readable, std::size_t count, unsigned width, std::uint64_t* values);

}  // namespace vigil::storage
