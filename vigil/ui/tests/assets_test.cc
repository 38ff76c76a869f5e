#include "vigil/ui/assets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vigil::ui {
namespace {

TEST(Assets, AreFoundByTheirExactPath) {
  for (const Asset& asset : all_assets()) EXPECT_EQ(find_asset(asset.path), &asset) << asset.path;
  for (const char* path : {"", "/", "index.html", "/index.htm", "/index.html ", "/assets/", "/zzz"}) {
    EXPECT_EQ(find_asset(path), nullptr) << path;
  }
}

TEST(Assets, IndexPageNamesItsScript) {
  std::string html = inflated(index_page());
  EXPECT_THAT(html, testing::StartsWith("<!doctype html>"));
  // Relative, or a reverse-proxy prefix would break the page.
  EXPECT_THAT(html, testing::HasSubstr("src=\"./assets/"));
  EXPECT_THAT(html, testing::Not(testing::HasSubstr("=\"/")));
  EXPECT_FALSE(index_page().immutable);
}

TEST(Assets, InflateToTheirSize) {
  for (const Asset& asset : all_assets()) {
    EXPECT_EQ(inflated(asset).size(), asset.size) << asset.path;
    EXPECT_EQ(asset.tag.size(), 16u) << asset.path;
    EXPECT_EQ(asset.immutable, asset.path.starts_with("/assets/")) << asset.path;
  }
}

std::size_t gzip_total(std::string_view part) {
  std::size_t total = 0;
  for (const Asset& asset : all_assets()) {
    if (asset.path.find(part) != std::string_view::npos) total += asset.gzip.size();
  }
  return total;
}

// The first screen must not wait for the editor, and nothing may grow unnoticed.
TEST(Assets, KeepTheirSizeBudgets) {
  std::size_t editor = gzip_total("/assets/codemirror");
  EXPECT_LE(editor, 160u * 1024);
  EXPECT_LE(gzip_total("/assets/") - editor, 120u * 1024);
  EXPECT_LE(gzip_total("/"), 1536u * 1024);
}

}  // namespace
}  // namespace vigil::ui
