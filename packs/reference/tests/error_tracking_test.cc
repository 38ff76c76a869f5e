// A tracked error counts in the family of its own system, whichever of the five it is.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "packs/hotstuff2/storage_metrics.h"
#include "packs/hotstuff2/types.h"
#include "packs/l2/chain_metrics.h"
#include "packs/mpc/mpc_metrics.h"
#include "packs/zerostate/system_metrics.h"
#include "packs/zk/catalog.h"
#include "vigil/base/log.h"
#include "vigil/errors/error_tracker.h"
#include "vigil/exposition/page_writer.h"

namespace vigil::packs {
namespace {

// The value of a closed label as the enumeration that the recording API takes.
template <class E>
E as_enum(const metrics::ClosedLabel& label, std::string_view value) {
  return static_cast<E>(std::ranges::find(label.values, value) - label.values.begin());
}
std::vector<std::string> values(const metrics::ClosedLabel& label) {
  return {label.values.begin(), label.values.end()};
}

struct System {
  std::string name;
  std::vector<std::string> categories;
  // The hook that a program of this system gives its tracker.
  std::function<std::function<void(std::string_view, errors::ErrorSeverity)>(metrics::Registry&)> hook;
  std::string tracked;  // one of the categories
  std::string series;   // that counts it
};

std::vector<System> systems() {
  return {
      {"zk",
       {errors::kProofCategories.begin(), errors::kProofCategories.end()},
       [](metrics::Registry& registry) {
         auto errors = std::make_shared<metrics::InstrumentOf<zk::catalog::kErrors>>(registry, zk::catalog::kErrors);
         return [errors](std::string_view category, errors::ErrorSeverity severity) {
           errors->with(category, to_string(severity)).inc();
         };
       },
       "timeout",
       R"(zk_errors_total{category="timeout",severity="error"} 3)"},
      {"zerostate", values(zerostate::catalog::kLayers),
       [](metrics::Registry& registry) {
         auto system = std::make_shared<zerostate::SystemMetrics>(registry);
         return [system](std::string_view category, errors::ErrorSeverity) {
           system->record_error(as_enum<zerostate::Layer>(zerostate::catalog::kLayers, category));
         };
       },
       "p2p", R"(system_errors_total{layer="p2p"} 3)"},
      {"l2", values(l2::catalog::kRpcErrors),
       [](metrics::Registry& registry) {
         auto chain = std::make_shared<l2::ChainMetrics>(registry);
         return [chain](std::string_view category, errors::ErrorSeverity) {
           chain->record_rpc_error("zkfair", "eth_call", as_enum<l2::RpcError>(l2::catalog::kRpcErrors, category));
         };
       },
       "http", R"(l2_rpc_errors_total{chain="zkfair",method="eth_call",kind="http"} 3)"},
      {"mpc",
       {"timeout", "connection"},
       [](metrics::Registry& registry) {
         auto mpc = std::make_shared<mpc::MpcMetrics>(registry);
         return [mpc](std::string_view category, errors::ErrorSeverity) {
           EXPECT_TRUE(mpc->record_network_error("1", category));
         };
       },
       "timeout",
       R"(mpc_network_errors_total{node_id="1",error_type="timeout"} 3)"},
      {"hotstuff2", values(hotstuff2::catalog::kStorageOperations),
       [](metrics::Registry& registry) {
         auto storage = std::make_shared<hotstuff2::StorageMetrics>(registry);
         return [storage](std::string_view category, errors::ErrorSeverity) {
           storage->record_storage_error(
               as_enum<hotstuff2::StorageOperation>(hotstuff2::catalog::kStorageOperations, category));
         };
       },
       "sync", R"(hotstuff_storage_errors_total{operation="sync"} 3)"},
  };
}

TEST(ErrorTracking, CountsInTheFamilyOfTheSystem) {
  log::set_sink([](log::Level, std::string_view) {});
  for (const System& system : systems()) {
    metrics::Registry registry;
    errors::ErrorTracker tracker({.system = system.name,
                                  .categories = system.categories,
                                  .hooks = {.tracked = system.hook(registry)},
                                  .load_symbols_ahead = false});
    for (int i = 0; i < 3; ++i) {
      tracker.track_error({.category = system.tracked, .message = "failed"});
    }
    const std::string page = exposition::page_text(registry, exposition::Format::kText);
    EXPECT_NE(page.find("\n" + system.series + "\n"), std::string::npos) << page;
  }
  log::set_sink({});
}

}  // namespace
}  // namespace vigil::packs
