// Every pack of this repository. A sixth is a sixth folder and a line in all.cc.
#pragma once

#include <span>
#include <string_view>

#include "vigil/pack/pack.h"

namespace vigil::packs {

std::span<const pack::Pack* const> all();
// nullptr if there is none of that name.
const pack::Pack* find(std::string_view name);

}  // namespace vigil::packs
