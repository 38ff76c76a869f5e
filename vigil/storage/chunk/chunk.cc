#include "vigil/storage/chunk/chunk.h"

#include <algorithm>

#include "vigil/storage/chunk/histogram_column.h"
#include "vigil/storage/chunk/timestamp_column.h"
#include "vigil/storage/chunk/value_column.h"

namespace vigil::storage {
namespace {

void begin_chunk(ChunkKind kind, std::span<const Timestamp> timestamps, std::string& out) {
  VIGIL_CHECK(!timestamps.empty() && timestamps.size() <= kMaxChunkSamples);
  out += static_cast<char>(kind);
  put_varint(out, timestamps.size());
  encode_timestamps(timestamps, out);
}

Result<ChunkInfo> read_info(ByteReader& in) {
  const std::uint8_t kind = in.byte();
  const std::uint64_t samples = in.varint();
  if ((kind != 1 && kind != 2) || samples == 0 || samples > kMaxChunkSamples) {
    return fail(ErrorCode::kCorruption, "chunk is damaged: its header");
  }
  return ChunkInfo{static_cast<ChunkKind>(kind), static_cast<std::size_t>(samples)};
}

}  // namespace

void encode_float_chunk(std::span<const Timestamp> timestamps, std::span<const double> values, std::string& out) {
  begin_chunk(ChunkKind::kFloat, timestamps, out);
  encode_values(values, out);
}

void encode_histogram_chunk(std::span<const Timestamp> timestamps, std::span<const HistogramPtr> histograms,
                            std::string& out) {
  begin_chunk(ChunkKind::kHistogram, timestamps, out);
  encode_histograms(histograms, out);
}

Result<ChunkInfo> chunk_info(std::string_view chunk) {
  ByteReader in(chunk);
  return read_info(in);
}

Result<void> decode_chunk(std::string_view chunk, Timestamp mint, Timestamp maxt, SampleColumns& out) {
  ByteReader in(chunk);
  VIGIL_TRY(const ChunkInfo info, read_info(in));
  // Decoded where they will stay; what is outside the range is cut off afterwards.
  const std::size_t start = out.timestamps.size();
  const auto undo = [&](Result<void> failure) {
    out.timestamps.resize(start);
    out.values.resize(start);
    return failure;
  };
  out.timestamps.resize(start + info.samples);
  const auto timestamps = std::span(out.timestamps).subspan(start);
  if (auto done = decode_timestamps(in, timestamps); !done) return undo(std::move(done));
  const auto low =
      static_cast<std::size_t>(std::lower_bound(timestamps.begin(), timestamps.end(), mint) - timestamps.begin());
  const auto high = static_cast<std::size_t>(
      std::upper_bound(timestamps.begin() + static_cast<std::ptrdiff_t>(low), timestamps.end(), maxt) -
      timestamps.begin());
  if (low == high) return undo({});

  out.values.resize(start + info.samples);
  if (info.kind == ChunkKind::kFloat) {
    if (auto done = decode_values(in, std::span(out.values).subspan(start)); !done) return undo(std::move(done));
  } else {
    std::vector<HistogramPtr> histograms(info.samples);
    if (auto done = decode_histograms(in, histograms); !done) return undo(std::move(done));
    for (std::size_t i = low; i < high; ++i) {
      out.histograms.emplace_back(start + i - low, std::move(histograms[i]));
    }
  }
  const auto trim = [&](auto& column) {
    const auto first = column.begin() + static_cast<std::ptrdiff_t>(start);
    column.erase(first + static_cast<std::ptrdiff_t>(high), column.end());
    column.erase(first, first + static_cast<std::ptrdiff_t>(low));
  };
  trim(out.timestamps);
  trim(out.values);
  return {};
}

}  // namespace vigil::storage
