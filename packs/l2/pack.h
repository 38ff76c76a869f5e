// All of ZKFair's pack: catalogue, rules, dashboards, scenarios.
#pragma once

#include "vigil/pack/pack.h"

namespace vigil::packs::l2 {

const pack::Pack& pack();

}  // namespace vigil::packs::l2
