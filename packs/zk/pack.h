// The ZK proof system as one Pack: what the checker, the server and `vigil simulate` load.
#pragma once

#include "vigil/pack/pack.h"

namespace vigil::packs::zk {

const pack::Pack& pack();

}  // namespace vigil::packs::zk
