#include "vigil/yaml/fields.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <string>
#include <vector>

namespace vigil::yaml {
namespace {

struct Config {
  std::string name = "default";
  bool on = false;
  int count = 7;
  double ratio = 0;
  Duration wait = 0;
  std::uint64_t size = 0;
  std::vector<std::string> list;
  std::map<std::string, std::string> labels;
  std::vector<std::string> receivers;
};

Result<Config> load(std::string_view text) {
  VIGIL_TRY(const auto document, Document::parse(text, "f.yml"));
  Config config;
  Problems problems;
  read_mapping(document.root(), "config", problems, [&](Fields& f) {
    f.required("name", config.name);
    f.optional("on", config.on);
    f.optional("count", config.count);
    f.optional("ratio", config.ratio);
    f.duration("wait", config.wait);
    f.bytes("size", config.size);
    f.optional("list", config.list);
    f.optional("labels", config.labels);
    f.objects("receivers", "receiver", [&](Fields& receiver) {
      receiver.required("name", config.receivers.emplace_back());
      receiver.unsupported("slack_configs");
      receiver.object("http", [](Fields& http) { http.ignored("x"); });
    });
    f.unsupported("agent", "agent mode is not supported");
  });
  VIGIL_TRY_VOID(problems.result());
  return config;
}

TEST(Fields, ReportsEveryProblemWithItsPlace) {
  struct Case {
    const char* name;
    const char* text;
    const char* error;  // "" = fine
  };
  const Case cases[] = {
      {"minimal", "name: a", ""},
      {"null is absent", "name: a\ncount: ~\nreceivers:", ""},
      {"missing", "on: true", "f.yml:1:1: missing key \"name\" in config"},
      {"empty file", "", "f.yml:1:1: missing key \"name\" in config"},
      {"unknown", "name: a\nfoo: 1", "f.yml:2:1: unknown key \"foo\" in config"},
      {"not a mapping", "[a]", "f.yml:1:1: config must be a mapping, found a list"},
      {"bad bool", "name: a\non: maybe", "f.yml:2:5: expected true or false, found \"maybe\""},
      {"quoted bool", "name: a\non: 'true'", "f.yml:2:5: expected true or false, found \"true\""},
      {"bad int", "name: a\ncount: 1.5", "f.yml:2:8: expected an integer, found \"1.5\""},
      {"int too large", "name: a\ncount: 99999999999", "f.yml:2:8: expected an integer, found \"99999999999\""},
      {"list for a scalar", "name: [a]", "f.yml:1:7: expected a string, found a list"},
      {"bad duration", "name: a\nwait: 5 min", "f.yml:2:7: not a valid duration string: \"5 min\""},
      {"bad size", "name: a\nsize: 5XB", "f.yml:2:7: expected a size such as 512KB or 256MB, found \"5XB\""},
      {"list wanted", "name: a\nreceivers: {}", "f.yml:2:12: receivers must be a list, found a mapping"},
      {"refused by name", "name: a\nagent: {x: 1}", "f.yml:2:8: agent: agent mode is not supported"},
      {"refused, nested", "name: a\nreceivers:\n- name: r\n- name: s\n  slack_configs: [{}]",
       "f.yml:5:18: receivers[1].slack_configs: not supported yet"},
      {"refused, but empty", "name: a\nagent: {}", ""},
      {"nested unknown", "name: a\nreceivers:\n- name: r\n  http: {y: 1}", "f.yml:4:10: unknown key \"y\" in http"},
      {"several", "on: 3\nzzz: 1",
       "f.yml:1:1: missing key \"name\" in config\n"
       "f.yml:1:5: expected true or false, found \"3\"\n"
       "f.yml:2:1: unknown key \"zzz\" in config"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto config = load(c.text);
    EXPECT_EQ(config ? "" : config.error().message(), c.error);
  }
}

TEST(Fields, ReadsValues) {
  const auto config = load(
      "name: 12\non: yes\ncount: 0x10\nratio: 1e3\nwait: 1h30m\nsize: 2MB\nlist: [a, 1, true]\n"
      "labels: {b: x, a: 1}\nreceivers: [{name: r1}, {name: r2}]\n");
  ASSERT_TRUE(config.has_value()) << config.error().message();
  EXPECT_EQ(config->name, "12");
  EXPECT_TRUE(config->on);
  EXPECT_EQ(config->count, 16);
  EXPECT_EQ(config->ratio, 1000);
  EXPECT_EQ(config->wait, 90 * kMinute);
  EXPECT_EQ(config->size, 2U << 20);
  EXPECT_EQ(config->list, (std::vector<std::string>{"a", "1", "true"}));
  EXPECT_EQ(config->labels, (std::map<std::string, std::string>{{"a", "1"}, {"b", "x"}}));
  EXPECT_EQ(config->receivers, (std::vector<std::string>{"r1", "r2"}));
}

TEST(Fields, TellsUnsupportedFromWrong) {
  EXPECT_EQ(load("name: a\nagent: {x: 1}").error().code(), ErrorCode::kNotSupported);
  EXPECT_EQ(load("agent: {x: 1}").error().code(), ErrorCode::kInvalidArgument);
}

TEST(Fields, BoundsTheReport) {
  std::string text = "name: a\n";
  for (int i = 0; i < 200; ++i) text += "k" + std::to_string(i) + ": 1\n";
  const auto config = load(text);
  ASSERT_FALSE(config.has_value());
  EXPECT_TRUE(config.error().message().ends_with("\nand 150 more problems"));
}

TEST(Scalars, Sizes) {
  struct Case {
    const char* text;
    std::uint64_t expected;
  };
  for (const Case& c : {Case{"0", 0},
                        {"17", 17},
                        {"17B", 17},
                        {"1KB", 1024},
                        {"1KiB", 1024},
                        {"1.5MB", 1572864},
                        {"256MB", 256U << 20},
                        {"1GB", 1U << 30},
                        {"2TB", 2ULL << 40},
                        {"1EB", 1ULL << 60}}) {
    std::uint64_t size = 1;
    EXPECT_TRUE(decode_bytes(Document::parse(c.text, "f")->root(), size).has_value()) << c.text;
    EXPECT_EQ(size, c.expected) << c.text;
  }
}

}  // namespace
}  // namespace vigil::yaml
