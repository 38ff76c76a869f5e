#include "vigil/api/parameters.h"

#include <gtest/gtest.h>

namespace vigil::api {
namespace {

TEST(ParametersTest, Times) {
  struct Case {
    const char* input;
    const char* expected;
  };
  constexpr Case kCases[] = {
      {"0", "0"},
      {"123", "123000"},
      {"123.5", "123500"},
      {"1435781430.781", "1435781430781"},
      {"0.0005", "1"},
      {"-5", "-5000"},
      {"1e3", "1000000"},
      {"2015-06-03T13:21:58.555Z", "1433337718555"},
      {"2015-06-03T14:21:58.555+01:00", "1433337718555"},
      {"-292273086-05-16T16:47:06Z", "-9223372036854775"},
      {"292277025-08-18T07:12:54.999999999Z", "9223372036854775"},
      {"", "cannot parse \"\" to a valid timestamp"},
      {"foo", "cannot parse \"foo\" to a valid timestamp"},
      {"NaN", "cannot parse \"NaN\" to a valid timestamp"},
      {"Inf", "cannot parse \"Inf\" to a valid timestamp"},
      {"1e300", "cannot parse \"1e300\" to a valid timestamp"},
      {"30s", "cannot parse \"30s\" to a valid timestamp"},
  };
  for (const Case& c : kCases) {
    const auto time = parse_time(c.input);
    EXPECT_EQ(time ? std::to_string(*time) : time.error().message(), c.expected) << c.input;
  }
}

TEST(ParametersTest, Durations) {
  struct Case {
    const char* input;
    const char* expected;
  };
  constexpr Case kCases[] = {
      {"123", "123000"},
      {"0.5", "500"},
      {"5m", "300000"},
      {"1h30m", "5400000"},
      {"-1", "-1000"},
      {"", "cannot parse \"\" to a valid duration"},
      {"5x", "cannot parse \"5x\" to a valid duration"},
      {"NaN", "cannot parse \"NaN\" to a valid duration. It overflows int64"},
      {"1e300", "cannot parse \"1e300\" to a valid duration. It overflows int64"},
  };
  for (const Case& c : kCases) {
    const auto duration = parse_api_duration(c.input);
    EXPECT_EQ(duration ? std::to_string(*duration) : duration.error().message(), c.expected) << c.input;
  }
}

TEST(ParametersTest, UnescapesNames) {
  struct Case {
    const char* input;
    const char* expected;
  };
  constexpr Case kCases[] = {
      {"job", "job"},
      {"U__my_2e_metric", "my.metric"},
      {"U__a__b", "a_b"},
      {"U__snow_2603___", "snow\xe2\x98\x83_"},
      {"U__snow_2603_", "snow\xe2\x98\x83"},
      {"U__bad_zz_", "U__bad_zz_"},
      {"U__cut_2e", "U__cut_2e"},
      {"U__surrogate_d800_", "U__surrogate_d800_"},
      {"U__", ""},
  };
  for (const Case& c : kCases) EXPECT_EQ(unescape_name(c.input), c.expected) << c.input;
}

}  // namespace
}  // namespace vigil::api
