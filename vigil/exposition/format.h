#pragma once

#include <cstdint>

namespace vigil::exposition {

// The formats a page may have. PageParser reads the first three, PageWriter writes all.
enum class Format : std::uint8_t {
  kText,         // Prometheus text 0.0.4, and 1.0.0 which adds quoted UTF-8 names
  kOpenMetrics,  // OpenMetrics 1.0
  kProtobuf,     // io.prometheus.client.MetricFamily messages, each behind its length
  kJson,         // one document; see json_encoder.cc for its shape
  kCsv,          // RFC 4180: name,type,labels,value
  kInflux,       // InfluxDB line protocol
};

}  // namespace vigil::exposition
