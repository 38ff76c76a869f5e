#include "vigil/storage/index/series_index.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>

namespace vigil::storage {
namespace {

TEST(Postings, SetOperationsAgreeWithStdSet) {
  EXPECT_TRUE(rc::check("postings", [](const std::set<std::uint32_t>& a, const std::set<std::uint32_t>& b, bool widen) {
    Postings x(a.begin(), a.end());
    Postings y(b.begin(), b.end());
    if (widen) {
      for (std::uint32_t i = 0; i < 3000; ++i) insert(y, i * 3);
    }
    Postings both;
    Postings only;
    Postings any;
    std::set_intersection(x.begin(), x.end(), y.begin(), y.end(), std::back_inserter(both));
    std::set_difference(x.begin(), x.end(), y.begin(), y.end(), std::back_inserter(only));
    std::set_union(x.begin(), x.end(), y.begin(), y.end(), std::back_inserter(any));
    RC_ASSERT(intersect(x, y) == both);
    RC_ASSERT(intersect(y, x) == both);
    RC_ASSERT(subtract(x, y) == only);
    const PostingsView two[] = {x, y};
    RC_ASSERT(unite(two) == any);
    const PostingsView four[] = {x, y, x, PostingsView()};
    RC_ASSERT(unite(four) == any);
  }));
}

struct IndexTest : ::testing::Test {
  // As in a database: the index first, then the pins.
  struct Parts {
    SeriesIndex index{pins};
    Pins pins;
  } parts;
  SeriesIndex& index = parts.index;

  Series* add(const Labels& labels) {
    auto series = index.find_or_create(labels, [] { return Result<void>(); }, [](Series&) {});
    return series ? *series : nullptr;
  }
};

TEST_F(IndexTest, SelectsByEveryKindOfMatcher) {
  // ids 1..6
  add({{"__name__", "up"}, {"job", "node"}, {"instance", "a"}});
  add({{"__name__", "up"}, {"job", "node"}, {"instance", "b"}});
  add({{"__name__", "up"}, {"job", "etcd"}, {"instance", "c"}, {"zone", "x"}});
  add({{"__name__", "errors"}, {"job", "etcd"}, {"instance", "c"}});
  add({{"__name__", "errors"}, {"job", "rpc"}, {"zone", "y"}});
  add({{"__name__", "ok"}});

  using M = Matcher::Type;
  struct Case {
    const char* name;
    std::vector<std::tuple<M, const char*, const char*>> matchers;
    Postings expected;
  };
  const Case cases[] = {
      {"equal", {{M::kEqual, "__name__", "up"}}, {1, 2, 3}},
      {"two equal", {{M::kEqual, "__name__", "up"}, {M::kEqual, "job", "etcd"}}, {3}},
      {"unknown value", {{M::kEqual, "job", "none"}}, {}},
      {"unknown name", {{M::kEqual, "nope", "x"}}, {}},
      {"equal to empty", {{M::kEqual, "zone", ""}}, {1, 2, 4, 6}},
      {"not equal keeps those without the label", {{M::kNotEqual, "zone", "x"}}, {1, 2, 4, 5, 6}},
      {"not equal to empty", {{M::kNotEqual, "zone", ""}}, {3, 5}},
      {"not equal of a value nobody has", {{M::kNotEqual, "zone", "q"}}, {1, 2, 3, 4, 5, 6}},
      {"alternatives", {{M::kRegex, "job", "node|rpc"}}, {1, 2, 5}},
      {"alternatives with empty", {{M::kRegex, "zone", "x|"}}, {1, 2, 3, 4, 6}},
      {"regex", {{M::kRegex, "job", "n.*|r.c"}}, {1, 2, 5}},
      {"regex that matches all", {{M::kRegex, "zone", ".*"}}, {1, 2, 3, 4, 5, 6}},
      {"regex that needs one character", {{M::kRegex, "zone", ".+"}}, {3, 5}},
      {"not regex", {{M::kNotRegex, "job", "n.*"}}, {3, 4, 5, 6}},
      {"not alternatives", {{M::kNotRegex, "job", "node|etcd"}}, {5, 6}},
      {"not regex of empty", {{M::kNotRegex, "zone", ".*"}}, {}},
      {"not regex that needs a value", {{M::kNotRegex, "zone", "x?"}}, {5}},
      {"mixed", {{M::kRegex, "__name__", "up|errors"}, {M::kNotEqual, "job", "node"}, {M::kEqual, "zone", ""}}, {4}},
      {"anchored", {{M::kRegex, "job", "nod"}}, {}},
      {"contradiction", {{M::kEqual, "job", "node"}, {M::kEqual, "job", "etcd"}}, {}},
  };
  for (const Case& c : cases) {
    std::vector<Matcher> matchers;
    for (const auto& [type, name, value] : c.matchers) matchers.push_back(*Matcher::create(type, name, value));
    EXPECT_EQ(*index.select(matchers), c.expected) << c.name;
  }
  EXPECT_EQ(index.names(), (std::vector<std::string>{"__name__", "instance", "job", "zone"}));
  EXPECT_EQ(index.values("job"), (std::vector<std::string>{"etcd", "node", "rpc"}));
  EXPECT_TRUE(index.values("nope").empty());
  const struct {
    const char* label;
    Matcher matcher;
    std::vector<std::string> expected;
  } value_cases[] = {
      {"job", Matcher::equal("__name__", "up"), {"etcd", "node"}},
      {"instance", Matcher::equal("job", "node"), {"a", "b"}},
      {"zone", Matcher::equal("job", "etcd"), {"x"}},
      {"zone", Matcher::equal("job", "node"), {}},
      {"nope", Matcher::equal("job", "node"), {}},
  };
  for (const auto& c : value_cases) {
    std::vector<Series*> found;
    const Postings ids = *index.select({&c.matcher, 1});
    for (std::size_t i = 0; i < ids.size(); ++i) found.push_back(index.get(ids[i]));
    EXPECT_EQ(index.values(c.label, found), c.expected) << c.label << " where " << c.matcher.value();
  }
  const IndexStats stats = index.stats(2);
  ASSERT_EQ(stats.series_by_metric.size(), 2U);
  EXPECT_EQ(stats.series_by_metric[0].name, "up");
  EXPECT_EQ(stats.series_by_metric[0].count, 3U);
  EXPECT_EQ(stats.label_names, 4U);
}

TEST_F(IndexTest, FindsCreatesAndDropsManySeries) {
  constexpr int kCount = 5000;
  const auto labels = [](int i) {
    return Labels{{"__name__", "m"}, {"i", std::to_string(i)}, {"shared", std::to_string(i % 7)}};
  };
  std::vector<Series*> series;
  for (int i = 0; i < kCount; ++i) series.push_back(add(labels(i)));
  for (int i = 0; i < kCount; ++i) ASSERT_EQ(index.find(labels(i)), series[static_cast<std::size_t>(i)]);
  EXPECT_EQ(index.labels(*series[17]), labels(17));
  std::vector<Series*> odd;
  for (int i = 1; i < kCount; i += 2) odd.push_back(series[static_cast<std::size_t>(i)]);
  EXPECT_EQ(index.drop(odd, [](Series&) { return true; }), odd.size());
  EXPECT_EQ(index.size(), std::size_t{kCount / 2});
  for (int i = 0; i < kCount; ++i) {
    ASSERT_EQ(index.find(labels(i)), i % 2 == 0 ? series[static_cast<std::size_t>(i)] : nullptr) << i;
  }
  EXPECT_EQ(index.values("i").size(), std::size_t{kCount / 2});
  // What comes back is another series with another id.
  EXPECT_EQ(add(labels(1))->id(), SeriesId{kCount + 1});
}

TEST_F(IndexTest, DroppedSeriesLiveUntilTheLastPinIsGone) {
  Series* series = add({{"__name__", "gone"}, {"a", "value"}});
  {
    const auto pin = parts.pins.pin();
    Series* const list[] = {series};
    EXPECT_EQ(index.drop(list, [](Series&) { return true; }), 1U);
    EXPECT_EQ(index.labels(*series).to_string(), "gone{a=\"value\"}");
  }
  EXPECT_EQ(index.size(), 0U);
}

}  // namespace
}  // namespace vigil::storage
