#include "vigil/storage/chunk/int_column.h"

#include <algorithm>
#include <array>
#include <bit>

#include "vigil/storage/chunk/bit_packing.h"

namespace vigil::storage {
namespace {

constexpr std::size_t kBlock = 64;
// First byte of a column.
constexpr std::uint8_t kConstant = 3;  // 0, 1, 2: order of the differences
constexpr std::uint8_t kOneBlock = 4;  // flag: one block for all instead of blocks of 64
// First byte of a block: width 0..64, and
constexpr std::uint8_t kSparse = 0x80;  // a bitmap of the non-zero residuals first

std::size_t varint_bytes(std::uint64_t value) { return static_cast<std::size_t>((std::bit_width(value | 1) + 6) / 7); }

// How a block of residuals is written cheapest.
struct BlockPlan {
  std::int64_t min = 0;
  unsigned width = 0;
  bool sparse = false;
  std::size_t bytes = 0;
};

unsigned width_of(std::int64_t min, std::int64_t max) {
  return static_cast<unsigned>(std::bit_width(static_cast<std::uint64_t>(max) - static_cast<std::uint64_t>(min)));
}

BlockPlan plan_block(const std::int64_t* residuals, std::size_t count) {
  std::int64_t min = residuals[0];
  std::int64_t max = residuals[0];
  std::size_t zeros = 0;
  for (std::size_t i = 0; i < count; ++i) {
    min = std::min(min, residuals[i]);
    max = std::max(max, residuals[i]);
    zeros += residuals[i] == 0 ? 1 : 0;
  }
  BlockPlan plan{min, width_of(min, max), false, 0};
  plan.bytes = 1 + varint_bytes(zigzag(min)) + packed_bytes(count, plan.width);
  // Rare non-zero residuals: a bitmap, and the frame around the others only.
  if (zeros * 4 >= count && zeros != count) {
    bool any = false;
    std::int64_t low = 0;
    std::int64_t high = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (residuals[i] == 0) continue;
      low = any ? std::min(low, residuals[i]) : residuals[i];
      high = any ? std::max(high, residuals[i]) : residuals[i];
      any = true;
    }
    const unsigned width = width_of(low, high);
    const std::size_t bytes = 1 + varint_bytes(zigzag(low)) + (count + 7) / 8 + packed_bytes(count - zeros, width);
    if (bytes < plan.bytes) plan = {low, width, true, bytes};
  }
  return plan;
}

void write_block(const std::int64_t* residuals, std::size_t count, const BlockPlan& plan, std::string& out) {
  std::array<std::uint64_t, kMaxChunkSamples> offsets;
  out += static_cast<char>(plan.width | (plan.sparse ? kSparse : 0));
  put_svarint(out, plan.min);
  std::size_t kept = 0;
  const auto base = static_cast<std::uint64_t>(plan.min);
  if (plan.sparse) {
    for (std::size_t i = 0; i < count; i += 8) {
      unsigned bits = 0;
      for (std::size_t j = i; j < std::min(count, i + 8); ++j) {
        if (residuals[j] == 0) continue;
        bits |= 1U << (j - i);
        offsets[kept++] = static_cast<std::uint64_t>(residuals[j]) - base;
      }
      out += static_cast<char>(bits);
    }
  } else {
    for (; kept < count; ++kept) offsets[kept] = static_cast<std::uint64_t>(residuals[kept]) - base;
  }
  pack_bits(offsets.data(), kept, plan.width, out);
}

struct ColumnPlan {
  std::size_t bytes = 0;
  bool one_block = false;
};

ColumnPlan plan_column(const std::int64_t* residuals, std::size_t count) {
  if (count == 0) return {0, true};
  std::size_t blocks = 0;
  for (std::size_t i = 0; i < count; i += kBlock)
    blocks += plan_block(residuals + i, std::min(kBlock, count - i)).bytes;
  if (count <= kBlock) return {blocks, true};
  const std::size_t one = plan_block(residuals, count).bytes;
  return one <= blocks ? ColumnPlan{one, true} : ColumnPlan{blocks, false};
}

// d[i] = v[i + 1] - v[i], wrapping.
void difference(const std::int64_t* values, std::size_t count, std::int64_t* out) {
  for (std::size_t i = 0; i + 1 < count; ++i) {
    out[i] =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(values[i + 1]) - static_cast<std::uint64_t>(values[i]));
  }
}

std::unexpected<Error> damaged(const char* what) {
  return fail(ErrorCode::kCorruption, std::string("chunk is damaged: ") + what);
}

}  // namespace

void encode_int_column(std::span<const std::int64_t> values, std::string& out) {
  const std::size_t n = values.size();
  VIGIL_CHECK(n >= 1 && n <= kMaxChunkSamples);
  if (std::all_of(values.begin(), values.end(), [&](std::int64_t v) { return v == values[0]; })) {
    out += static_cast<char>(kConstant);
    put_svarint(out, values[0]);
    return;
  }
  std::array<std::int64_t, kMaxChunkSamples> first;
  std::array<std::int64_t, kMaxChunkSamples> second;
  difference(values.data(), n, first.data());
  if (n >= 2) difference(first.data(), n - 1, second.data());
  const std::int64_t* residuals[3] = {values.data(), first.data(), second.data()};

  unsigned best = 0;
  ColumnPlan best_plan;
  for (unsigned order = 0; order <= 2 && order < n; ++order) {
    ColumnPlan plan = plan_column(residuals[order], n - order);
    for (unsigned k = 0; k < order; ++k) plan.bytes += varint_bytes(zigzag(residuals[k][0]));
    if (order == 0 || plan.bytes < best_plan.bytes) {
      best = order;
      best_plan = plan;
    }
  }
  out += static_cast<char>(best | (best_plan.one_block ? kOneBlock : 0));
  for (unsigned k = 0; k < best; ++k) put_svarint(out, residuals[k][0]);
  const std::size_t count = n - best;
  const std::size_t step = best_plan.one_block ? count : kBlock;
  for (std::size_t i = 0; i < count; i += step) {
    const std::size_t m = std::min(step, count - i);
    write_block(residuals[best] + i, m, plan_block(residuals[best] + i, m), out);
  }
}

Result<void> decode_int_column(ByteReader& in, std::span<std::int64_t> values) {
  const std::size_t n = values.size();
  VIGIL_CHECK(n <= kMaxChunkSamples);
  const std::uint8_t mode = in.byte();
  if (mode == kConstant) {
    std::fill(values.begin(), values.end(), in.svarint());
    return in.ok() ? Result<void>() : damaged("a column ends early");
  }
  const unsigned order = mode & 3;
  if (order == 3 || mode > (kOneBlock | 2) || order >= n) return damaged("unknown column coding");

  // Wrapping arithmetic, hence unsigned.
  std::uint64_t start[2] = {};
  for (unsigned k = 0; k < order; ++k) start[k] = static_cast<std::uint64_t>(in.svarint());
  std::array<std::uint64_t, kMaxChunkSamples> offsets;
  std::uint64_t value = start[0];
  std::uint64_t slope = start[1];
  std::int64_t* out = values.data();
  std::int64_t* const end = out + n;
  if (order >= 1) *out++ = static_cast<std::int64_t>(value);
  if (order == 2) *out++ = static_cast<std::int64_t>(value += slope);

  const std::size_t step = (mode & kOneBlock) != 0 ? n : kBlock;
  while (out != end) {
    const std::size_t count = std::min(step, static_cast<std::size_t>(end - out));
    const std::uint8_t tag = in.byte();
    const auto min = static_cast<std::uint64_t>(in.svarint());
    const unsigned width = tag & 0x7F;
    if (width > 64) return damaged("a bit width is above 64");
    const bool sparse = (tag & kSparse) != 0;
    std::size_t kept = count;
    std::string_view bitmap;
    if (sparse) {
      bitmap = in.bytes((count + 7) / 8);
      if (!in.ok()) return damaged("a block ends early");
      kept = 0;
      for (const char bits : bitmap) kept += static_cast<std::size_t>(std::popcount(static_cast<unsigned char>(bits)));
      if (kept > count) return damaged("a bitmap is too long");
    }
    const std::size_t readable = in.left();
    const std::string_view packed = in.bytes(packed_bytes(kept, width));
    if (!in.ok()) return damaged("a block ends early");
    unpack_bits(packed.data(), readable, kept, width, offsets.data());
    if (sparse) {
      // From the back, so that the same array can be spread in place.
      std::size_t from = kept;
      for (std::size_t i = count; i-- > 0;) {
        const bool set = ((static_cast<unsigned char>(bitmap[i / 8]) >> (i % 8)) & 1) != 0;
        if (set && from == 0) return damaged("a bitmap is too long");
        offsets[i] = set ? offsets[--from] + min : 0;
      }
    } else {
      for (std::size_t i = 0; i < count; ++i) offsets[i] += min;
    }
    switch (order) {
      case 0:
        for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::int64_t>(offsets[i]);
        break;
      case 1:
        for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::int64_t>(value += offsets[i]);
        break;
      default:
        for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::int64_t>(value += slope += offsets[i]);
    }
    out += count;
  }
  return {};
}

}  // namespace vigil::storage
