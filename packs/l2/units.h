// Units of the L2 pack's recording API.
#pragma once

#include <chrono>

namespace vigil::packs::l2 {

// Any std::chrono duration converts to it. A point in time is one since the Unix epoch.
using Seconds = std::chrono::duration<double>;

// An amount in wei: 64 bits end at 18 ether, 128 hold all that exists.
__extension__ using Wei = unsigned __int128;

inline double to_ether(Wei amount) { return static_cast<double>(amount) * 1e-18; }

}  // namespace vigil::packs::l2
