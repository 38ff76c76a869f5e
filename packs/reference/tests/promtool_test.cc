// Prometheus' own promtool, of its second and its third version, over the rules of every pack
// and over their unit tests.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <tuple>

#include "packs/all/all.h"
#include "vigil/base/file_system.h"

namespace vigil::packs {
namespace {

const std::filesystem::path kRepository = VIGIL_SOURCE_DIR;

struct Version {
  std::string_view name;
  std::string_view path;  // below .cache/peers
};
constexpr Version kVersions[] = {{"two", "prometheus/usr/bin/promtool"}, {"three", "prometheus3/promtool"}};

class Promtool : public ::testing::TestWithParam<std::tuple<Version, const pack::Pack*>> {
 protected:
  void run(const std::string& what, const std::filesystem::path& folder) {
    const auto& [version, pack] = GetParam();
    const auto promtool = kRepository / ".cache/peers" / version.path;
    if (!std::filesystem::exists(promtool)) GTEST_SKIP() << promtool.lexically_relative(kRepository) << " is missing";
    std::string command = promtool.string() + " " + what;
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".yml") continue;
      command += " " + entry.path().string();
      ++files;
    }
    ASSERT_GT(files, 1);
    const std::string output = testing::TempDir() + "/promtool-" + std::to_string(::getpid());
    const int status = std::system((command + " >" + output + " 2>&1").c_str());
    EXPECT_EQ(status, 0) << FileSystem::real().read_file(output).value_or("");
    std::filesystem::remove(output);
  }
  std::filesystem::path rules() const { return kRepository / "packs" / std::get<1>(GetParam())->name / "rules"; }
};

TEST_P(Promtool, AcceptsTheRules) { run("check rules", rules()); }
TEST_P(Promtool, PassesTheTests) { run("test rules", rules() / "tests"); }

INSTANTIATE_TEST_SUITE_P(Packs, Promtool,
                         ::testing::Combine(::testing::ValuesIn(kVersions),
                                            ::testing::ValuesIn(all().begin(), all().end())),
                         [](const auto& each) {
                           return std::string(std::get<0>(each.param).name) + "_" +
                                  std::string(std::get<1>(each.param)->name);
                         });

}  // namespace
}  // namespace vigil::packs
