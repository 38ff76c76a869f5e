// Counts what the program asks of operator new while switched on. Off, it costs one
// predictable branch, so timings are not touched.
#pragma once

#include <cstdint>

namespace vigil::bench {

struct Allocations {
  std::uint64_t count = 0;
  std::int64_t live_bytes = 0;  // allocated and not freed, with malloc's rounding and headers
  std::int64_t peak_bytes = 0;  // the most of it at any moment
};

// From construction to read(), over all threads. One at a time.
class CountAllocations {
 public:
  CountAllocations();
  ~CountAllocations();
  CountAllocations(const CountAllocations&) = delete;
  CountAllocations& operator=(const CountAllocations&) = delete;
  Allocations read() const;
};

}  // namespace vigil::bench
