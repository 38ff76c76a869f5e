// What can go wrong in the simulated network, as data. See simulation.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

namespace vigil::packs::hotstuff2 {

// One replica, its machine and its links. What it is without a fault.
struct Condition {
  bool running = true;
  bool isolated = false;                            // runs, and reaches nobody
  bool silent = false;                              // does not vote
  bool mute = false;                                // does not propose
  bool equivocates = false;                         // proposes twice, once a minute
  bool flapping = false;                            // its connections break and come back
  bool leaks = false;                               // memory
  bool fills_disk = false;                          //
  std::chrono::duration<double> link_delay{0};      // more, one way
  std::chrono::duration<double> disk_delay{0.002};  // one write with its fsync
  double loss = 0.0005;                             // share of its messages
  double busy = 0;                                  // share of the CPU that others use
};

// The network and its users.
struct Weather {
  double max_block = 5000;                     // transactions
  std::chrono::duration<double> execution{0};  // of a block, more
  std::chrono::duration<double> delay{0};      // of every link, one way, more
  double unfit = 0;                            // transactions a second that no block can take
  bool split = false;                          // two halves that do not hear each other
  bool forks = false;                          // two blocks were committed at one height
  bool diverged = false;                       // one replica has other state than the rest
  bool scraped = true;                         // false: no replica answers its scrapes
};

struct Fault {
  std::string_view name;
  // `victims`: the last replica, and the one before it.
  void (*apply)(Weather& weather, Condition& last, Condition& before_last);
};

std::span<const Fault> faults();

}  // namespace vigil::packs::hotstuff2
