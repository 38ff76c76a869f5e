// All of ZeroState's pack: catalogue, rules, dashboards, scenarios.
#pragma once

#include "vigil/pack/pack.h"

namespace vigil::packs::zerostate {

const pack::Pack& pack();

}  // namespace vigil::packs::zerostate
