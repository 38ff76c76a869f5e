// A chunk: consecutive samples of one series, compressed column by column.
// Immutable bytes; described in docs/formats/chunk.md.
//
// Decoding is the hot path of every query: it fills whole columns in tight loops.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "vigil/model/native_histogram.h"
#include "vigil/storage/chunk/int_column.h"
#include "vigil/storage_api/queryable.h"

namespace vigil::storage {

// Full chunks hold this many samples: about an hour at 15 s.
inline constexpr std::size_t kChunkSamples = 256;

enum class ChunkKind : std::uint8_t { kFloat = 1, kHistogram = 2 };

// Append one chunk to `out`. 1..kMaxChunkSamples samples, timestamps strictly ascending.
void encode_float_chunk(std::span<const Timestamp> timestamps, std::span<const double> values, std::string& out);
void encode_histogram_chunk(std::span<const Timestamp> timestamps, std::span<const HistogramPtr> histograms,
                            std::string& out);

struct ChunkInfo {
  ChunkKind kind = ChunkKind::kFloat;
  std::size_t samples = 0;
};
Result<ChunkInfo> chunk_info(std::string_view chunk);

// Appends the samples with mint <= t <= maxt. Any bytes may be given: damage is kCorruption.
Result<void> decode_chunk(std::string_view chunk, Timestamp mint, Timestamp maxt, SampleColumns& out);

}  // namespace vigil::storage
