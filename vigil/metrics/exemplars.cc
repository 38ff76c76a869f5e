#include "vigil/metrics/exemplars.h"

#include <charconv>

#include "vigil/metrics/trace.h"

namespace vigil::metrics {
namespace {

std::optional<std::uint64_t> parse_hex(std::string_view digits) {
  std::uint64_t value = 0;
  for (const char c : digits) {
    const bool letter = c >= 'a' && c <= 'f';
    if (!letter && !(c >= '0' && c <= '9')) return std::nullopt;
    value = value << 4 | static_cast<std::uint64_t>(letter ? c - 'a' + 10 : c - '0');
  }
  return value;
}

void append_hex(std::string& out, std::uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[value >> shift & 15];
}

}  // namespace

std::optional<TraceContext> TraceContext::parse(std::string_view trace_id, std::string_view span_id) {
  if (trace_id.size() != 32 || (span_id.size() != 16 && !span_id.empty())) return std::nullopt;
  const auto high = parse_hex(trace_id.substr(0, 16));
  const auto low = parse_hex(trace_id.substr(16));
  const auto span = parse_hex(span_id);
  if (!high || !low || !span) return std::nullopt;
  return TraceContext{*high, *low, *span};
}

void append_labels(std::string& out, const TraceContext& trace) {
  out += "trace_id=\"";
  append_hex(out, trace.trace_high);
  append_hex(out, trace.trace_low);
  out += '"';
  if (trace.span == 0) return;
  out += ",span_id=\"";
  append_hex(out, trace.span);
  out += '"';
}

namespace internal {

void Exemplars::write(std::size_t slot, const Value& value) {
  Slot& to = slots_[slot];
  std::uint32_t sequence = to.sequence.load(std::memory_order_relaxed);
  if ((sequence & 1U) != 0 || !to.sequence.compare_exchange_strong(sequence, sequence + 1, std::memory_order_acquire,
                                                                   std::memory_order_relaxed)) {
    return;
  }
  // Release stores keep each field behind the odd sequence number, without a fence.
  to.value.store(std::bit_cast<std::uint64_t>(value.value), std::memory_order_release);
  to.time.store(static_cast<std::uint64_t>(value.time), std::memory_order_release);
  to.trace_high.store(value.trace.trace_high, std::memory_order_release);
  to.trace_low.store(value.trace.trace_low, std::memory_order_release);
  to.span.store(value.trace.span, std::memory_order_release);
  to.sequence.store(sequence + 2, std::memory_order_release);
}

std::optional<Exemplars::Value> Exemplars::read(std::size_t slot) const {
  const Slot& from = slots_[slot];
  const std::uint32_t before = from.sequence.load(std::memory_order_acquire);
  if (before == 0 || (before & 1U) != 0) return std::nullopt;
  Value value;
  value.value = std::bit_cast<double>(from.value.load(std::memory_order_acquire));
  value.time = static_cast<Timestamp>(from.time.load(std::memory_order_acquire));
  value.trace.trace_high = from.trace_high.load(std::memory_order_acquire);
  value.trace.trace_low = from.trace_low.load(std::memory_order_acquire);
  value.trace.span = from.span.load(std::memory_order_acquire);
  if (from.sequence.load(std::memory_order_relaxed) != before) return std::nullopt;
  return value;
}

}  // namespace internal
}  // namespace vigil::metrics
