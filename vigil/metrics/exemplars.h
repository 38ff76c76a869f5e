// The latest exemplars of one series: one slot a bucket, written without a lock.
//
// A slot is a sequence lock with one writer at a time; a writer that finds a slot taken
// gives up, since the other one's exemplar is as good. Nothing is allocated on the way.
//
// Thread-safety: any thread.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "vigil/base/time.h"
#include "vigil/metrics/trace.h"

namespace vigil::metrics::internal {

class Exemplars {
 public:
  struct Value {
    double value = 0;
    Timestamp time = 0;
    TraceContext trace;
  };

  explicit Exemplars(std::size_t slots) : size_(slots), slots_(new Slot[slots]) {}

  std::size_t size() const { return size_; }
  void write(std::size_t slot, const Value& value);
  // nullopt if nothing was written yet or somebody writes just now.
  std::optional<Value> read(std::size_t slot) const;

 private:
  struct Slot {
    std::atomic<std::uint32_t> sequence{0};  // odd while written
    std::atomic<std::uint64_t> value{0}, time{0}, trace_high{0}, trace_low{0}, span{0};
  };
  const std::size_t size_;
  const std::unique_ptr<Slot[]> slots_;
};

}  // namespace vigil::metrics::internal
