#include "vigil/net/gzip.h"

#include <gtest/gtest.h>

namespace vigil::net {
namespace {

TEST(GzipTest, RoundTripsAndLimits) {
  std::string text;
  for (int i = 0; i < 20000; ++i)
    text += "vigil_requests_total{code=\"" + std::to_string(i % 7) + "\"} " + std::to_string(i) + "\n";
  for (const std::string& sample : {std::string(), std::string("x"), text}) {
    const std::string packed = gzip_compress(sample);
    EXPECT_EQ(*gzip_decompress(packed, sample.size()), sample);
    if (!sample.empty()) {
      EXPECT_EQ(gzip_decompress(packed, sample.size() - 1).error().code(), ErrorCode::kLimitExceeded);
    }
  }
}

TEST(GzipTest, RefusesWhatIsNotGzip) {
  const std::string good = gzip_compress("hello hello hello");
  for (const std::string& bad :
       {std::string(), std::string("hello"), good.substr(0, good.size() - 1), good.substr(0, 5), good + "x"}) {
    const auto result = gzip_decompress(bad, 1000);
    ASSERT_FALSE(result) << bad.size();
    EXPECT_EQ(result.error().code(), ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(*gzip_decompress(good + good, 1000), "hello hello hellohello hello hello");
}

TEST(GzipTest, StreamIsReadableAfterEachWrite) {
  GzipStream stream;
  std::string out;
  stream.write("one ", out);
  EXPECT_FALSE(out.empty());
  stream.write("two", out);
  stream.finish(out);
  EXPECT_EQ(*gzip_decompress(out, 100), "one two");
}

TEST(GzipTest, BombIsStoppedAtTheLimit) {
  const std::string bomb = gzip_compress(std::string(64U << 20, '\0'));
  EXPECT_LT(bomb.size(), 1U << 20);
  EXPECT_EQ(gzip_decompress(bomb, 1U << 20).error().code(), ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace vigil::net
