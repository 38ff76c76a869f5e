// Members of the validator set as label values. See catalog.h.
#pragma once

#include <cstdint>

namespace vigil::packs::hotstuff2::catalog {

// Values that `validator` and `peer` take before the rest is counted as "other".
inline constexpr std::uint32_t kMaxValidators = 200;

// Label sets of a family with a member label beside `closed_sets` sets of closed
// values, "other" included.
constexpr std::uint32_t member_label_sets(std::uint32_t closed_sets, std::uint32_t max_validators = kMaxValidators) {
  return (max_validators + 1) * closed_sets;
}

}  // namespace vigil::packs::hotstuff2::catalog
