// The trace an observation belongs to: W3C Trace Context identifiers
// (https://www.w3.org/TR/trace-context/), as exemplars carry them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vigil::metrics {

struct TraceContext {
  std::uint64_t trace_high = 0;
  std::uint64_t trace_low = 0;
  std::uint64_t span = 0;  // 0: not known

  // False for the all-zero trace id, which means "none": observations record no exemplar.
  bool valid() const { return (trace_high | trace_low) != 0; }

  // From 32 and 16 (or no) lower-case hexadecimal digits; nullopt for anything else.
  static std::optional<TraceContext> parse(std::string_view trace_id, std::string_view span_id = {});

  friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

// trace_id="4bf92f3577b34da6a3ce929d0e0e4736",span_id="00f067aa0ba902b7"
void append_labels(std::string& out, const TraceContext& trace);

}  // namespace vigil::metrics
