// Nanoseconds per operation on one or two threads, on a machine with other work.
//
// Threads are pinned to a CPU each and run the operation in windows of 1.5 ms. A window
// counts if all started within 50 us of each other and none was preempted or, woken from
// a lock, had to wait for its CPU because of somebody else: so the threads did run side
// by side. Sleeping on a lock counts, it is what the library does.
#pragma once

#include <cstddef>
#include <functional>

#include "bench/client/library.h"

namespace vigil::bench {

struct Timing {
  double p50_ns = 0;  // per operation as each thread sees it; 0 if no window counted
  double p10_ns = 0;
  double p90_ns = 0;
  std::size_t windows = 0;  // that counted
  std::size_t tried = 0;
};

Timing time_operation(const std::function<Batch(std::size_t thread)>& make, std::size_t threads);

void pin_to_cpu(std::size_t cpu);
// How often the kernel has preempted this thread.
long preemptions();
double now_ns();

}  // namespace vigil::bench
