#include "vigil/storage_api/series_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace vigil {
namespace {

std::string raw(int i) { return "m{i=\"" + std::to_string(i) + "\"}"; }

TEST(SeriesCache, FindsWhatWasAdded) {
  SeriesCache cache(7);
  for (int i = 0; i < 10000; ++i) {
    auto [entry, is_new] = cache.find_or_add(raw(i));
    ASSERT_TRUE(is_new);
    ASSERT_EQ(entry.ref, 0U);
    entry.ref = static_cast<SeriesRef>(i + 1);
  }
  // In order, backwards, and in strides: the guess of the next entry is only a guess.
  for (int i = 0; i < 10000; ++i) ASSERT_EQ(cache.find_or_add(raw(i)).first.ref, static_cast<SeriesRef>(i + 1));
  for (int i = 9999; i >= 0; --i) ASSERT_EQ(cache.find_or_add(raw(i)).first.ref, static_cast<SeriesRef>(i + 1));
  for (int i = 0; i < 10000; ++i) {
    const int j = i * 7919 % 10000;
    ASSERT_EQ(cache.find_or_add(raw(j)).first.ref, static_cast<SeriesRef>(j + 1));
  }
  EXPECT_EQ(cache.size(), 10000U);
}

TEST(SeriesCache, RoundsAndRepeats) {
  SeriesCache cache(7);
  cache.begin_round();
  EXPECT_FALSE(cache.find_or_add("a").first.repeated);
  EXPECT_TRUE(cache.find_or_add("a").first.repeated);
  cache.find_or_add("b");
  cache.begin_round();
  EXPECT_FALSE(cache.find_or_add("b").first.repeated);
  EXPECT_EQ(cache.erase_if([&](const SeriesCache::Entry& entry) { return entry.round != cache.round(); }), 1U);
  EXPECT_FALSE(cache.find_or_add("b").second);
  EXPECT_TRUE(cache.find_or_add("a").second);
}

TEST(SeriesCache, ErasingKeepsTheOthers) {
  SeriesCache cache(7);
  for (int i = 0; i < 1000; ++i) cache.find_or_add(raw(i)).first.ref = static_cast<SeriesRef>(i + 1);
  cache.erase_if([](const SeriesCache::Entry& entry) { return entry.ref % 3 == 0; });
  for (int i = 0; i < 1000; ++i) {
    if ((i + 1) % 3 == 0) continue;
    const auto [entry, is_new] = cache.find_or_add(raw(i));
    ASSERT_FALSE(is_new);
    ASSERT_EQ(entry.ref, static_cast<SeriesRef>(i + 1));
  }
}

TEST(SeriesCache, RemoveNewest) {
  SeriesCache cache(7);
  for (int i = 0; i < 100; ++i) {
    cache.find_or_add(raw(i)).first.ref = 1;
    ASSERT_TRUE(cache.find_or_add("x").second);
    cache.remove_newest();
  }
  EXPECT_EQ(cache.size(), 100U);
  for (int i = 0; i < 100; ++i) ASSERT_FALSE(cache.find_or_add(raw(i)).second);
}

}  // namespace
}  // namespace vigil
