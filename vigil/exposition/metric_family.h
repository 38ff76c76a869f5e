// Field numbers of io.prometheus.client (client_model's metrics.proto), which the
// protobuf pages consist of. Internal to this module.
#pragma once

#include <cstdint>

namespace vigil::exposition::internal::proto {

namespace family {
inline constexpr std::uint32_t kName = 1, kHelp = 2, kType = 3, kMetric = 4, kUnit = 5;
}
enum class Type : std::uint8_t { kCounter, kGauge, kSummary, kUntyped, kHistogram, kGaugeHistogram };
namespace metric {
inline constexpr std::uint32_t kLabel = 1, kGauge = 2, kCounter = 3, kSummary = 4, kUntyped = 5, kTimestampMs = 6,
                               kHistogram = 7;
}
namespace label {
inline constexpr std::uint32_t kName = 1, kValue = 2;
}
namespace value {  // Counter; Gauge and Untyped have the first only
inline constexpr std::uint32_t kValue = 1, kExemplar = 2, kCreated = 3;
}
namespace summary {
inline constexpr std::uint32_t kCount = 1, kSum = 2, kQuantile = 3;
}
namespace quantile {
inline constexpr std::uint32_t kQuantile = 1, kValue = 2;
}
namespace histogram {
inline constexpr std::uint32_t kCount = 1, kSum = 2, kBucket = 3, kCountFloat = 4, kSchema = 5, kZeroThreshold = 6,
                               kZeroCount = 7, kZeroCountFloat = 8, kNegativeSpan = 9, kNegativeDelta = 10,
                               kNegativeCount = 11, kPositiveSpan = 12, kPositiveDelta = 13, kPositiveCount = 14,
                               kCreated = 15, kExemplar = 16;
}
namespace bucket {
inline constexpr std::uint32_t kCount = 1, kUpperBound = 2, kExemplar = 3, kCountFloat = 4;
}
namespace span {
inline constexpr std::uint32_t kOffset = 1, kLength = 2;
}
namespace exemplar {
inline constexpr std::uint32_t kLabel = 1, kValue = 2, kTime = 3;
}
namespace timestamp {  // google.protobuf.Timestamp
inline constexpr std::uint32_t kSeconds = 1, kNanos = 2;
}

}  // namespace vigil::exposition::internal::proto
