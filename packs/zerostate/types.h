// Words that all layers of ZeroState's recording API share.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "packs/zerostate/catalog/p2p.h"

namespace vigil::packs::zerostate {

// Any std::chrono duration converts to it.
using Seconds = std::chrono::duration<double>;

enum class Outcome : std::uint8_t { kSuccess, kFailure };

constexpr std::string_view to_string(Outcome v) { return catalog::kP2pResults.values[static_cast<std::size_t>(v)]; }

constexpr Outcome outcome(bool success) { return success ? Outcome::kSuccess : Outcome::kFailure; }

}  // namespace vigil::packs::zerostate
