// Byte searches of the exposition parsers: where a metric name ends, where a
// label block closes. They look at 16 or 64 bytes at a time, after the
// quote-mask idea of Langdale & Lemire, "Parsing Gigabytes of JSON per Second"
// (VLDB Journal 2019). Internal to this module.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace vigil::exposition::internal {

// The first '{', ' ', '\t' or '\n' in [p, end), or `end`.
inline const char* find_name_end(const char* p, const char* end) {
#if defined(__SSE2__)
  const __m128i brace = _mm_set1_epi8('{');
  const __m128i space = _mm_set1_epi8(' ');
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i newline = _mm_set1_epi8('\n');
  for (; end - p >= 16; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i found = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, brace), _mm_cmpeq_epi8(bytes, space)),
                                       _mm_or_si128(_mm_cmpeq_epi8(bytes, tab), _mm_cmpeq_epi8(bytes, newline)));
    const auto mask = static_cast<std::uint32_t>(_mm_movemask_epi8(found));
    if (mask != 0) return p + std::countr_zero(mask);
  }
#endif
  while (p != end && *p != '{' && *p != ' ' && *p != '\t' && *p != '\n') ++p;
  return p;
}

// `p` points behind the '{' of a label block: the '}' that closes it, or nullptr.
// Braces inside quoted strings do not count; a backslash in one escapes the next byte.
inline const char* find_closing_brace(const char* p, const char* end) {
  bool quoted = false;
  const auto step = [&]() -> bool {  // one byte, or two after a backslash; true at the brace
    const char c = *p;
    if (c == '"') {
      quoted = !quoted;
    } else if (c == '\\' && quoted) {
      if (end - p > 1) ++p;
    } else if (c == '}' && !quoted) {
      return true;
    }
    ++p;
    return false;
  };
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i brace = _mm_set1_epi8('}');
  const __m128i backslash = _mm_set1_epi8('\\');
  while (end - p >= 64) {
    std::uint64_t quotes = 0;
    std::uint64_t braces = 0;
    std::uint64_t backslashes = 0;
    for (int i = 0; i < 4; ++i) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * i));
      const auto bits = [&](__m128i wanted) {
        return static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted))))
               << (16 * i);
      };
      quotes |= bits(quote);
      braces |= bits(brace);
      backslashes |= bits(backslash);
    }
    if (backslashes != 0) [[unlikely]] {
      for (const char* const block_end = p + 64; p < block_end;) {
        if (step()) return p;
      }
      continue;
    }
    // Bit i becomes the parity of the quotes up to and with byte i: 1 inside a string.
    std::uint64_t inside = quotes;
    for (int shift = 1; shift < 64; shift *= 2) inside ^= inside << shift;
    if (quoted) inside = ~inside;
    const std::uint64_t closing = braces & ~inside;
    if (closing != 0) return p + std::countr_zero(closing);
    quoted = (inside >> 63) != 0;
    p += 64;
  }
#endif
  while (p < end) {
    if (step()) return p;
  }
  return nullptr;
}

inline bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace vigil::exposition::internal
