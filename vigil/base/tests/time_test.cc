#include "vigil/base/time.h"

#include <optional>

#include <gtest/gtest.h>

namespace vigil {
namespace {

TEST(Time, ParseDuration) {
  const struct {
    std::string_view text;
    std::optional<Duration> expected;
  } cases[] = {
      {"0", 0},
      {"0s", 0},
      {"1ms", 1},
      {"5s", 5 * kSecond},
      {"5m", 5 * kMinute},
      {"1h30m", 90 * kMinute},
      {"90m", 90 * kMinute},
      {"1d", kDay},
      {"1w", 7 * kDay},
      {"1y", 365 * kDay},
      {"1y2w3d4h5m6s7ms", 365 * kDay + 14 * kDay + 3 * kDay + 4 * kHour + 5 * kMinute + 6 * kSecond + 7},
      {"1m1ms", kMinute + 1},
      {"007s", 7 * kSecond},
      {"292y", 292 * 365 * kDay},
      {"", std::nullopt},
      {"1", std::nullopt},
      {"s", std::nullopt},
      {"-1m", std::nullopt},
      {"+1m", std::nullopt},
      {"1.5m", std::nullopt},
      {"1m ", std::nullopt},
      {" 1m", std::nullopt},
      {"1m1m", std::nullopt},
      {"1s1m", std::nullopt},
      {"1ms1s", std::nullopt},
      {"1M", std::nullopt},
      {"1us", std::nullopt},
      {"1mss", std::nullopt},
      {"1m30", std::nullopt},
      {"1 m", std::nullopt},
      {"300y", std::nullopt},
      {"99999999999999999999s", std::nullopt},
      {"9223372036854775807ms", std::nullopt},
      {"1\xC2\xB5s", std::nullopt},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_duration(c.text);
    ASSERT_EQ(parsed.has_value(), c.expected.has_value()) << c.text;
    if (parsed) {
      EXPECT_EQ(*parsed, *c.expected) << c.text;
    } else {
      EXPECT_EQ(parsed.error().code(), ErrorCode::kInvalidArgument);
    }
  }
  EXPECT_EQ(parse_duration("5x").error().message(), "not a valid duration string: \"5x\"");
  EXPECT_EQ(parse_duration("").error().message(), "empty duration string");
  EXPECT_EQ(parse_duration("300y").error().message(), "duration out of range");
}

TEST(Time, FormatDuration) {
  const struct {
    Duration duration;
    std::string_view expected;
  } cases[] = {
      {0, "0s"},
      {1, "1ms"},
      {1500, "1s500ms"},
      {90 * kSecond, "1m30s"},
      {60 * kMinute, "1h"},
      {kDay, "1d"},
      {7 * kDay, "1w"},
      {8 * kDay, "8d"},
      {14 * kDay, "2w"},
      {365 * kDay, "1y"},
      {366 * kDay, "366d"},
      {730 * kDay, "2y"},
      {kDay + 2 * kHour + 3 * kMinute + 4 * kSecond + 5, "1d2h3m4s5ms"},
      {-90 * kSecond, "-1m30s"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(format_duration(c.duration), c.expected);
    if (c.duration >= 0) {
      EXPECT_EQ(parse_duration(c.expected), c.duration);
    }
  }
  EXPECT_TRUE(format_duration(kMinTimestamp).starts_with("-"));
  EXPECT_FALSE(format_duration(kMaxTimestamp).starts_with("-"));
}

TEST(Time, FormatRfc3339) {
  const struct {
    Timestamp time;
    std::string_view expected;
  } cases[] = {
      {0, "1970-01-01T00:00:00Z"},
      {1, "1970-01-01T00:00:00.001Z"},
      {500, "1970-01-01T00:00:00.5Z"},
      {-1, "1969-12-31T23:59:59.999Z"},
      {1435781430781, "2015-07-01T20:10:30.781Z"},
      {951782400000, "2000-02-29T00:00:00Z"},
      {253402300799999, "9999-12-31T23:59:59.999Z"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(format_rfc3339(c.time), c.expected);
    EXPECT_EQ(parse_rfc3339(c.expected), c.time);
  }
}

TEST(Time, ParseRfc3339) {
  const struct {
    std::string_view text;
    std::optional<Timestamp> expected;
  } cases[] = {
      {"2015-07-01T20:10:30.781Z", 1435781430781},
      {"2015-07-01t20:10:30.781z", 1435781430781},
      {"2015-07-01T20:10:30.7811234Z", 1435781430781},
      {"2015-07-01T20:10:30.781999999Z", 1435781430781},
      {"2015-07-01T22:10:30.781+02:00", 1435781430781},
      {"2015-07-01T15:40:30.781-04:30", 1435781430781},
      {"1970-01-01T00:00:00+00:00", 0},
      {"1969-12-31T23:59:59.9999Z", -1},
      {"2024-02-29T00:00:00Z", 1709164800000},
      {"2023-02-29T00:00:00Z", std::nullopt},
      {"2015-13-01T00:00:00Z", std::nullopt},
      {"2015-00-01T00:00:00Z", std::nullopt},
      {"2015-07-32T00:00:00Z", std::nullopt},
      {"2015-07-01T24:00:00Z", std::nullopt},
      {"2015-07-01T00:60:00Z", std::nullopt},
      {"2015-07-01T00:00:60Z", std::nullopt},
      {"2015-07-01T00:00:00", std::nullopt},
      {"2015-07-01T00:00:00.Z", std::nullopt},
      {"2015-07-01T00:00:00.1234567890Z", std::nullopt},
      {"2015-07-01T00:00:00+0200", std::nullopt},
      {"2015-07-01T00:00:00+24:00", std::nullopt},
      {"2015-07-01T00:00:00Zx", std::nullopt},
      {"2015-07-01 00:00:00Z", std::nullopt},
      {"2015-7-1T00:00:00Z", std::nullopt},
      {"", std::nullopt},
      {"1435781430", std::nullopt},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_rfc3339(c.text);
    ASSERT_EQ(parsed.has_value(), c.expected.has_value()) << c.text;
    if (parsed) {
      EXPECT_EQ(*parsed, *c.expected) << c.text;
    }
  }
}

}  // namespace
}  // namespace vigil
