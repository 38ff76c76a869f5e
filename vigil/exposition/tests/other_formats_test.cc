// JSON, CSV, InfluxDB line protocol, and text as a file.
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "vigil/base/memory_file_system.h"
#include "vigil/exposition/negotiate.h"
#include "vigil/exposition/tests/pages.h"
#include "vigil/exposition/textfile.h"
#include "vigil/metrics/metrics.h"

namespace vigil::exposition {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

void feed(PageWriter& page) {
  static const RichHistogram rich;
  static const metrics::ExemplarView exemplar{.labels = R"(trace_id="4b")", .value = 0.5, .time = 1'700'000'000'250};
  page.begin_family(family_of(MetricType::kCounter, "a_total", {}, "Say \"a\",\n\\ twice.", "a"));
  page.point(R"(m="GET, x=y",p="C:\\dir\\",q="say \"hi\"\n",e="")",
             {.value = 41, .created = 1'600'000'000'000, .exemplar = &exemplar});
  page.point("", {.value = 0.1});
  page.end_family();
  page.begin_family(family_of(MetricType::kGauge, "g"));
  page.point("v=\"nan\"", {.value = std::numeric_limits<double>::quiet_NaN()});
  page.point("v=\"inf\"", {.value = -kInf});
  page.point("v=\"ok\"", {.value = -1.5});
  page.end_family();
  page.begin_family(family_of(MetricType::kHistogram, "h", rich.bounds));
  page.histogram("p=\"1\"", rich.view);
  page.end_family();
  page.begin_family(family_of(MetricType::kInfo, "b_info"));
  page.point("", {.value = 1});
  page.end_family();
}

TEST(JsonPage, HoldsEverything) {
  const std::string page = page_of(Format::kJson, feed);
  const auto expected = nlohmann::json::parse(R"({"families":[
    {"name":"a_total","type":"counter","help":"Say \"a\",\n\\ twice.","unit":"a","series":[
      {"labels":{"m":"GET, x=y","p":"C:\\dir\\","q":"say \"hi\"\n","e":""},"value":41,"created":1600000000,
       "exemplar":{"labels":{"trace_id":"4b"},"value":0.5,"time":1700000000.25}},
      {"labels":{},"value":0.1}]},
    {"name":"g","type":"gauge","help":"","series":[
      {"labels":{"v":"nan"},"value":"NaN"},{"labels":{"v":"inf"},"value":"-Inf"},{"labels":{"v":"ok"},"value":-1.5}]},
    {"name":"h","type":"histogram","help":"","series":[
      {"labels":{"p":"1"},"count":6,"sum":1000.5,"buckets":{"0.5":3,"4":5,"+Inf":6},"created":1600000000.5,
       "native":{"schema":0,"zero_threshold":0.001,"zero_count":2,"negative":[[0,1]],
                 "positive":[[-2,1],[1,1],[10,1]]},
       "exemplars":[{"labels":{"trace_id":"a\"b"},"value":0.25,"time":1700000000.123},
                    {"labels":{"trace_id":"old"},"value":1,"time":1700000000},
                    {"labels":{"trace_id":"new"},"value":3,"time":1700000001}]}]},
    {"name":"b_info","type":"info","help":"","series":[{"labels":{},"value":1}]}]})");
  EXPECT_EQ(nlohmann::json::parse(page), expected) << page;
}

TEST(JsonPage, NothingIsADocumentToo) {
  const auto page = nlohmann::json::parse(page_of(Format::kJson, [](PageWriter&) {}));
  EXPECT_EQ(page, nlohmann::json::parse(R"({"families":[]})"));
}

TEST(CsvPage, Rfc4180) {
  const std::string expected =
      "name,type,labels,value\r\n"
      R"(a_total,counter,"m=""GET, x=y"",p=""C:\\dir\\"",q=""say \""hi\""\n"",e=""""",41)"
      "\r\n"
      "a_total,counter,,0.1\r\n"
      R"(g,gauge,"v=""nan""",NaN)"
      "\r\n"
      R"(g,gauge,"v=""inf""",-Inf)"
      "\r\n"
      R"(g,gauge,"v=""ok""",-1.5)"
      "\r\n"
      R"(h_bucket,histogram,"p=""1"",le=""0.5""",3)"
      "\r\n"
      R"(h_bucket,histogram,"p=""1"",le=""4""",5)"
      "\r\n"
      R"(h_bucket,histogram,"p=""1"",le=""+Inf""",6)"
      "\r\n"
      R"(h_sum,histogram,"p=""1""",1000.5)"
      "\r\n"
      R"(h_count,histogram,"p=""1""",6)"
      "\r\n"
      R"(h_native_bucket,histogram,"p=""1"",lower=""-1"",upper=""-0.5""",1)"
      "\r\n"
      R"(h_native_bucket,histogram,"p=""1"",lower=""-0.001"",upper=""0.001""",2)"
      "\r\n"
      R"(h_native_bucket,histogram,"p=""1"",lower=""0.125"",upper=""0.25""",1)"
      "\r\n"
      R"(h_native_bucket,histogram,"p=""1"",lower=""1"",upper=""2""",1)"
      "\r\n"
      R"(h_native_bucket,histogram,"p=""1"",lower=""512"",upper=""1024""",1)"
      "\r\n"
      "b_info,info,,1\r\n";
  EXPECT_EQ(page_of(Format::kCsv, feed), expected);
}

TEST(InfluxPage, LineProtocol) {
  const std::string expected = R"(a_total,m=GET\,\ x\=y,p=C:\dir,q=say\ "hi"\n counter=41)"
                               "\n"
                               "a_total counter=0.1\n"
                               "g,v=ok gauge=-1.5\n"
                               "h,p=1 0.5=3,4=5,+Inf=6,sum=1000.5,count=6,"
                               "native_-1=1,native_zero=2,native_0.25=1,native_2=1,native_1024=1\n"
                               "b_info gauge=1\n";
  EXPECT_EQ(page_of(Format::kInflux, feed), expected);

  const std::string timed = page_of(Format::kInflux,
                                    [](PageWriter& page) {
                                      page.begin_family(family_of(MetricType::kUnknown, "u"));
                                      page.point("", {.value = 1});
                                    },
                                    {.time = 1'700'000'000'123});
  EXPECT_EQ(timed, "u value=1 1700000000123000000\n");
}

TEST(InfluxPage, ASumThatIsNoNumberIsLeftOut) {
  const std::vector<std::uint64_t> counts = {1};
  const std::string page = page_of(Format::kInflux, [&](PageWriter& writer) {
    writer.begin_family(family_of(MetricType::kHistogram, "h"));
    writer.histogram("", {.counts = counts, .count = 1, .sum = std::numeric_limits<double>::quiet_NaN()});
  });
  EXPECT_EQ(page, "h +Inf=1,count=1\n");
}

TEST(Textfile, IsReplacedWholeOrNotAtAll) {
  MemoryFileSystem files;
  ASSERT_TRUE(files.create_directories("/textfile").has_value());
  metrics::Registry registry;
  metrics::Counter<> runs{registry, "backup_runs_total", "Runs."};
  runs.inc();
  ASSERT_TRUE(write_textfile(registry, "/textfile/backup.prom", files).has_value());
  const std::string first = page_text(registry, Format::kText);
  EXPECT_EQ(files.read_file("/textfile/backup.prom").value(), first);
  runs.inc();
  ASSERT_TRUE(write_textfile(registry, "/textfile/backup.prom", files).has_value());
  EXPECT_EQ(files.read_file("/textfile/backup.prom").value(), page_text(registry, Format::kText));
  EXPECT_EQ(files.list("/textfile").value(), std::vector<std::string>{"backup.prom"});

  const std::string second = page_text(registry, Format::kText);
  runs.inc();
  files.set_capacity(second.size() + 10);
  EXPECT_FALSE(write_textfile(registry, "/textfile/backup.prom", files).has_value());
  files.recover();
  EXPECT_EQ(files.read_file("/textfile/backup.prom").value(), second);
  EXPECT_EQ(files.list("/textfile").value(), std::vector<std::string>{"backup.prom"});
}

}  // namespace
}  // namespace vigil::exposition
