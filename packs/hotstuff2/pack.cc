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

std::span<const pack::File> runbooks();  // by vigil_embed_runbooks() in CMakeLists.txt

namespace {

constexpr pack::Slo kSlos[] = {
    {.name = "hotstuff2_finality_latency",
     .alert = "HotStuffFinalityLatency",
     .description = "Blocks are final within half a second of their proposal.",
     .objective = 0.99,
     .error_ratio = "1 - sum(rate(hotstuff_block_finalization_latency_seconds_bucket{le=\"0.5\"}[$window])) / "
                    "sum(rate(hotstuff_block_finalization_latency_seconds_count[$window]))",
     .component = "consensus",
     .dashboard = "hotstuff2-system"},
    {.name = "hotstuff2_view_success",
     .alert = "HotStuffViewSuccess",
     .description = "Views end with a committed block.",
     .objective = 0.99,
     .error_ratio = "sum(rate(hotstuff_leader_views_total{outcome=\"timed_out\"}[$window])) / "
                    "sum(rate(hotstuff_leader_views_total[$window]))",
     .component = "consensus",
     .dashboard = "hotstuff2-consensus"},
};

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
      .slos = kSlos,
      .runbooks = runbooks(),
      .scrape_configs = between(vigil_pack_hotstuff2_scrape_begin, vigil_pack_hotstuff2_scrape_end),
      .simulated_port = 9464,
      .dashboards = &dashboards,
      .scenarios = scenarios(),
      .simulate = &simulate,
  };
  return self;
}

}  // namespace vigil::packs::hotstuff2
