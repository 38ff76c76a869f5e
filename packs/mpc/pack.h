// All of the MPC wallet's pack: catalogue, rules, dashboards, scenarios.
#pragma once

#include "vigil/pack/pack.h"

namespace vigil::packs::mpc {

const pack::Pack& pack();

}  // namespace vigil::packs::mpc
