// A column of 64-bit integers: constants, differences of order 0, 1 or 2, and bit
// packing against a minimum in blocks of 64. The base of timestamps and values.
// Algorithm: frame of reference and delta coding as in Lemire & Boytsov, "Decoding
// billions of integers per second through vectorization", 2015; bytes in
// docs/formats/chunk.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "vigil/base/error.h"
#include "vigil/storage/chunk/varint.h"

namespace vigil::storage {

// No chunk has more samples; decoders refuse what says otherwise.
inline constexpr std::size_t kMaxChunkSamples = 4096;

// Appends 1..kMaxChunkSamples values. Any values: differences wrap.
void encode_int_column(std::span<const std::int64_t> values, std::string& out);

// Fills `values`, whose size is the number of values encoded.
Result<void> decode_int_column(ByteReader& in, std::span<std::int64_t> values);

}  // namespace vigil::storage
