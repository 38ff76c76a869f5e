#include "packs/hotstuff2/pack.h"

#include "packs/hotstuff2/catalog.h"
#include "packs/hotstuff2/dashboards.h"
#include "packs/hotstuff2/simulation.h"

// Defined by vigil_embed() in CMakeLists.txt.
extern "C" {
extern const char vigil_pack_hotstuff2_alerts_begin[];
extern const char vigil_pack_hotstuff2_alerts_end[];
extern const char vigil_pack_hotstuff2_extra_begin[];
extern const char vigil_pack_hotstuff2_extra_end[];
extern const char vigil_pack_hotstuff2_scrape_begin[];
extern const char vigil_pack_hotstuff2_scrape_end[];
}

namespace vigil::packs::hotstuff2 {
namespace {

std::string_view between(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

}  // namespace

const pack::Pack& pack() {
  static const pack::File rules[] = {
      {"hotstuff2-alerts.yml", between(vigil_pack_hotstuff2_alerts_begin, vigil_pack_hotstuff2_alerts_end)},
      {"hotstuff2-extra.yml", between(vigil_pack_hotstuff2_extra_begin, vigil_pack_hotstuff2_extra_end)},
  };
  static const pack::Pack self{
      .name = "hotstuff2",
      .title = "HotStuff-2 BFT consensus",
      .catalog = catalog::kAll,
      .foreign = {},
      .rules = rules,
      .scrape_configs = between(vigil_pack_hotstuff2_scrape_begin, vigil_pack_hotstuff2_scrape_end),
      .simulated_port = 9464,
      .dashboards = &dashboards,
      .scenarios = scenarios(),
      .simulate = &simulate,
  };
  return self;
}

}  // namespace vigil::packs::hotstuff2
