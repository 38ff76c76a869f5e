#include "vigil/base/log.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

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
// ZS-155: level, time, message and typed fields.
TEST(Log, JsonLines) {
  std::vector<std::string> lines;
  log::set_sink([&](log::Level, std::string_view line) { lines.emplace_back(line); });
  log::set_format(log::Format::kJson);
  log::warn(
      "storage", "disk \"a\"\n\xff",
      {{"path", "/x y"}, {"bytes", 17}, {"ratio", 0.5}, {"nan", std::nan("")}, {"more", log::Json{"{\"a\":[1]}"}}});
  log::set_format(log::Format::kLogfmt);
  log::record(log::Level::kError, 1767323045678, "zk", "failed", std::vector<log::Field>{{"category", "timeout"}});
  log::record(log::Level::kDebug, 0, "zk", "hidden by default", {});
  log::set_sink({});
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].substr(lines[0].find(",\"level\"")),
            R"(,"level":"warn","component":"storage","message":"disk \"a\"\n�","path":"/x y","bytes":17,"ratio":0.5,)"
            R"("nan":"NaN","more":{"a":[1]}})");
  EXPECT_TRUE(lines[0].starts_with(R"({"timestamp":"2)")) << lines[0];
  EXPECT_EQ(lines[1], R"({"timestamp":"2026-01-02T03:04:05.678Z","level":"error","component":"zk","message":"failed",)"
                      R"("category":"timeout"})");
}

}  // namespace vigil
