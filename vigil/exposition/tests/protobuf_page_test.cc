// Protobuf pages: bytes on the wire, reading, and that one undoes the other.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "vigil/base/strings.h"
#include "vigil/exposition/metric_family.h"
#include "vigil/exposition/number.h"
#include "vigil/exposition/page_parser.h"
#include "vigil/exposition/protobuf_wire.h"
#include "vigil/exposition/series_parser.h"
#include "vigil/exposition/tests/pages.h"

namespace vigil::exposition {
namespace {

using internal::WireType;
using internal::WireWriter;
namespace proto = internal::proto;

// A page as lines: metadata, samples with canonical labels, histograms, exemplars.
std::string read(std::string_view page, NativeHistograms native = NativeHistograms::kIgnore) {
  std::string out;
  PageParser parser(page, Format::kProtobuf, native);
  SeriesParser series;
  const auto exemplar = [](const ExemplarView& e) {
    return " # " + parse_exemplar_labels(e.labels)->to_string() + " " + format_float(e.value) +
           (e.has_timestamp ? " @" + std::to_string(e.timestamp) : "");
  };
  while (true) {
    switch (parser.next()) {
      case PageParser::Event::kEnd: return out;
      case PageParser::Event::kError: return out + "error: " + parser.error().message() + "\n";
      case PageParser::Event::kHelp:
        out += "help " + unquote_name(parser.metadata().name) + " " +
               unescape_help(parser.metadata().text, Format::kProtobuf) + "\n";
        break;
      case PageParser::Event::kType:
        out += "type " + unquote_name(parser.metadata().name) + " " + std::string(to_string(parser.metadata().type)) +
               "\n";
        break;
      case PageParser::Event::kUnit:
        out += "unit " + unquote_name(parser.metadata().name) + " " + std::string(parser.metadata().text) + "\n";
        break;
      case PageParser::Event::kSample: {
        const SampleView& sample = parser.sample();
        if (const auto parsed = series.parse(sample.series, SeriesParser::Mode::kStrict); !parsed) {
          return out + parser.error_at(sample.series.data(), parsed.error().message()).message() + "\n";
        }
        out += series.build().to_string() + " ";
        out += sample.histogram != nullptr ? to_string(*sample.histogram) : format_float(sample.value);
        if (sample.has_timestamp) out += " @" + std::to_string(sample.timestamp);
        if (sample.has_exemplar) out += exemplar(sample.exemplar);
        for (const ExemplarView& each : sample.histogram_exemplars) out += exemplar(each);
        out += "\n";
        break;
      }
    }
  }
}

std::string delimited(std::string_view message) {
  std::string out;
  WireWriter(out).varint(message.size());
  return out.append(message);
}

// A message from a function that fills it.
template <class Fill>
std::string message(Fill fill) {
  std::string out;
  fill(WireWriter(out));
  return out;
}

std::string family(std::string_view name, proto::Type type, std::initializer_list<std::string> metrics) {
  return delimited(message([&](WireWriter w) {
    w.bytes(proto::family::kName, name);
    w.number(proto::family::kType, static_cast<std::uint64_t>(type));
    for (const std::string& metric : metrics) w.bytes(proto::family::kMetric, metric);
  }));
}

std::string label(std::string_view name, std::string_view value) {
  return message([&](WireWriter w) {
    w.bytes(proto::label::kName, name);
    w.bytes(proto::label::kValue, value);
  });
}

TEST(ProtobufPage, BytesOfACounter) {
  const std::string page = page_of(Format::kProtobuf, [](PageWriter& writer) {
    writer.begin_family(family_of(MetricType::kCounter, "a_total", {}, "A.", "s"));
    writer.point(R"(b="c\"d")", {.value = 0, .created = 1'500, .exemplar = nullptr});
    writer.end_family();
  });
  using namespace std::string_literals;
  const std::string label = "\x0a\x08\x0a\x01"s + "b" + "\x12\x03"s + "c\"d";
  const std::string value = "\x09\0\0\0\0\0\0\0\0"s;                        // 0 is written
  const std::string created = "\x1a\x08\x08\x01\x10\x80\xca\xb5\xee\x01"s;  // 1 s and 500,000,000 ns
  const std::string metric = label + "\x1a\x13"s + value + created;
  const std::string expected = "\x31\x0a\x07"s + "a_total" + "\x12\x02"s + "A." +  // length, name, help; type 0 is not
                               "\x2a\x01"s + "s" + "\x22\x1f"s + metric;           // unit, metric
  EXPECT_EQ(page, expected) << testing::PrintToString(page);
}

TEST(ProtobufPage, WriterToParser) {
  const RichHistogram rich;
  const metrics::ExemplarView exemplar{.labels = R"(trace_id="4b")", .value = 0.5, .time = 1'700'000'000'250};
  const std::string page = page_of(Format::kProtobuf, [&](PageWriter& writer) {
    writer.begin_family(family_of(MetricType::kCounter, "a_total", {}, "Say \"a\",\n\\ twice.", "a"));
    writer.point(R"(m="x\\y\"\n")", {.value = 41, .created = 5, .exemplar = &exemplar});
    writer.point("", {.value = 0.1});
    writer.end_family();
    writer.begin_family(family_of(MetricType::kInfo, "b_info"));
    writer.point("", {.value = 1});
    writer.end_family();
    writer.begin_family(family_of(MetricType::kUnknown, "u"));
    writer.point("", {.value = -std::numeric_limits<double>::infinity()});
    writer.end_family();
    writer.begin_family(family_of(MetricType::kHistogram, "h", rich.bounds));
    writer.histogram("p=\"1\"", rich.view);
    writer.end_family();
  });
  const std::string others = R"(help a_total Say "a",
\ twice.
type a_total counter
unit a_total a
a_total{m="x\\y\"\n"} 41 # {trace_id="4b"} 0.5 @1700000000250
a_total 0.1
type b_info gauge
b_info 1
type u unknown
u -Inf
type h histogram
)";
  const std::string classic = R"(h_count{p="1"} 6
h_sum{p="1"} 1000.5
h_bucket{le="0.5", p="1"} 3 # {trace_id="a\"b"} 0.25 @1700000000123
h_bucket{le="4.0", p="1"} 5 # {trace_id="new"} 3 @1700000001000
h_bucket{le="+Inf", p="1"} 6
)";
  const std::string native =
      R"(h{p="1"} {{count:6 sum:1000.5 z_bucket:2 z_bucket_w:0.001 offset:-2 buckets:[1 0 0 1 0 0 0 0 0 0 0 0 1] n_buckets:[1]}})"
      R"( # {trace_id="a\"b"} 0.25 @1700000000123 # {trace_id="old"} 1 @1700000000000 # {trace_id="new"} 3 @1700000001000)"
      "\n";
  EXPECT_EQ(read(page), others + classic);
  EXPECT_EQ(read(page, NativeHistograms::kPrefer), others + native);
  EXPECT_EQ(read(page, NativeHistograms::kBoth), others + native + classic);
}

TEST(ProtobufPage, AnEmptyNativeHistogramIsTold) {
  const std::vector<std::uint64_t> counts = {0};
  metrics::NativeHistogramView native;
  native.schema = 3;
  const std::string page = page_of(Format::kProtobuf, [&](PageWriter& writer) {
    writer.begin_family(family_of(MetricType::kHistogram, "h"));
    writer.histogram("", {.counts = counts, .count = 0, .sum = 0, .native = &native});
  });
  EXPECT_EQ(read(page, NativeHistograms::kPrefer), "type h histogram\nh {{schema:3}}\n");
  EXPECT_EQ(read(page), "type h histogram\nh_count 0\nh_sum 0\nh_bucket{le=\"+Inf\"} 0\n");
}

TEST(ProtobufPage, ClassicExemplarsServeNativeHistograms) {
  const std::string exemplar = message([](WireWriter w) { w.real(proto::exemplar::kValue, 0.5); });
  const std::string bucket = message([&](WireWriter w) {
    w.number(proto::bucket::kCount, 1);
    w.real(proto::bucket::kUpperBound, 1);
    w.bytes(proto::bucket::kExemplar, exemplar);
  });
  const std::string metric = message([&](WireWriter w) {
    w.bytes(proto::metric::kHistogram, message([&](WireWriter h) {
              h.number(proto::histogram::kCount, 1);
              h.number(proto::histogram::kZeroCount, 1);
              h.bytes(proto::histogram::kBucket, bucket);
            }));
  });
  EXPECT_EQ(read(family("h", proto::Type::kHistogram, {metric}), NativeHistograms::kPrefer),
            "type h histogram\nh {{count:1 z_bucket:1}} # {} 0.5\n");
}

// A family larger than the limit goes on in further messages; nothing is lost or doubled.
TEST(ProtobufPage, LargeFamiliesAreSplit) {
  const auto feed = [](PageWriter& writer) {
    writer.begin_family(family_of(MetricType::kGauge, "g", {}, "G."));
    for (int i = 0; i < 1000; ++i) writer.point("i=\"" + std::to_string(i) + "\"", {.value = double(i)});
    writer.end_family();
    writer.begin_family(family_of(MetricType::kGauge, "g2"));
    writer.point("", {.value = 1});
    writer.end_family();
  };
  const std::string whole = page_of(Format::kProtobuf, feed, {.family_bytes = 0});
  const std::string split = page_of(Format::kProtobuf, feed, {.family_bytes = 4096});
  EXPECT_GT(split.size(), whole.size());
  std::size_t heads = 0;
  const auto samples = [&heads](const std::string& page) {
    std::string out;
    std::istringstream lines(read(page));
    heads = 0;
    for (std::string line; std::getline(lines, line);) {
      if (line == "type g gauge") ++heads;
      if (!line.starts_with("type ") && !line.starts_with("help ")) out += line + "\n";
    }
    return out;
  };
  const std::string expected = samples(whole);
  EXPECT_EQ(heads, 1U);
  EXPECT_EQ(samples(split), expected);
  EXPECT_GT(heads, 5U);
}

TEST(ProtobufPage, WhatOthersWrite) {
  const std::string quantile = message([](WireWriter w) {
    w.real(proto::quantile::kQuantile, 0.5);
    w.real(proto::quantile::kValue, 7);
  });
  const std::string summary = message([&](WireWriter w) {
    w.bytes(proto::metric::kLabel, label("a", "b"));
    w.bytes(proto::metric::kSummary, message([&](WireWriter s) {
              s.number(proto::summary::kCount, 3);
              s.real(proto::summary::kSum, 21);
              s.bytes(proto::summary::kQuantile, quantile);
            }));
    w.number(proto::metric::kTimestampMs, 1234);
  });
  const std::string odd_names = message([&](WireWriter w) {
    w.bytes(proto::metric::kLabel, label("k8s.pod", "x"));
    w.bytes(proto::metric::kGauge, message([](WireWriter g) { g.real(proto::value::kValue, 2); }));
    w.bytes(99, "a field of the future");
  });
  const std::string float_histogram = message([&](WireWriter w) {
    w.bytes(proto::metric::kHistogram, message([&](WireWriter h) {
              h.real(proto::histogram::kCountFloat, 2.5);
              h.real(proto::histogram::kSum, std::numeric_limits<double>::quiet_NaN());
              h.sint(proto::histogram::kSchema, -1);
              h.real(proto::histogram::kZeroCountFloat, 0.5);
              h.bytes(proto::histogram::kPositiveSpan, message([](WireWriter s) {
                        s.sint(proto::span::kOffset, -3);
                        s.number(proto::span::kLength, 2);
                      }));
              h.bytes(proto::histogram::kPositiveCount, message([](WireWriter p) {
                        p.fixed(1.5);
                        p.fixed(0.5);
                      }));
            }));
  });
  const struct {
    const char* name;
    std::string page;
    const char* expected;
  } cases[] = {
      {"nothing", "", ""},
      {"a family without metrics", family("a", proto::Type::kGauge, {}), "type a gauge\n"},
      {"summary with a timestamp", family("s", proto::Type::kSummary, {summary}),
       "type s summary\ns_count{a=\"b\"} 3 @1234\ns_sum{a=\"b\"} 21 @1234\n"
       "s{a=\"b\", quantile=\"0.5\"} 7 @1234\n"},
      {"UTF-8 names and unknown fields", family("my \"metric\"", proto::Type::kGauge, {odd_names}),
       "type my \"metric\" gauge\n{\"my \\\"metric\\\"\", \"k8s.pod\"=\"x\"} 2\n"},
      {"float gauge histogram", family("h", proto::Type::kGaugeHistogram, {float_histogram}),
       "type h gaugehistogram\n"
       "h {{schema:-1 count:2.5 sum:NaN z_bucket:0.5 counter_reset_hint:gauge offset:-3 buckets:[1.5 0.5]}}\n"},
  };
  for (const auto& c : cases) EXPECT_EQ(read(c.page, NativeHistograms::kPrefer), c.expected) << c.name;
}

TEST(ProtobufPage, BadPagesSayWhere) {
  const auto metric = [](std::uint32_t field, std::string_view value) {
    return message([&](WireWriter w) { w.bytes(field, value); });
  };
  const auto histogram = [&](auto fill) { return metric(proto::metric::kHistogram, message(fill)); };
  const std::string gauge = metric(proto::metric::kGauge, "");
  const std::string good = family("good", proto::Type::kGauge, {gauge});
  const auto with_label = [&](std::string_view name, std::string_view value) {
    return family("a", proto::Type::kGauge, {message([&](WireWriter w) {
                    w.bytes(proto::metric::kLabel, label(name, value));
                    w.bytes(proto::metric::kGauge, "");
                  })});
  };
  const struct {
    const char* name;
    std::string page;
    const char* expected;  // a part of the error
  } cases[] = {
      {"length without end", "\xff\xff", "byte 0: malformed length of a metric family"},
      {"cut off", good.substr(0, good.size() - 1), "byte 0: the page is cut off: a metric family of"},
      {"second is cut off", good + "\x7fx", "byte 13: the page is cut off: a metric family of 127 bytes with 1 left"},
      {"text instead", "# HELP a b\n", "the page is cut off: a metric family of 35 bytes with 10 left"},
      {"no name", delimited(""), "a metric family without a name"},
      {"name not UTF-8", family("\xff", proto::Type::kGauge, {gauge}), "name is not valid UTF-8"},
      {"type of the future", family("a", static_cast<proto::Type>(6), {}), "unknown metric type 6"},
      {"other value", family("a", proto::Type::kCounter, {gauge}),
       "a metric without a value of its type, counter in metric family \"a\""},
      {"group", delimited("\x0b"), "malformed metric family"},
      {"label name not UTF-8", with_label("\xff", ""), "invalid UTF-8"},
      {"label without a name", with_label("", "x"), "empty name"},
      {"reserved label", with_label("__name__", "x"), "\"__name__\" is reserved"},
      {"value of another wire type", family("a", proto::Type::kGauge, {metric(proto::metric::kGauge, "\x08\x01")}),
       "malformed value"},
      {"schema", family("a", proto::Type::kHistogram, {histogram([](WireWriter w) {
                          w.sint(proto::histogram::kSchema, 9);
                          w.number(proto::histogram::kZeroCount, 1);
                        })}),
       "schema 9 is not known"},
      {"spans without buckets", family("a", proto::Type::kHistogram, {histogram([](WireWriter w) {
                                         w.bytes(proto::histogram::kPositiveSpan, "\x10\x05");
                                       })}),
       "its spans cover 5 buckets, but it has 0"},
      {"falling below zero", family("a", proto::Type::kHistogram, {histogram([](WireWriter w) {
                                      w.bytes(proto::histogram::kNegativeSpan, "\x10\x01");
                                      w.sint(proto::histogram::kNegativeDelta, -1);
                                    })}),
       "a bucket has a negative count"},
      {"exemplar of the year 12000",
       family("a", proto::Type::kCounter, {metric(proto::metric::kCounter, message([](WireWriter w) {
                                                    w.bytes(proto::value::kExemplar, message([](WireWriter e) {
                                                              e.bytes(proto::exemplar::kTime, message([](WireWriter t) {
                                                                        t.number(proto::timestamp::kSeconds,
                                                                                 316'000'000'000);
                                                                      }));
                                                            }));
                                                  }))}),
       "malformed exemplar"},
  };
  for (const auto& c : cases) {
    const std::string text = read(c.page, NativeHistograms::kPrefer);
    EXPECT_NE(text.find(c.expected), std::string::npos) << c.name << ":\n" << text;
  }
}

// Any native histogram comes back as it was.
RC_GTEST_PROP(ProtobufPage, NativeHistogramsRoundTrip, ()) {
  using Bucket = metrics::NativeHistogramView::Bucket;
  const auto side = [] {
    std::vector<Bucket> buckets;
    std::int32_t index = *rc::gen::inRange(-200, 200);
    const int size = *rc::gen::inRange(0, 20);
    for (int i = 0; i < size; ++i) {
      buckets.push_back({index, *rc::gen::inRange<std::uint64_t>(1, std::uint64_t{1} << 50)});
      index += *rc::gen::inRange(1, 6);
    }
    return buckets;
  };
  const std::vector<Bucket> positive = side();
  const std::vector<Bucket> negative = side();
  metrics::NativeHistogramView native{.schema = *rc::gen::inRange(-4, 9),
                                      .zero_threshold = *rc::gen::inRange(0, 3) * 0.25,
                                      .zero_count = *rc::gen::inRange<std::uint64_t>(0, 100),
                                      .positive = positive,
                                      .negative = negative};
  const std::vector<std::uint64_t> counts = {1000};
  const std::string page = page_of(Format::kProtobuf, [&](PageWriter& writer) {
    writer.begin_family(family_of(MetricType::kHistogram, "h"));
    writer.histogram("a=\"b\"", {.counts = counts, .count = 1000, .sum = 1.5, .native = &native});
  });
  PageParser parser(page, Format::kProtobuf, NativeHistograms::kPrefer);
  RC_ASSERT(parser.next() == PageParser::Event::kType);
  RC_ASSERT(parser.next() == PageParser::Event::kSample);
  RC_ASSERT(parser.sample().histogram != nullptr);
  const NativeHistogram& read = *parser.sample().histogram;
  RC_ASSERT(read.schema == native.schema);
  RC_ASSERT(read.zero_threshold == native.zero_threshold);
  RC_ASSERT(read.zero_count == static_cast<double>(native.zero_count));
  RC_ASSERT(read.count == 1000.0);
  RC_ASSERT(read.sum == 1.5);
  const auto buckets = [](const std::vector<NativeHistogram::Span>& spans, const std::vector<double>& values) {
    std::vector<std::pair<std::int32_t, double>> out;
    std::int32_t index = 0;
    std::size_t at = 0;
    for (const auto& span : spans) {
      index += span.offset;
      for (std::uint32_t i = 0; i < span.length; ++i, ++index) {
        if (values[at] != 0) out.emplace_back(index, values[at]);
        ++at;
      }
    }
    return out;
  };
  const auto expected = [](const std::vector<Bucket>& from) {
    std::vector<std::pair<std::int32_t, double>> out;
    for (const Bucket& b : from) out.emplace_back(b.index, static_cast<double>(b.count));
    return out;
  };
  RC_ASSERT(buckets(read.positive_spans, read.positive_buckets) == expected(positive));
  RC_ASSERT(buckets(read.negative_spans, read.negative_buckets) == expected(negative));
  RC_ASSERT(parser.next() == PageParser::Event::kEnd);
}

// Any labels and values come back as they were.
RC_GTEST_PROP(ProtobufPage, CountersRoundTrip, (const std::vector<std::string>& values, double value)) {
  std::string labels;
  std::vector<std::string> expected;
  for (const std::string& text : values) {
    if (!is_valid_utf8(text)) continue;
    metrics::append_label(labels, "l" + std::to_string(1000 + expected.size()), text);
    expected.push_back(text);
  }
  const std::string page = page_of(Format::kProtobuf, [&](PageWriter& writer) {
    writer.begin_family(family_of(MetricType::kCounter, "a_total"));
    writer.point(labels, {.value = value});
  });
  PageParser parser(page, Format::kProtobuf);
  RC_ASSERT(parser.next() == PageParser::Event::kType);
  RC_ASSERT(parser.next() == PageParser::Event::kSample);
  RC_ASSERT(parser.sample().value == value);
  SeriesParser series;
  RC_ASSERT(series.parse(parser.sample().series).has_value());
  std::vector<std::string> found;
  for (const LabelView& each : series.labels()) {
    if (each.name != "__name__") found.emplace_back(each.value);
  }
  RC_ASSERT(found == expected);
}

}  // namespace
}  // namespace vigil::exposition
