#include "vigil/storage/chunk/timestamp_column.h"

#include <algorithm>
#include <array>

namespace vigil::storage {
namespace {

constexpr std::uint8_t kGrid = 0;
constexpr std::uint8_t kPacked = 1;

// The element that more than half of the values equal, if there is one (Boyer & Moore's vote).
template <class At>
bool majority(std::size_t count, At at, std::int64_t& winner) {
  std::size_t votes = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t value = at(i);
    if (votes == 0) winner = value;
    votes += value == winner ? 1 : -1;
  }
  std::size_t have = 0;
  for (std::size_t i = 0; i < count; ++i) have += at(i) == winner ? 1 : 0;
  return have * 2 > count;
}

struct Mark {
  std::size_t index;
  std::int64_t value;
};

// Sample i stands at base + interval * slot(i) + residual(i); slots advance by one, but
// by more at a gap. Gives up where that is no short description.
bool encode_grid(std::span<const Timestamp> t, std::string& out) {
  const std::size_t n = t.size();
  // Differences of outside timestamps may exceed 64 bits.
  if (t.front() < kMinTimestamp / 4 || t.back() > kMaxTimestamp / 4) return false;
  std::int64_t interval = 0;
  if (n > 1 && !majority(n - 1, [&](std::size_t i) { return t[i + 1] - t[i]; }, interval)) return false;
  if (interval <= 0 && n > 1) return false;

  std::array<std::int64_t, kMaxChunkSamples> residual;
  std::array<Mark, kMaxChunkSamples / 8> gaps;
  std::size_t gap_count = 0;
  std::int64_t slot = t.front();
  residual[0] = 0;
  for (std::size_t i = 1; i < n; ++i) {
    const std::int64_t steps = (t[i] - slot + interval / 2) / interval;
    if (steps < 1) return false;
    if (steps > 1) {
      if (gap_count == std::min(gaps.size(), n / 8 + 1)) return false;
      gaps[gap_count++] = {i, steps - 1};
    }
    slot += steps * interval;
    residual[i] = t[i] - slot;
  }
  // The first sample may itself be off the grid of the others.
  std::int64_t shift = 0;
  if (!majority(n, [&](std::size_t i) { return residual[i]; }, shift)) return false;
  std::size_t off = 0;
  for (std::size_t i = 0; i < n; ++i) off += residual[i] != shift ? 1 : 0;
  if (off > n / 8 + 1) return false;

  out += static_cast<char>(kGrid);
  put_svarint(out, t.front() + shift);
  put_varint(out, static_cast<std::uint64_t>(interval));
  put_varint(out, off);
  std::size_t last = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (residual[i] == shift) continue;
    put_varint(out, i - last);
    put_svarint(out, residual[i] - shift);
    last = i;
  }
  put_varint(out, gap_count);
  last = 0;
  for (const Mark& gap : std::span(gaps).first(gap_count)) {
    put_varint(out, gap.index - last);
    put_varint(out, static_cast<std::uint64_t>(gap.value));
    last = gap.index;
  }
  return true;
}

std::unexpected<Error> damaged() { return fail(ErrorCode::kCorruption, "chunk is damaged: its timestamps"); }

}  // namespace

void encode_timestamps(std::span<const Timestamp> timestamps, std::string& out) {
  if (encode_grid(timestamps, out)) return;
  out += static_cast<char>(kPacked);
  encode_int_column(timestamps, out);
}

Result<void> decode_timestamps(ByteReader& in, std::span<Timestamp> timestamps) {
  const std::uint8_t mode = in.byte();
  if (mode == kPacked) return decode_int_column(in, timestamps);
  if (mode != kGrid || !in.ok()) return damaged();
  // Unsigned: damaged input may overflow.
  const auto base = static_cast<std::uint64_t>(in.svarint());
  const std::uint64_t interval = in.varint();
  ByteReader marks = in;  // residuals come first in the bytes, but are applied last
  const std::uint64_t off = in.varint();
  if (off > timestamps.size()) return damaged();
  for (std::uint64_t i = 0; i < off; ++i) {
    in.varint();
    in.varint();
  }
  std::uint64_t slot = base;
  std::size_t i = 0;
  const auto run_to = [&](std::size_t end) {
    for (; i < end; ++i, slot += interval) timestamps[i] = static_cast<Timestamp>(slot);
  };
  const std::uint64_t gaps = in.varint();
  if (gaps > timestamps.size()) return damaged();
  for (std::uint64_t gap = 0, at = 0; gap < gaps; ++gap) {
    const std::uint64_t step = in.varint();
    if (step > timestamps.size() - at) return damaged();
    run_to(at += step);
    slot += in.varint() * interval;
  }
  run_to(timestamps.size());
  marks.varint();
  for (std::uint64_t mark = 0, at = 0; mark < off; ++mark) {
    at += marks.varint();
    if (at >= timestamps.size()) return damaged();
    timestamps[at] = static_cast<Timestamp>(static_cast<std::uint64_t>(timestamps[at]) +
                                            static_cast<std::uint64_t>(marks.svarint()));
  }
  return in.ok() ? Result<void>() : damaged();
}

}  // namespace vigil::storage
