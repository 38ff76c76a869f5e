// Timestamps of a chunk: an interval and the few samples that are off its grid, which
// costs next to nothing for scrapes; packed differences for everything else.
#pragma once

#include <span>
#include <string>

#include "vigil/base/time.h"
#include "vigil/storage/chunk/int_column.h"

namespace vigil::storage {

// 1..kMaxChunkSamples timestamps, strictly ascending.
void encode_timestamps(std::span<const Timestamp> timestamps, std::string& out);

// Ascending order is the encoder's; damaged input may decode to anything.
Result<void> decode_timestamps(ByteReader& in, std::span<Timestamp> timestamps);

}  // namespace vigil::storage
