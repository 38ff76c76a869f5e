#include "vigil/app/pack_files.h"

// Defined by vigil_embed() in CMakeLists.txt, the additional rules in the pack's own.
extern "C" {
extern const char vigil_pack_mpc_rules_begin[];
extern const char vigil_pack_mpc_rules_end[];
extern const char vigil_mpc_extra_begin[];
extern const char vigil_mpc_extra_end[];
extern const char vigil_pack_mpc_scrape_begin[];
extern const char vigil_pack_mpc_scrape_end[];
}

namespace vigil::app {
namespace {

std::string_view between(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

}  // namespace

const std::vector<PackFiles>& packs() {
  static const std::vector<PackFiles> all = {
      {"mpc",
       {{"pack:mpc/mpc-rules.yml", between(vigil_pack_mpc_rules_begin, vigil_pack_mpc_rules_end)},
        {"pack:mpc/mpc-extra.yml", between(vigil_mpc_extra_begin, vigil_mpc_extra_end)}},
       between(vigil_pack_mpc_scrape_begin, vigil_pack_mpc_scrape_end),
       "mpc-nodes"},
  };
  return all;
}

const PackFiles* find_pack(std::string_view name) {
  for (const PackFiles& pack : packs()) {
    if (pack.name == name) return &pack;
  }
  return nullptr;
}

}  // namespace vigil::app
