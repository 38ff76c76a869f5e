#include "packs/zerostate/peer_ranking.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

namespace vigil::packs::zerostate {
namespace {

// "peer" or "peer/result" -> value
class Values final : public metrics::CollectorSink {
 public:
  using CollectorSink::point;
  void point(std::initializer_list<std::string_view> labels, double value) override {
    std::string key;
    for (const std::string_view label : labels) key += (key.empty() ? "" : "/") + std::string(label);
    EXPECT_TRUE(map.emplace(key, value).second) << key << " twice";
  }
  std::map<std::string, double> map;
};

std::map<std::string, double> scores(const PeerRanking& ranking) {
  Values values;
  ranking.collect_scores(values);
  return values.map;
}
std::map<std::string, double> tasks(const PeerRanking& ranking) {
  Values values;
  ranking.collect_tasks(values);
  return values.map;
}
std::map<std::string, double> costs(const PeerRanking& ranking) {
  Values values;
  ranking.collect_costs(values);
  return values.map;
}

double sum(const std::map<std::string, double>& values) {
  double all = 0;
  for (const auto& [key, value] : values) all += value;
  return all;
}

std::string peer(int i) { return "p" + std::to_string(100 + i); }

TEST(PeerRanking, EmptyShowsOtherTasksAtZero) {
  const PeerRanking ranking;
  EXPECT_EQ(tasks(ranking), (std::map<std::string, double>{{"other/success", 0}, {"other/failure", 0}}));
  EXPECT_TRUE(scores(ranking).empty());
  EXPECT_TRUE(costs(ranking).empty());
}

TEST(PeerRanking, TheTenBestScoresAndTheMeanOfTheRest) {
  PeerRanking ranking;
  for (int i = 0; i < 10; ++i) ranking.record_score(peer(i), i);
  EXPECT_EQ(scores(ranking).size(), 10U);
  EXPECT_FALSE(scores(ranking).contains("other"));
  for (int i = 10; i < 14; ++i) ranking.record_score(peer(i), 50);
  auto shown = scores(ranking);
  EXPECT_EQ(shown.size(), 11U);
  EXPECT_EQ(shown["other"], (0 + 1 + 2 + 3) / 4.0);
  EXPECT_TRUE(shown.contains(peer(4)));
  EXPECT_FALSE(shown.contains(peer(3)));
  ranking.record_score(peer(3), 99);
  EXPECT_EQ(scores(ranking)[peer(3)], 99);
  // Equals by id, whoever was heard of last.
  PeerRanking equal;
  for (int i = 0; i < 20; ++i) equal.record_score(peer(i), 100);
  EXPECT_TRUE(scores(equal).contains(peer(0)));
  EXPECT_FALSE(scores(equal).contains(peer(19)));
}

TEST(PeerRanking, BusyPeersGetASeriesAndNoCounterGoesDown) {
  PeerRanking ranking;
  for (int i = 0; i < 10; ++i) {
    for (int n = 0; n < 10; ++n) ranking.record_task(peer(i), true, 2);
  }
  for (int n = 0; n < 11; ++n) ranking.record_task("rising", n % 2 == 0, 4);
  // A tenth more is the bar: 11 tasks beside 10 are not more than that.
  EXPECT_FALSE(tasks(ranking).contains("rising/success"));
  EXPECT_EQ(tasks(ranking)["other/success"], 6);
  EXPECT_EQ(tasks(ranking)["other/failure"], 5);
  EXPECT_EQ(costs(ranking)["other"], 4);
  ranking.record_task("rising", true, 4);
  auto shown = tasks(ranking);
  EXPECT_EQ(shown.size(), 22U);
  EXPECT_EQ(shown["rising/success"], 7);
  EXPECT_EQ(shown["rising/failure"], 5);
  EXPECT_EQ(shown["other/success"], 6);  // what was counted there stays
  EXPECT_FALSE(shown.contains(peer(0) + "/success"));
  EXPECT_EQ(costs(ranking)["rising"], 4);
  EXPECT_EQ(costs(ranking)[peer(1)], 2);
  // The one that lost its series goes on as other.
  ranking.record_task(peer(0), true, 2);
  EXPECT_EQ(tasks(ranking)["other/success"], 7);
}

TEST(PeerRanking, EqualPeersDoNotChangePlaces) {
  PeerRanking ranking;
  std::map<std::string, double> first;
  int changes = 0;
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < 50; ++i) ranking.record_task(peer(i), true, 1);
    const auto now = tasks(ranking);
    for (const auto& [key, value] : now) changes += round > 0 && !first.contains(key) ? 1 : 0;
    first = now;
  }
  EXPECT_EQ(changes, 0);
  EXPECT_EQ(sum(first), 50 * 200);
}

TEST(PeerRanking, ForgetsWhoWasNotHeardOfForLongest) {
  PeerRanking ranking(20);
  for (int n = 0; n < 5; ++n) ranking.record_task("steady", true, 1);
  for (int i = 0; i < 1000; ++i) ranking.record_score(peer(i), 50);
  EXPECT_EQ(ranking.tracked(), 20U);
  EXPECT_EQ(tasks(ranking)["steady/success"], 5);  // has a series, so it stays
  auto shown = scores(ranking);
  EXPECT_EQ(shown.size(), 11U);
  EXPECT_FALSE(shown.contains(peer(0)));
}

TEST(PeerRanking, IdsThatCannotBeLabels) {
  PeerRanking ranking;
  for (const std::string& id : {std::string("other"), std::string(), std::string(129, 'x'), std::string("\xff")}) {
    ranking.record_task(id, true, 1);
    ranking.record_score(id, 100);
  }
  EXPECT_EQ(tasks(ranking), (std::map<std::string, double>{{"other/success", 4}, {"other/failure", 0}}));
  EXPECT_TRUE(scores(ranking).empty());
  ranking.record_task(std::string(128, 'x'), true, 1);
  EXPECT_EQ(tasks(ranking).size(), 4U);
}

TEST(PeerRanking, FromManyThreads) {
  PeerRanking ranking(30);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&ranking, t] {
      for (int i = 0; i < 500; ++i) {
        ranking.record_task(peer((i * (t + 1)) % 40), true, 1);
        ranking.record_score(peer(i % 40), i % 100);
        if (i % 50 == 0) {
          EXPECT_LE(tasks(ranking).size(), 22U);
        }
      }
    });
  }
  threads.clear();
  EXPECT_LE(ranking.tracked(), 30U);
  EXPECT_LE(scores(ranking).size(), 11U);
}

}  // namespace
}  // namespace vigil::packs::zerostate
