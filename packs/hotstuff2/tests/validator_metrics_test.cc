#include "packs/hotstuff2/validator_metrics.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "packs/testing/catalog_check.h"

namespace vigil::packs::hotstuff2 {
namespace {

using testing::value;

struct Set {
  explicit Set(std::vector<ValidatorId> names) : members(std::move(names)) { metrics.set_validators(members); }
  void decide(ValidatorId leader, LeaderOutcome outcome, const std::vector<ValidatorId>& voters) {
    metrics.record_view_decided({.view = ++view, .leader = leader, .outcome = outcome, .voters = voters});
  }
  double reputation(const std::string& validator) const {
    return value(registry, "hotstuff_validator_reputation_score{validator=\"" + validator + "\"}");
  }
  double missed(const std::string& validator) const {
    return value(registry, "hotstuff_validator_missed_votes_total{validator=\"" + validator + "\"}");
  }
  double led(const std::string& validator, const std::string& outcome) const {
    return value(registry, "hotstuff_leader_views_total{validator=\"" + validator + "\",outcome=\"" + outcome + "\"}");
  }

  metrics::Registry registry;
  ValidatorMetrics metrics{registry};
  std::vector<ValidatorId> members;
  std::uint64_t view = 0;
};

TEST(ValidatorMetrics, Quorums) {
  const struct {
    std::size_t validators;
    double quorum;
  } cases[] = {{1, 1}, {2, 2}, {3, 3}, {4, 3}, {5, 4}, {6, 5}, {7, 5}, {10, 7}, {100, 67}};
  for (const auto& c : cases) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < c.validators; ++i) names.push_back(std::to_string(i));
    Set set({names.begin(), names.end()});
    EXPECT_EQ(value(set.registry, "hotstuff_validators"), static_cast<double>(c.validators));
    EXPECT_EQ(value(set.registry, "hotstuff_quorum_size"), c.quorum) << c.validators;
  }
}

TEST(ValidatorMetrics, AMembersCountersExistAtZeroAndItsReputationDoesNot) {
  Set set({"a", "b"});
  EXPECT_EQ(set.missed("a"), 0);
  EXPECT_EQ(set.led("b", "timed_out"), 0);
  EXPECT_EQ(set.reputation("a"), -1);
  EXPECT_EQ(value(set.registry, "hotstuff_validators_participating"), -1);
}

TEST(ValidatorMetrics, VotesAndLeadershipMakeReputation) {
  Set set({"a", "b", "c", "d"});
  // b misses one of four votes; c leads twice and times out once; d never votes.
  set.decide("a", LeaderOutcome::kCommitted, {"a", "b", "c"});
  set.decide("b", LeaderOutcome::kCommitted, {"a", "b", "c", "c", "stranger"});
  set.decide("c", LeaderOutcome::kTimedOut, {"a", "c"});
  set.decide("c", LeaderOutcome::kCommitted, {"a", "b", "c"});
  EXPECT_EQ(set.reputation("a"), 1);
  EXPECT_EQ(set.reputation("b"), 0.75);
  EXPECT_EQ(set.reputation("c"), 0.5);
  EXPECT_EQ(set.reputation("d"), 0);
  EXPECT_EQ(set.missed("a"), 0);
  EXPECT_EQ(set.missed("b"), 1);
  EXPECT_EQ(set.missed("d"), 4);
  EXPECT_EQ(set.led("c", "timed_out"), 1);
  EXPECT_EQ(set.led("c", "committed"), 1);
  EXPECT_EQ(value(set.registry, "hotstuff_blocks_skipped_total"), 1);
  EXPECT_EQ(value(set.registry, "hotstuff_validators_participating"), 3);
  EXPECT_EQ(testing::page(set.registry).find("stranger"), std::string::npos);
}

TEST(ValidatorMetrics, OnlyTheLastHundredViewsCount) {
  Set set({"a", "b"});
  for (int i = 0; i < 60; ++i) set.decide("b", LeaderOutcome::kTimedOut, {"a"});
  for (int i = 0; i < 60; ++i) set.decide("a", LeaderOutcome::kCommitted, {"a", "b"});
  EXPECT_EQ(set.reputation("b"), 0);  // 60 of 100 votes, none of the 40 views it led
  for (int i = 0; i < 40; ++i) set.decide("b", LeaderOutcome::kCommitted, {"a"});
  EXPECT_EQ(set.reputation("b"), 0.6);
  EXPECT_EQ(value(set.registry, "hotstuff_validators_participating"), 2);
  for (int i = 0; i < 60; ++i) set.decide("a", LeaderOutcome::kCommitted, {"a"});
  EXPECT_EQ(set.reputation("b"), 0);
  EXPECT_EQ(value(set.registry, "hotstuff_validators_participating"), 1);
  EXPECT_EQ(set.missed("b"), 160);
}

TEST(ValidatorMetrics, AnOldViewIsIgnored) {
  Set set({"a", "b"});
  set.decide("a", LeaderOutcome::kCommitted, {"a", "b"});
  set.metrics.record_view_decided({.view = 1, .leader = "b", .outcome = LeaderOutcome::kTimedOut, .voters = {}});
  EXPECT_EQ(set.missed("b"), 0);
  EXPECT_EQ(set.led("b", "timed_out"), 0);
}

TEST(ValidatorMetrics, AByzantineActCostsEverythingUntilCleared) {
  Set set({"a", "b"});
  const auto all_vote = [&] { set.decide("a", LeaderOutcome::kCommitted, {"a", "b"}); };
  all_vote();
  set.metrics.mark_byzantine("b");
  set.metrics.mark_byzantine("stranger");
  EXPECT_EQ(set.reputation("b"), 0);
  all_vote();
  EXPECT_EQ(set.reputation("b"), 0);
  set.metrics.clear_byzantine("b");
  EXPECT_EQ(set.reputation("b"), 1);

  set.metrics.mark_byzantine("b");
  set.metrics.set_validators(std::vector<ValidatorId>{"b", "a"});  // the same set in another order
  all_vote();
  EXPECT_EQ(set.reputation("b"), 0);
  set.metrics.set_validators(std::vector<ValidatorId>{"b", "c"});
  EXPECT_EQ(set.reputation("a"), -1);
  set.decide("c", LeaderOutcome::kCommitted, {"b"});
  EXPECT_EQ(set.reputation("b"), 1);
  EXPECT_EQ(set.reputation("c"), 0);
}

TEST(ValidatorMetrics, BeyondTheCapIsOther) {
  metrics::Registry registry;
  ValidatorMetrics capped(registry, {.max_validators = 2});
  const std::vector<ValidatorId> members{"a", "b", "c", "d"};
  capped.set_validators(members);
  capped.record_view_decided({.view = 1, .leader = "d", .outcome = LeaderOutcome::kCommitted, .voters = {}});
  EXPECT_EQ(value(registry, "hotstuff_validator_missed_votes_total{validator=\"b\"}"), 1);
  EXPECT_EQ(value(registry, "hotstuff_validator_missed_votes_total{validator=\"other\"}"), 2);
  EXPECT_EQ(value(registry, "hotstuff_leader_views_total{validator=\"other\",outcome=\"committed\"}"), 1);
  EXPECT_EQ(testing::page(registry).find("\"d\""), std::string::npos);
}

}  // namespace
}  // namespace vigil::packs::hotstuff2
