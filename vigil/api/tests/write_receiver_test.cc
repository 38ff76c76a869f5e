#include "vigil/api/write_receiver.h"

#include "vigil/api/tests/fixture.h"
#include "vigil/exposition/remote_write.h"

namespace vigil::api {
namespace {

using testing::ApiTest;
using testing::kNow;

class WriteApiTest : public ApiTest {
 protected:
  void SetUp() override {
    Dependencies deps = dependencies();
    deps.receiver = &storage_;
    deps.limits.max_write_decoded_bytes = 10'000;
    deps.limits.max_write_samples = 50;
    mount(std::move(deps));
  }
  struct Series {
    Labels labels;
    std::vector<Sample> samples;
  };
  static std::string encode(const std::vector<Series>& series) {
    exposition::WriteRequestWriter writer;
    for (const auto& [labels, samples] : series) {
      writer.begin_series(labels);
      for (const Sample& sample : samples) writer.add(sample);
      writer.end_series();
    }
    return exposition::snappy_compress(writer.bytes());
  }
  std::string post(std::string body, std::string_view type = "application/x-protobuf",
                   std::string_view encoding = "snappy") {
    net::Request request = net::make_request("POST", "/api/v1/write", std::move(body), type);
    request.headers.set("Content-Encoding", encoding);
    const net::Response response = net::call(router_.handler(), request);
    return std::to_string(response.status) + " " + response.body;
  }
};

const Labels kUp{{"__name__", "up"}, {"job", "a"}};

TEST_F(WriteApiTest, StoresAndAnswers204) {
  EXPECT_EQ(post(encode({{kUp, {{kNow - 1000, 1}, {kNow, 2}}}, {{{"__name__", "down"}}, {{kNow, 3}}}})), "204 ");
  EXPECT_EQ(post(encode({{kUp, {{kNow + 1000, 4}}}})), "204 ");  // from the cache
  EXPECT_EQ(
      get("/api/v1/query?query=up%2Bon()down"),
      R"(200 {"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1435781460,"5"]}]}})");
}

TEST_F(WriteApiTest, Errors) {
  struct Case {
    const char* name;
    std::string body;
    const char* type;
    const char* encoding;
    const char* expected;
  };
  const Case kCases[] = {
      {"version 2", encode({}), "application/x-protobuf;proto=io.prometheus.write.v2.Request", "snappy", "415 "},
      {"json", encode({}), "application/json", "snappy", "415 "},
      {"gzip", encode({}), "application/x-protobuf", "gzip", "415 "},
      {"not snappy", "hello", "application/x-protobuf", "snappy", "400 "},
      {"not protobuf", exposition::snappy_compress("\xff\xff\xff\xff"), "application/x-protobuf", "snappy", "400 "},
      {"too large", exposition::snappy_compress(std::string(10'001, 'x')), "application/x-protobuf", "snappy", "413 "},
      {"too many samples", encode({{kUp, std::vector<Sample>(51)}}), "application/x-protobuf", "snappy", "413 "},
      {"empty", encode({}), "application/x-protobuf", "snappy", "204 "},
      {"named version 1", encode({}), "application/x-protobuf;proto=prometheus.WriteRequest", "snappy", "204 "},
  };
  for (const Case& c : kCases)
    EXPECT_TRUE(post(c.body, c.type, c.encoding).starts_with(c.expected))
        << c.name << ": " << post(c.body, c.type, c.encoding);
}

TEST_F(WriteApiTest, RefusedSamplesDoNotStopTheRest) {
  ASSERT_EQ(post(encode({{kUp, {{kNow, 1}}}})), "204 ");
  const std::string answer = post(encode(
      {{kUp, {{kNow - 5000, 1}}}, {{{"job", "nameless"}}, {{kNow, 1}}}, {{{"__name__", "other"}}, {{kNow, 9}}}}));
  EXPECT_TRUE(answer.starts_with("400 2 of 3 samples refused: ")) << answer;
  EXPECT_NE(answer.find("up{job=\"a\"}"), std::string::npos) << answer;
  EXPECT_NE(answer.find("nameless"), std::string::npos) << answer;
  EXPECT_NE(get("/api/v1/query?query=other").find("\"9\""), std::string::npos);
}

// A store whose disk is full.
class ReadOnly final : public Appendable {
 public:
  explicit ReadOnly(Appendable& inner) : inner_(inner) {}
  std::unique_ptr<Appender> appender() override { return std::make_unique<Refusing>(inner_.appender()); }

 private:
  class Refusing final : public Appender {
   public:
    explicit Refusing(std::unique_ptr<Appender> inner) : inner_(std::move(inner)) {}
    Result<SeriesRef> resolve(const Labels& labels) override { return inner_->resolve(labels); }
    Result<void> append(SeriesRef series, Timestamp t, double v) override { return inner_->append(series, t, v); }
    Result<void> append_histogram(SeriesRef series, Timestamp t, HistogramPtr h) override {
      return inner_->append_histogram(series, t, h);
    }
    Result<void> append_exemplar(SeriesRef series, const Exemplar& e) override {
      return inner_->append_exemplar(series, e);
    }
    Result<void> set_metadata(std::string_view metric, const MetricMetadata& m) override {
      return inner_->set_metadata(metric, m);
    }
    Result<void> commit() override { return fail(ErrorCode::kUnavailable, "read-only: the disk is full"); }
    void rollback() override { inner_->rollback(); }

   private:
    std::unique_ptr<Appender> inner_;
  };
  Appendable& inner_;
};

TEST_F(WriteApiTest, ReadOnlyStoreIsWorthARetry) {
  ReadOnly store(storage_);
  WriteReceiver receiver(store, clock_, {});
  net::Request request =
      net::make_request("POST", "/api/v1/write", encode({{kUp, {{kNow, 1}}}}), "application/x-protobuf");
  const net::Response response = receiver.handle(request);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, "read-only: the disk is full\n");
  EXPECT_EQ(receiver.stats().failed, 1U);
}

TEST_F(WriteApiTest, ForgottenSeriesAreResolvedAgain) {
  ASSERT_EQ(post(encode({{kUp, {{kNow, 1}}}})), "204 ");
  for (int i = 1; i <= 3; ++i) {
    clock_.advance(11 * kMinute);
    ASSERT_EQ(post(encode({{{{"__name__", "other"}}, {{clock_.now(), 1}}}})), "204 ");
  }
  EXPECT_EQ(post(encode({{kUp, {{clock_.now(), 2}}}})), "204 ");
}

}  // namespace
}  // namespace vigil::api
