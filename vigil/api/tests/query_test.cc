#include <nlohmann/json.hpp>

#include "vigil/api/tests/fixture.h"

namespace vigil::api {
namespace {

using testing::ApiTest;
using testing::EndpointCase;
using testing::kNow;

class QueryApiTest : public ApiTest {
 protected:
  QueryApiTest() {
    for (int i = 0; i <= 3; ++i) {
      append({{"__name__", "up"}, {"job", "a"}}, kNow - (3 - i) * 15'000, i);
      append({{"__name__", "up"}, {"job", "b"}}, kNow - (3 - i) * 15'000, 0.5);
    }
    append({{"__name__", "my.metric"}, {"job", "a"}}, kNow, 1);
    mount(dependencies());
  }
};

TEST_F(QueryApiTest, Answers) {
  constexpr EndpointCase kCases[] = {
      {"scalar", "/api/v1/query?query=1.5&time=1435781430.781",
       R"(200 {"status":"success","data":{"resultType":"scalar","result":[1435781430.781,"1.5"]}})"},
      {"string", "/api/v1/query?query=%22a%5C%22b%22&time=5",
       R"(200 {"status":"success","data":{"resultType":"string","result":[5,"a\"b"]}})"},
      {"vector, now", "/api/v1/query?query=up",
       R"(200 {"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a"},"value":[1435781460,"3"]},{"metric":{"__name__":"up","job":"b"},"value":[1435781460,"0.5"]}]}})"},
      {"empty vector", "/api/v1/query?query=nothing",
       R"(200 {"status":"success","data":{"resultType":"vector","result":[]}})"},
      {"matrix", "/api/v1/query?query=up%7Bjob%3D%22a%22%7D%5B16s%5D",
       R"(200 {"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"a"},"values":[[1435781445,"2"],[1435781460,"3"]]}]}})"},
      {"limit", "/api/v1/query?query=up&limit=1",
       R"(200 {"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a"},"value":[1435781460,"3"]}]},"warnings":["results truncated due to limit"]})"},
      {"lookback", "/api/v1/query?query=up&time=1435781475&lookback_delta=10s",
       R"(200 {"status":"success","data":{"resultType":"vector","result":[]}})"},
      {"range", "/api/v1/query_range?query=sum(up)&start=1435781430&end=1435781460&step=15s",
       R"(200 {"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1435781430,"1.5"],[1435781445,"2.5"],[1435781460,"3.5"]]}]}})"},
      {"format", "/api/v1/format_query?query=foo%2Fbar", R"(200 {"status":"success","data":"foo / bar"})"},
  };
  for (const EndpointCase& c : kCases) EXPECT_EQ(get(c.target), c.expected) << c.name;
}

TEST_F(QueryApiTest, Errors) {
  constexpr EndpointCase kCases[] = {
      {"no query", "/api/v1/query", "400 bad_data invalid parameter \"query\": "},
      {"parse error", "/api/v1/query?query=up%7B", "400 bad_data invalid parameter \"query\": 1:4: parse error: "},
      {"type error", "/api/v1/query?query=rate(up)", "400 bad_data invalid parameter \"query\": 1:6: parse error: "},
      {"bad time", "/api/v1/query?query=up&time=x",
       "400 bad_data invalid parameter \"time\": cannot parse \"x\" to a valid timestamp"},
      {"bad timeout", "/api/v1/query?query=up&timeout=x",
       "400 bad_data invalid parameter \"timeout\": cannot parse \"x\" to a valid duration"},
      {"zero timeout", "/api/v1/query?query=up&timeout=0", "503 timeout query timed out"},
      {"bad limit", "/api/v1/query?query=up&limit=x",
       "400 bad_data invalid parameter \"limit\": cannot parse \"x\" to a number"},
      {"negative limit", "/api/v1/query?query=up&limit=-1",
       "400 bad_data invalid parameter \"limit\": limit must be non-negative"},
      {"execution", "/api/v1/query?query=label_replace(up%2C%22job%22%2C%22x%22%2C%22job%22%2C%22.*%22)",
       "422 execution "},
      {"no start", "/api/v1/query_range?query=up&end=2&step=1",
       "400 bad_data invalid parameter \"start\": cannot parse \"\" to a valid timestamp"},
      {"no end", "/api/v1/query_range?query=up&start=2&step=1",
       "400 bad_data invalid parameter \"end\": cannot parse \"\" to a valid timestamp"},
      {"no step", "/api/v1/query_range?query=up&start=1&end=2",
       "400 bad_data invalid parameter \"step\": cannot parse \"\" to a valid duration"},
      {"end before start", "/api/v1/query_range?query=up&start=2&end=1&step=1",
       "400 bad_data invalid parameter \"end\": end timestamp must not be before start time"},
      {"zero step", "/api/v1/query_range?query=up&start=1&end=2&step=0",
       "400 bad_data invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a "
       "positive integer"},
      {"negative step", "/api/v1/query_range?query=up&start=1&end=2&step=-1",
       "400 bad_data invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a "
       "positive integer"},
      {"too many points", "/api/v1/query_range?query=up&start=0&end=11001&step=1",
       "400 bad_data exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution "
       "(?step=XX)"},
      {"the whole of time",
       "/api/v1/query_range?query=up&start=-292273086-05-16T16:47:06Z&end=292277025-08-18T07:12:54.999999999Z&step=1",
       "400 bad_data exceeded maximum resolution"},
      {"range of a matrix", "/api/v1/query_range?query=up%5B5m%5D&start=0&end=10&step=1",
       "400 bad_data invalid parameter \"query\": invalid expression type \"range vector\" for range query, must be "
       "Scalar or instant Vector"},
      {"unknown path", "/api/v1/nope", "404 not_found there is no /api/v1/nope here"},
      {"kill nobody", "/api/v1/vigil/queries", "200 "},
  };
  for (const EndpointCase& c : kCases) {
    const net::Response response = call("GET", c.target);
    const auto json = nlohmann::json::parse(response.body);
    std::string got = std::to_string(response.status) + " ";
    if (json["status"] == "error") got += json["errorType"].get<std::string>() + " " + json["error"].get<std::string>();
    EXPECT_TRUE(got.starts_with(c.expected)) << c.name << ": " << got;
    EXPECT_EQ(response.headers.get("Content-Type"), "application/json") << c.name;
  }
}

TEST_F(QueryApiTest, ElevenThousandPointsAreAllowed) {
  EXPECT_TRUE(get("/api/v1/query_range?query=1&start=0&end=11000&step=1").starts_with("200 "));
}

TEST_F(QueryApiTest, FormBodies) {
  const auto post = [this](const char* path, const char* body) {
    return call("POST", path, body, "application/x-www-form-urlencoded").body;
  };
  EXPECT_EQ(post("/api/v1/query", "query=2&time=1"),
            R"({"status":"success","data":{"resultType":"scalar","result":[1,"2"]}})");
  EXPECT_EQ(post("/api/v1/format_query", "query=1%2B1"), R"({"status":"success","data":"1 + 1"})");
  EXPECT_EQ(call("POST", "/api/v1/query", "query=%", "application/x-www-form-urlencoded").status, 400);
}

TEST_F(QueryApiTest, Stats) {
  const auto json = nlohmann::json::parse(call("GET", "/api/v1/query?query=up&stats=all").body);
  const auto& stats = json["data"]["stats"];
  for (const char* key :
       {"evalTotalTime", "resultSortTime", "queryPreparationTime", "innerEvalTime", "execQueueTime", "execTotalTime"}) {
    EXPECT_TRUE(stats["timings"].contains(key)) << key;
  }
  EXPECT_TRUE(stats["samples"].contains("totalQueryableSamples"));
  EXPECT_TRUE(stats["samples"].contains("peakSamples"));
}

TEST_F(QueryApiTest, Annotations) {
  const auto json = nlohmann::json::parse(call("GET", "/api/v1/query?query=rate(up%5B1m%5D)").body);
  EXPECT_EQ(json["infos"].size(), 1U) << json;
}

TEST_F(QueryApiTest, LongAnswersAreStreamedWhole) {
  for (int i = 0; i < 5000; ++i) append({{"__name__", "many"}, {"i", std::to_string(i)}}, kNow, i);
  const auto json = nlohmann::json::parse(call("GET", "/api/v1/query?query=many").body);
  EXPECT_EQ(json["data"]["result"].size(), 5000U);
}

TEST_F(QueryApiTest, KillNeedsAnIdThatRuns) {
  EXPECT_EQ(get("/api/v1/vigil/queries"), R"(200 {"status":"success","data":[]})");
  for (const char* id : {"1", "x", "99999999999999999999"}) {
    EXPECT_EQ(call("DELETE", std::string("/api/v1/vigil/queries/") + id).status, 404) << id;
  }
}

TEST_F(QueryApiTest, ParseTree) {
  struct Case {
    const char* query;
    const char* expected;
  };
  constexpr Case kCases[] = {
      {"1", R"({"type":"numberLiteral","val":"1"})"},
      {"-up offset 5m",
       R"({"type":"unaryExpr","op":"-","expr":{"type":"vectorSelector","name":"up","offset":300000,"matchers":[{"name":"__name__","value":"up","type":"="}],"timestamp":null,"startOrEnd":null}})"},
      {"rate(up[5m] @ end())",
       R"({"type":"call","func":{"name":"rate","argTypes":["matrix"],"variadic":0,"returnType":"vector"},"args":[{"type":"matrixSelector","range":300000,"name":"up","offset":0,"matchers":[{"name":"__name__","value":"up","type":"="}],"timestamp":null,"startOrEnd":"end"}]})"},
      {"sum by (job) (a * on (x) group_left (y) b)",
       R"({"type":"aggregation","op":"sum","expr":{"type":"binaryExpr","op":"*","lhs":{"type":"vectorSelector","name":"a","offset":0,"matchers":[{"name":"__name__","value":"a","type":"="}],"timestamp":null,"startOrEnd":null},"rhs":{"type":"vectorSelector","name":"b","offset":0,"matchers":[{"name":"__name__","value":"b","type":"="}],"timestamp":null,"startOrEnd":null},"matching":{"card":"many-to-one","labels":["x"],"on":true,"include":["y"],"fillValues":{"lhs":null,"rhs":null}},"bool":false},"param":null,"grouping":["job"],"without":false})"},
      {"(\"s\")", R"({"type":"parenExpr","expr":{"type":"stringLiteral","val":"s"}})"},
  };
  for (const Case& c : kCases) {
    net::Params params;
    params.add("query", c.query);
    const auto got = nlohmann::json::parse(call("GET", "/api/v1/parse_query?" + params.encode()).body);
    EXPECT_EQ(got["data"], nlohmann::json::parse(c.expected)) << c.query;
  }
}

TEST_F(QueryApiTest, Series) {
  constexpr EndpointCase kCases[] = {
      {"series", "/api/v1/series?match[]=up",
       R"(200 {"status":"success","data":[{"__name__":"up","job":"a"},{"__name__":"up","job":"b"}]})"},
      {"two matchers, once each", "/api/v1/series?match[]=up&match[]=up%7Bjob%3D%22a%22%7D",
       R"(200 {"status":"success","data":[{"__name__":"up","job":"a"},{"__name__":"up","job":"b"}]})"},
      {"limit", "/api/v1/series?match[]=up&limit=1",
       R"(200 {"status":"success","data":[{"__name__":"up","job":"a"}],"warnings":["results truncated due to limit"]})"},
      {"limit just met", "/api/v1/series?match[]=up&limit=2",
       R"(200 {"status":"success","data":[{"__name__":"up","job":"a"},{"__name__":"up","job":"b"}]})"},
      {"none", "/api/v1/series?match[]=nothing", R"(200 {"status":"success","data":[]})"},
      {"outside the time", "/api/v1/series?match[]=up&start=1&end=2", R"(200 {"status":"success","data":[]})"},
      {"no match", "/api/v1/series",
       R"(400 {"status":"error","errorType":"bad_data","error":"no match[] parameter provided"})"},
      {"empty matcher", "/api/v1/series?match[]=%7Bx%3D~%22.*%22%7D",
       R"(400 {"status":"error","errorType":"bad_data","error":"invalid parameter \"match[]\": match[] must contain at least one non-empty matcher"})"},
      {"labels", "/api/v1/labels", R"(200 {"status":"success","data":["__name__","job"]})"},
      {"labels of a match", "/api/v1/labels?match[]=up&limit=1",
       R"(200 {"status":"success","data":["__name__"],"warnings":["results truncated due to limit"]})"},
      {"values", "/api/v1/label/job/values", R"(200 {"status":"success","data":["a","b"]})"},
      {"values of a match", "/api/v1/label/job/values?match[]=up%7Bjob!%3D%22a%22%7D",
       R"(200 {"status":"success","data":["b"]})"},
      {"names", "/api/v1/label/__name__/values", R"(200 {"status":"success","data":["my.metric","up"]})"},
      {"unknown label", "/api/v1/label/U__my_2e_label/values", R"(200 {"status":"success","data":[]})"},
      {"invalid label", "/api/v1/label/%FF/values",
       R"(400 {"status":"error","errorType":"bad_data","error":"invalid label name: \"\\xff\""})"},
      {"no metadata", "/api/v1/metadata", R"(200 {"status":"success","data":{}})"},
      {"no exemplars", "/api/v1/query_exemplars?query=up", R"(200 {"status":"success","data":[]})"},
  };
  for (const EndpointCase& c : kCases) EXPECT_EQ(get(c.target), c.expected) << c.name;
}

}  // namespace
}  // namespace vigil::api
