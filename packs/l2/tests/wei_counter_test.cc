#include "packs/l2/wei_counter.h"

#include <gtest/gtest.h>

#include <string>

#include "packs/l2/catalog/erc4337.h"
#include "packs/testing/recording_check.h"

namespace vigil::packs::l2 {
namespace {

using testing::Snapshot;

constexpr Wei kEther = 1'000'000'000'000'000'000;

TEST(WeiCounter, SumsToTheWei) {
  metrics::Registry registry;
  WeiCounter<catalog::kErc4337SponsoredGasCostWei> counter(registry);
  // At 1e20 doubles are 16384 apart: none of these would count by itself.
  counter.add(100 * kEther, "main");
  for (int i = 0; i < 100'000; ++i) counter.add(1, "main");
  EXPECT_EQ(Snapshot(registry).value("erc4337_sponsored_gas_cost_wei_total{paymaster=\"main\"}"),
            static_cast<double>(100 * kEther + 100'000));
  // More than 64 bits.
  counter.add(1'000'000 * kEther, "rich");
  EXPECT_EQ(Snapshot(registry).value("erc4337_sponsored_gas_cost_wei_total{paymaster=\"rich\"}"), 1e24);
}

TEST(WeiCounter, ClosedLabelsExistAtZero) {
  metrics::Registry registry;
  const WeiCounter<catalog::kErc4337UserOperationGasCostWei> cost(registry);
  const WeiCounter<catalog::kErc4337SponsoredGasCostWei> sponsored(registry);
  const Snapshot page(registry);
  EXPECT_EQ(page.label_sets().at("erc4337_user_operation_gas_cost_wei_total"), 6U);
  EXPECT_EQ(page.value("erc4337_user_operation_gas_cost_wei_total{entry_point=\"v0.8\",sponsored=\"false\"}"), 0);
  EXPECT_FALSE(page.families().contains("erc4337_sponsored_gas_cost_wei_total"));
}

TEST(WeiCounter, MoreNamesThanItsCapAreOther) {
  metrics::Registry registry;
  WeiCounter<catalog::kErc4337SponsoredGasCostWei> counter(registry);
  for (int i = 0; i < 50; ++i) counter.add(3, "paymaster-" + std::to_string(i));
  counter.add(3, "paymaster-0");
  const Snapshot page(registry);
  EXPECT_EQ(page.label_sets().at("erc4337_sponsored_gas_cost_wei_total"), 21U);
  EXPECT_EQ(page.value("erc4337_sponsored_gas_cost_wei_total{paymaster=\"other\"}"), 30 * 3);
  EXPECT_EQ(page.value("erc4337_sponsored_gas_cost_wei_total{paymaster=\"paymaster-0\"}"), 6);
}

}  // namespace
}  // namespace vigil::packs::l2
