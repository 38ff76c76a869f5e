#include "vigil/model/labels.h"

#include <set>
#include <string>
#include <thread>
#include <unordered_set>

#include <gtest/gtest.h>

namespace vigil {
namespace {

TEST(Labels, SortedWithoutEmptyValues) {
  const Labels labels{{"b", "2"}, {"a", "1"}, {"gone", ""}, {"__name__", "up"}};
  EXPECT_EQ(labels.size(), 3U);
  std::string walked;
  for (const LabelView label : labels) walked += std::string(label.name) + "=" + std::string(label.value) + ";";
  EXPECT_EQ(walked, "__name__=up;a=1;b=2;");
  EXPECT_EQ(labels.get("a"), "1");
  EXPECT_EQ(labels.get("gone"), "");
  EXPECT_EQ(labels.get(""), "");
  EXPECT_EQ(labels.get("zz"), "");
  EXPECT_TRUE(labels.has("b"));
  EXPECT_FALSE(labels.has("c"));
  EXPECT_EQ(labels.metric_name(), "up");
}

TEST(Labels, LaterDuplicatesWin) {
  EXPECT_EQ((Labels{{"a", "1"}, {"a", "2"}}), (Labels{{"a", "2"}}));
  EXPECT_EQ((Labels{{"a", "1"}, {"a", ""}}), Labels());
  EXPECT_EQ((Labels{{"a", ""}, {"a", "1"}}), (Labels{{"a", "1"}}));
}

TEST(Labels, EmptySet) {
  const Labels none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.size(), 0U);
  EXPECT_TRUE(none.begin() == none.end());
  EXPECT_EQ(none, (Labels{{"a", ""}}));
  EXPECT_EQ(none.hash(), Labels().hash());
  EXPECT_EQ(none.byte_size(), 0U);
  EXPECT_EQ(none.to_string(), "{}");
}

TEST(Labels, OrderOfPrometheus) {
  const Labels sorted[] = {
      {},
      {{"a", "1"}},
      {{"a", "1"}, {"b", "1"}},
      {{"a", "1"}, {"b", "2"}},
      {{"a", "1"}, {"c", "0"}},
      {{"a", "10"}},
      {{"a", "2"}},
      {{"a", "\xC3\xA9"}},  // bytes compare unsigned
      {{"aa", "0"}},
      {{"b", "0"}},
  };
  for (std::size_t i = 0; i < std::size(sorted); ++i) {
    for (std::size_t j = 0; j < std::size(sorted); ++j) {
      EXPECT_EQ(sorted[i] <=> sorted[j], i <=> j) << sorted[i].to_string() << " " << sorted[j].to_string();
      EXPECT_EQ(sorted[i] == sorted[j], i == j);
    }
  }
}

TEST(Labels, HashFollowsEquality) {
  const Labels a{{"x", "1"}, {"y", "2"}};
  const Labels b{{"y", "2"}, {"x", "1"}};
  EXPECT_EQ(a.hash(), b.hash());
  EXPECT_EQ(a, b);
  // The same bytes cut differently are other labels.
  EXPECT_NE((Labels{{"ab", "c"}}), (Labels{{"a", "bc"}}));
  EXPECT_NE((Labels{{"ab", "c"}}).hash(), (Labels{{"a", "bc"}}).hash());
  std::unordered_set<Labels, LabelsHash> set;
  for (int i = 0; i < 1000; ++i) set.insert(Labels{{"i", std::to_string(i % 100)}});
  EXPECT_EQ(set.size(), 100U);
}

TEST(Labels, CopiesShareOneBlock) {
  Labels a{{"a", "1"}};
  const char* text = a.get("a").data();
  Labels copy = a;
  EXPECT_EQ(copy.get("a").data(), text);
  a = Labels{{"b", "2"}};
  EXPECT_EQ(copy.get("a"), "1");
  Labels moved = std::move(copy);
  EXPECT_EQ(moved.get("a").data(), text);
  const Labels& self = moved;
  moved = self;
  EXPECT_EQ(moved.get("a"), "1");
}

TEST(Labels, CopiesAcrossThreads) {
  const Labels shared{{"a", "1"}, {"b", "2"}};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([copy = shared] {
      for (int i = 0; i < 1000; ++i) {
        const Labels again = copy;
        if (again.get("b") != "2") std::abort();
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST(Labels, ToString) {
  const struct {
    Labels labels;
    std::string_view expected;
  } cases[] = {
      {{{"__name__", "up"}}, "up"},
      {{{"__name__", "up"}, {"job", "a"}, {"b", "c"}}, R"(up{b="c", job="a"})"},
      {{{"job", "a"}}, R"({job="a"})"},
      {{{"__name__", "a:b"}}, "a:b"},
      {{{"__name__", "my.metric"}}, R"({"my.metric"})"},
      {{{"__name__", "my.metric"}, {"a", "b"}}, R"({"my.metric", a="b"})"},
      {{{"a.b", "c"}, {"2x", "d"}}, R"({"2x"="d", "a.b"="c"})"},
      {{{"a", "\"\\\n"}}, R"({a="\"\\\n"})"},
  };
  for (const auto& c : cases) EXPECT_EQ(c.labels.to_string(), c.expected);
}

TEST(Labels, WithoutAndWithOnly) {
  const Labels labels{{"__name__", "up"}, {"a", "1"}, {"b", "2"}};
  const std::string_view names[] = {"b", "__name__", "nope"};
  EXPECT_EQ(labels.without(names), (Labels{{"a", "1"}}));
  EXPECT_EQ(labels.with_only(names), (Labels{{"__name__", "up"}, {"b", "2"}}));
  EXPECT_EQ(labels.without_name(), (Labels{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(labels.without({}), labels);
  EXPECT_EQ(labels.with_only({}), Labels());
  const std::string_view all[] = {"__name__", "a", "b"};
  EXPECT_TRUE(labels.without(all).empty());
}

TEST(LabelsBuilder, SetsErasesBuilds) {
  LabelsBuilder builder(Labels{{"b", "2"}, {"d", "4"}});
  builder.set("c", "3").set("a", "1").set("d", "5").erase("b").erase("nope").set("e", "");
  EXPECT_EQ(builder.get("a"), "1");
  EXPECT_EQ(builder.get("b"), "");
  EXPECT_EQ(builder.build(), (Labels{{"a", "1"}, {"c", "3"}, {"d", "5"}}));
  EXPECT_EQ(builder.pairs().size(), 3U);
  builder.reset(Labels{{"x", "y"}});
  EXPECT_EQ(builder.build(), (Labels{{"x", "y"}}));
  builder.erase("x");
  EXPECT_TRUE(builder.build().empty());
}

TEST(LabelNames, LegacyRules) {
  const struct {
    std::string_view name;
    bool label;
    bool metric;
  } cases[] = {
      {"a", true, true},     {"_", true, true},          {"aZ_9", true, true}, {"9a", false, false},
      {"", false, false},    {"a:b", false, true},       {":", false, true},   {"a-b", false, false},
      {"a b", false, false}, {"\xC3\xA9", false, false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(is_legacy_label_name(c.name), c.label) << c.name;
    EXPECT_EQ(is_legacy_metric_name(c.name), c.metric) << c.name;
  }
}

}  // namespace
}  // namespace vigil
