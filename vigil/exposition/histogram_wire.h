// What the two protobuf forms of native histograms share: prometheus.Histogram of
// remote write and io.prometheus.client.Histogram of pages. Internal to this module.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/model/native_histogram.h"

namespace vigil::exposition::internal {

inline constexpr std::int64_t kMinSchema = -4;
inline constexpr std::int64_t kMaxSchema = 8;
inline constexpr std::uint32_t kSpanOffset = 1;
inline constexpr std::uint32_t kSpanLength = 2;

std::unexpected<Error> bad_histogram(std::string_view what);

// Appends one BucketSpan message; false if it is malformed.
bool read_span(std::string_view message, std::vector<NativeHistogram::Span>& spans);

// Turns deltas into counts while they are read; overflow wraps and shows up as a negative count.
struct DeltaSum {
  std::uint64_t count = 0;
  double add(std::int64_t delta) {
    count += static_cast<std::uint64_t>(delta);
    return static_cast<double>(static_cast<std::int64_t>(count));
  }
};

// Known schema, spans that fit the buckets, counts that are none of them negative.
Result<void> check_histogram(const NativeHistogram& histogram);

}  // namespace vigil::exposition::internal
