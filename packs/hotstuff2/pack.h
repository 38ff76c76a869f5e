// HotStuff-2 as one Pack: what the checker, the server and `vigil simulate` load.
#pragma once

#include "vigil/pack/pack.h"

namespace vigil::packs::hotstuff2 {

const pack::Pack& pack();

}  // namespace vigil::packs::hotstuff2
