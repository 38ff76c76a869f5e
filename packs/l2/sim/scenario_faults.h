// The faults behind the names of the scenarios.
#pragma once

#include <string_view>

#include "packs/l2/sim/fault.h"
#include "vigil/base/error.h"

namespace vigil::packs::l2 {

// kNotFound, with the names there are, for a name that is no fault.
Result<Fault> fault_named(std::string_view name);

}  // namespace vigil::packs::l2
