#include "packs/zerostate/pack.h"

#include <array>

#include "packs/zerostate/catalog.h"
#include "packs/zerostate/dashboards.h"
#include "packs/zerostate/simulation.h"

// Files that cmake/embed.cmake links in.
extern const char vigil_zerostate_alerts_begin[], vigil_zerostate_alerts_end[];
extern const char vigil_zerostate_extra_begin[], vigil_zerostate_extra_end[];
extern const char vigil_zerostate_scrape_begin[], vigil_zerostate_scrape_end[];

namespace vigil::packs::zerostate {

std::span<const pack::File> runbooks();  // by vigil_embed_runbooks() in CMakeLists.txt

namespace {

constexpr std::array<std::string_view, 1> kUp{"role"};

constexpr pack::ForeignMetric kForeign[] = {{"up", MetricType::kGauge, kUp}};

constexpr pack::Slo kSlos[] = {
    {.name = "zerostate_payment_success",
     .alert = "ZeroStatePaymentSuccess",
     .description = "Payments succeed.",
     .objective = 0.999,
     .error_ratio = "sum(rate(economic_payments_total{result=\"failure\"}[$window])) / "
                    "sum(rate(economic_payments_total[$window]))",
     .component = "sla",
     .dashboard = "economic-activity"},
    {.name = "zerostate_availability",
     .alert = "ZeroStateAvailability",
     .description = "Bootnode, edge nodes and relay answer.",
     .objective = 0.999,
     .error_ratio = "1 - avg(avg_over_time(up{stack=\"zerostate\",role=~\"bootnode|edge-nodes|relay\"}[$window]))",
     .component = "sla",
     .dashboard = "system-health"},
};

}  // namespace

const pack::Pack& pack() {
  static const std::array rules{
      pack::File{"prometheus-alerts.yml", {vigil_zerostate_alerts_begin, vigil_zerostate_alerts_end}},
      pack::File{"zerostate-extra.yml", {vigil_zerostate_extra_begin, vigil_zerostate_extra_end}},
  };
  static const pack::Pack pack{
      .name = "zerostate",
      .title = "ZeroState",
      .catalog = catalog::kAll,
      .foreign = kForeign,
      .rules = rules,
      .slos = kSlos,
      .runbooks = runbooks(),
      .scrape_configs = {vigil_zerostate_scrape_begin, vigil_zerostate_scrape_end},
      .simulated_port = 18400,
      .dashboards = all_dashboards,
      .scenarios = scenarios(),
      .simulate = simulate,
  };
  return pack;
}

}  // namespace vigil::packs::zerostate
