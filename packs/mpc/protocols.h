// The signature protocols of the simulated wallet and what they cost to compute.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace vigil::packs::mpc {

struct Protocol {
  std::string_view name;
  int rounds;          // after presigning
  double share_ms;     // computing a share
  double presign_ms;   // computing its part of a batch
  double ceremony_ms;  // computing its part of a key generation
};
inline constexpr std::array<Protocol, 2> kProtocols{{
    {"cggmp24", 3, 60, 900, 2500},
    {"frost", 2, 15, 120, 1200},
}};

inline const Protocol& protocol_of(int index) { return kProtocols[static_cast<std::size_t>(index)]; }

}  // namespace vigil::packs::mpc
