#include "vigil/base/log.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace vigil {
namespace {

TEST(Log, WritesLogfmt) {
  std::vector<std::string> lines;
  log::set_sink([&](log::Level, std::string_view line) { lines.emplace_back(line.substr(line.find(" level="))); });
  log::info("scrape", "ready");
  log::error("storage", "write failed",
             {{"path", "/a b"}, {"bytes", 5}, {"ratio", 0.5}, {"empty", ""}, {"text", "a\"=\n"}});
  log::debug("scrape", "hidden by default");
  log::set_level(log::Level::kError);
  log::warn("scrape", "hidden now");
  log::set_level(log::Level::kInfo);
  log::set_sink({});
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], " level=info component=scrape msg=ready");
  EXPECT_EQ(
      lines[1],
      R"( level=error component=storage msg="write failed" path="/a b" bytes=5 ratio=0.5 empty="" text="a\"=\n")");
}

}  // namespace
}  // namespace vigil
