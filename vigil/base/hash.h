// Hashes and checksums used on disk, on the wire and in tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace vigil {

// XXH3-64: fast, not stable across machines by contract of ours; never on disk.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

// XXH3-128 with a seed, for tables keyed by raw bytes that are not kept.
struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend bool operator==(const Hash128&, const Hash128&) = default;
};
Hash128 hash128(std::string_view bytes, std::uint64_t seed);

// FNV-1a 64: what Prometheus and Alertmanager use for fingerprints.
inline constexpr std::uint64_t kFnvOffset = 14695981039346656037ULL;
std::uint64_t fnv1a64(std::string_view bytes, std::uint64_t state = kFnvOffset);

// CRC-32C (Castagnoli, RFC 3720 appendix B.4), hardware-assisted where possible.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t state = 0);

}  // namespace vigil
