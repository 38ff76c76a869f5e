// A server's API in memory: a small store, an engine, a clock, no sockets.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "vigil/api/api.h"
#include "vigil/base/fake_clock.h"
#include "vigil/net/fake_http.h"
#include "vigil/promql/memory_storage.h"

namespace vigil::api::testing {

inline constexpr Timestamp kNow = 1'435'781'460'000;

class ApiTest : public ::testing::Test {
 protected:
  ApiTest() : clock_(kNow), engine_({}, clock_) {}

  void append(const Labels& labels, Timestamp at, double value) {
    const auto appender = storage_.appender();
    ASSERT_TRUE(appender->append(*appender->resolve(labels), at, value));
    ASSERT_TRUE(appender->commit());
  }

  Dependencies dependencies() { return {.engine = engine_, .storage = storage_, .clock = clock_}; }
  void mount(Dependencies dependencies) { add_routes(router_, std::move(dependencies)); }

  net::Response call(std::string_view method, std::string_view target, std::string body = {},
                     std::string_view type = {}) {
    return net::call(router_.handler(), net::make_request(method, target, std::move(body), type));
  }
  // "200 body"
  std::string get(std::string_view target) {
    const net::Response response = call("GET", target);
    return std::to_string(response.status) + " " + response.body;
  }

  FakeClock clock_;
  promql::MemoryStorage storage_;
  promql::Engine engine_;
  net::Router router_;
};

struct EndpointCase {
  const char* name;
  const char* target;
  const char* expected;  // status and body
};

}  // namespace vigil::api::testing
