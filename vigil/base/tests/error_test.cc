#include "vigil/base/error.h"

#include <memory>

#include <gtest/gtest.h>

namespace vigil {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return fail(ErrorCode::kInvalidArgument, "odd");
  return value / 2;
}
Result<void> check(int value) {
  VIGIL_TRY(auto ignored, half(value));
  static_cast<void>(ignored);
  return {};
}
Result<std::unique_ptr<int>> quarter(int value) {
  VIGIL_TRY_VOID(check(value));
  VIGIL_TRY(const int once, half(value));
  VIGIL_TRY(const int twice, half(once));
  return std::make_unique<int>(twice);
}

TEST(Error, TryReturnsTheFirstError) {
  EXPECT_EQ(**quarter(8), 2);
  EXPECT_EQ(quarter(6).error(), Error(ErrorCode::kInvalidArgument, "odd"));
  EXPECT_EQ(quarter(5).error().message(), "odd");
}

TEST(Error, ContextGoesInFront) {
  const Error error = Error(ErrorCode::kIo, "no space").with_context("wal/0001");
  EXPECT_EQ(error.message(), "wal/0001: no space");
  EXPECT_EQ(error.code(), ErrorCode::kIo);
  EXPECT_EQ(to_string(error.code()), "i/o error");
}

TEST(ErrorDeathTest, CheckNamesConditionAndPlace) {
  EXPECT_DEATH(VIGIL_CHECK(1 + 1 == 3), "error_test.cc:[0-9]+: check failed: 1 \\+ 1 == 3");
}

}  // namespace
}  // namespace vigil
