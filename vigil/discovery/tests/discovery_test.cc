#include "vigil/discovery/discovery.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "vigil/base/memory_file_system.h"
#include "vigil/base/virtual_scheduler.h"
#include "vigil/discovery/target_file.h"

namespace vigil::discovery {
namespace {

std::string describe(const std::vector<TargetGroup>& groups) {
  std::string out;
  for (const TargetGroup& group : groups) {
    for (const Labels& target : group.targets) out += std::string(target.get("__address__")) + " ";
    out += group.labels.without_name().to_string() + "\n";
  }
  return out;
}

TEST(TargetFile, Table) {
  const struct {
    const char* name;
    const char* text;
    const char* expected;
  } cases[] = {
      {"empty", "", ""},
      {"empty list", "[]", ""},
      {"yaml", "- targets: [a:1, 'b:2']\n  labels: {role: prover, n: 1}\n- targets: []\n",
       "a:1 b:2 {__meta_filepath=\"f.yml\", n=\"1\", role=\"prover\"}\n{__meta_filepath=\"f.yml\"}\n"},
      {"json", R"([{"targets": ["a:1"], "labels": {"x": "\u00e4 \"q\" \/"}}])",
       "a:1 {__meta_filepath=\"f.yml\", x=\"ä \\\"q\\\" /\"}\n"},
      {"json with tabs",
       "[\n\t{\n\t\t\"targets\": [\n\t\t\t\"a:1\"\n\t\t],\n\t\t\"labels\": {\n\t\t\t\"x\": \"y\"\n\t\t}\n\t}\n]\n",
       "a:1 {__meta_filepath=\"f.yml\", x=\"y\"}\n"},
      {"unknown key", "- target: [a]\n", "error f.yml:1:3: unknown key \"target\" in target group"},
      {"no list", "targets: [a]\n", "error f.yml:1:1: expected a list of target groups"},
      {"null group", "-\n", "error f.yml:2:1: a target group is empty"},
      {"nested target", "- targets: [[a]]\n", "error f.yml:1:13: expected a target address such as \"localhost:9100\""},
      {"labels as list", "- labels: [a]\n", "error f.yml:1:11: expected a mapping from label names to values"},
  };
  for (const auto& c : cases) {
    const auto groups = parse_target_file(c.text, "f.yml");
    EXPECT_EQ(groups ? describe(*groups) : "error " + groups.error().message(), c.expected) << c.name;
  }
}

class DiscoveryTest : public ::testing::Test {
 protected:
  DiscoveryTest() { static_cast<void>(files_.create_directories("/sd")); }

  void write(const char* path, std::string_view text) { ASSERT_TRUE(files_.write_file_atomically(path, text)); }
  // The targets handed over since the last call, as "job: …", "" if there was no update.
  std::string updates() { return std::exchange(updates_, ""); }

  static Config files(std::vector<std::string> paths, Duration refresh = 5 * kMinute) {
    return {{}, {{std::move(paths), refresh}}};
  }
  static Config targets(std::string_view address) {
    return {{{"static/0", {Labels{{"__address__", address}}}, {}}}, {}};
  }

  VirtualScheduler scheduler_;
  MemoryFileSystem files_;
  std::string updates_;
  Discovery discovery_{scheduler_, files_, [this](const std::string& job, const std::vector<TargetGroup>& groups) {
                         updates_ += job + ":";
                         for (const TargetGroup& group : groups) {
                           for (const Labels& target : group.targets)
                             updates_ += " " + std::string(target.get("__address__"));
                         }
                         updates_ += "\n";
                       }};
};

TEST_F(DiscoveryTest, OnlyChangedJobsAreUpdated) {
  discovery_.apply({{"a", targets("a:1")}, {"b", targets("b:1")}});
  EXPECT_EQ(updates(), "a: a:1\nb: b:1\n");
  discovery_.apply({{"a", targets("a:1")}, {"b", targets("b:2")}, {"c", targets("c:1")}});
  EXPECT_EQ(updates(), "b: b:2\nc: c:1\n");
  discovery_.apply({});
  EXPECT_EQ(updates(), "");
}

TEST_F(DiscoveryTest, FilesAreReadAgainWhenTheyChange) {
  write("/sd/a.yml", "- targets: [a:1]");
  discovery_.apply({{"j", files({"/sd/*.yml"})}});
  EXPECT_EQ(updates(), "j: a:1\n");
  scheduler_.advance(kMinute);
  EXPECT_EQ(updates(), "");
  write("/sd/b.yml", "- targets: [b:1]");
  scheduler_.advance(Discovery::kPollInterval);
  EXPECT_EQ(updates(), "j: a:1 b:1\n");
  ASSERT_TRUE(files_.remove("/sd/a.yml"));
  scheduler_.advance(Discovery::kPollInterval);
  EXPECT_EQ(updates(), "j: b:1\n");
}

TEST_F(DiscoveryTest, AShortRefreshIntervalPollsFaster) {
  discovery_.apply({{"j", files({"/sd/a.yml"}, kSecond)}});
  EXPECT_EQ(updates(), "j:\n");
  write("/sd/a.yml", "- targets: [a:1]");
  scheduler_.advance(kSecond);
  EXPECT_EQ(updates(), "j: a:1\n");
}

TEST_F(DiscoveryTest, ABrokenFileKeepsItsTargets) {
  write("/sd/a.yml", "- targets: [a:1]");
  write("/sd/b.yml", "- targets: [b:1]");
  discovery_.apply({{"j", files({"/sd/*.yml"})}});
  updates();
  write("/sd/a.yml", "- targets: [a:2");
  scheduler_.advance(kMinute);
  EXPECT_EQ(updates(), "");
  ASSERT_EQ(discovery_.status().size(), 2U);
  EXPECT_NE(discovery_.status()[0].error.find("/sd/a.yml:"), std::string::npos) << discovery_.status()[0].error;
  EXPECT_EQ(discovery_.status()[1].error, "");
  EXPECT_EQ(discovery_.failures(), 1U) << "the same content is not parsed twice";
  write("/sd/b.yml", "- targets: [b:2]");
  scheduler_.advance(Discovery::kPollInterval);
  EXPECT_EQ(updates(), "j: a:1 b:2\n");
  // A reload while it is broken does not lose them either.
  discovery_.apply({{"j", files({"/sd/a.yml", "/sd/b.yml"})}});
  EXPECT_EQ(updates(), "j: a:1 b:2\n");
  write("/sd/a.yml", "- targets: [a:2]");
  scheduler_.advance(Discovery::kPollInterval);
  EXPECT_EQ(updates(), "j: a:2 b:2\n");
  EXPECT_EQ(discovery_.status()[0].error, "");
}

TEST_F(DiscoveryTest, ABrokenPatternIsReportedOnce) {
  write("/sd/a.yml", "- targets: [a:1]");
  discovery_.apply({{"j", files({"/sd/[a.yml", "/sd/a.yml"})}});
  EXPECT_EQ(updates(), "j: a:1\n");
  scheduler_.advance(kMinute);
  const auto status = discovery_.status();
  ASSERT_EQ(status.size(), 2U);
  EXPECT_EQ(status[0].path, "/sd/[a.yml");
  EXPECT_EQ(status[0].error, R"(syntax error in the file name pattern "/sd/[a.yml")");
  EXPECT_EQ(status[1].error, "");
}

TEST_F(DiscoveryTest, NothingComesAfterStop) {
  write("/sd/a.yml", "- targets: [a:1]");
  discovery_.apply({{"j", files({"/sd/a.yml"})}});
  updates();
  discovery_.stop();
  discovery_.stop();
  write("/sd/a.yml", "- targets: [a:2]");
  scheduler_.advance(kHour);
  EXPECT_EQ(updates(), "");
  EXPECT_EQ(scheduler_.pending(), 0U);
}

}  // namespace
}  // namespace vigil::discovery
