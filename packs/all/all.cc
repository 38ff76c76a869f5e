#include "packs/all/all.h"

#include <array>

#include "packs/hotstuff2/pack.h"
#include "packs/l2/pack.h"
#include "packs/mpc/pack.h"
#include "packs/zerostate/pack.h"
#include "packs/zk/pack.h"

namespace vigil::packs {

std::span<const pack::Pack* const> all() {
  static const std::array list{&mpc::pack(), &hotstuff2::pack(), &zk::pack(), &zerostate::pack(), &l2::pack()};
  return list;
}

const pack::Pack* find(std::string_view name) {
  for (const pack::Pack* const each : all()) {
    if (each->name == name) return each;
  }
  return nullptr;
}

}  // namespace vigil::packs
