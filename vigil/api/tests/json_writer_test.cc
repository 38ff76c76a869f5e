#include "vigil/api/json_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace vigil::api {
namespace {

TEST(JsonWriterTest, PutsCommasAndEscapes) {
  JsonWriter json;
  json.begin_object();
  json.member("a", 1);
  json.key("list");
  json.begin_array();
  json.value("x\"\n\x01\xff");
  json.value(true);
  json.null();
  json.begin_array();
  json.end_array();
  json.value(1.5);
  json.value(std::nan(""));
  json.end_array();
  json.member("labels", Labels{{"b", "2"}, {"a", "1"}});
  json.begin_object();
  json.end_object();
  json.end_object();
  EXPECT_EQ(json.take(), R"({"a":1,"list":["x\"\n\u0001)"
                         "\xEF\xBF\xBD"
                         R"(",true,null,[],1.5,null],"labels":{"a":"1","b":"2"},{}})");
}

TEST(JsonWriterTest, Timestamps) {
  struct Case {
    Timestamp time;
    const char* expected;
  };
  constexpr Case kCases[] = {
      {0, "0"},
      {1, "0.001"},
      {50, "0.050"},
      {1000, "1"},
      {1'435'781'430'781, "1435781430.781"},
      {1500, "1.500"},
      {-1, "-0.001"},
      {-1500, "-1.500"},
      {std::numeric_limits<std::int64_t>::min(), "-9223372036854775.808"},
  };
  for (const Case& c : kCases) {
    JsonWriter json;
    json.timestamp(c.time);
    EXPECT_EQ(json.take(), c.expected);
  }
}

TEST(JsonWriterTest, Samples) {
  struct Case {
    double value;
    const char* expected;
  };
  const Case kCases[] = {
      {0, "\"0\""},
      {-0.0, "\"-0\""},
      {1, "\"1\""},
      {0.1, "\"0.1\""},
      {1e20, "\"100000000000000000000\""},
      {1e21, "\"1e+21\""},
      {1e-6, "\"0.000001\""},
      {1e-7, "\"1e-07\""},
      {std::nan(""), "\"NaN\""},
      {HUGE_VAL, "\"+Inf\""},
      {-HUGE_VAL, "\"-Inf\""},
  };
  for (const Case& c : kCases) {
    JsonWriter json;
    json.sample(c.value);
    EXPECT_EQ(json.take(), c.expected);
  }
}

TEST(JsonWriterTest, StopsWhenNobodyReads) {
  std::vector<std::string> pieces;
  JsonWriter json(
      [&pieces](std::string_view text) {
        pieces.emplace_back(text);
        return pieces.size() < 2;
      },
      10);
  for (int i = 0; i < 10; ++i) json.value("0123456789");
  EXPECT_EQ(pieces.size(), 2U);
  EXPECT_FALSE(json.wanted());
}

}  // namespace
}  // namespace vigil::api
