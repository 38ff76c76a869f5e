// Floats of a chunk, bit-exact: NaN payloads, infinities and -0 come back as they were.
//
// Most monitoring data are integers or short decimals. A column where nearly every
// value is integer / 10^e (checked bit by bit) is stored as these integers; any other
// as the integers its bits are, without the zeros all of them end with. What does not
// fit either (NaN, infinities) is listed apart. The idea is that of ALP: Afroozeh,
// Kuffo & Boncz, "ALP: Adaptive lossless floating-point compression", SIGMOD 2024.
#pragma once

#include <span>
#include <string>

#include "vigil/storage/chunk/int_column.h"

namespace vigil::storage {

void encode_values(std::span<const double> values, std::string& out);  // 1..kMaxChunkSamples
Result<void> decode_values(ByteReader& in, std::span<double> values);

}  // namespace vigil::storage
