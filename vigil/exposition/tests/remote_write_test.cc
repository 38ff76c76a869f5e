#include "vigil/exposition/remote_write.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <string>

#include "vigil/base/strings.h"

namespace vigil::exposition {
namespace {

using Event = WriteRequestReader::Event;

std::string describe(std::string_view request) {
  WriteRequestReader reader(request);
  std::string out;
  while (true) {
    switch (reader.next()) {
      case Event::kEnd: return out;
      case Event::kError: return out + "error " + reader.error().message();
      case Event::kMetadata:
        out += "metadata " + std::string(reader.metric_name()) + " " + std::string(to_string(reader.metadata().type)) +
               " " + reader.metadata().help + " " + reader.metadata().unit + "\n";
        break;
      case Event::kSeries: {
        const auto labels = decode_labels(reader.raw_labels());
        out += labels ? labels->to_string() : "bad labels: " + labels.error().message();
        for (const Sample& sample : reader.samples()) {
          out += " " + format_float(sample.value) + "@" + std::to_string(sample.timestamp);
        }
        for (const Exemplar& exemplar : reader.exemplars()) {
          out += " #" + exemplar.labels.to_string() + " " + format_float(exemplar.value) + "@" +
                 std::to_string(exemplar.timestamp);
        }
        for (const HistogramSample& sample : reader.histograms()) {
          out += " " + to_string(*sample.histogram) + "@" + std::to_string(sample.timestamp);
        }
        out += "\n";
      }
    }
  }
}

// Hand-made messages: bytes(field, content), so that no encoder of ours is trusted.
std::string bytes(int field, std::string_view content) {
  return std::string(1, static_cast<char>(field << 3 | 2)) + static_cast<char>(content.size()) + std::string(content);
}
std::string label(std::string_view name, std::string_view value) { return bytes(1, bytes(1, name) + bytes(2, value)); }
constexpr std::string_view kOne("\x00\x00\x00\x00\x00\x00\xf0\x3f", 8);
std::string sample_one(char timestamp) {
  return bytes(2, "\x09" + std::string(kOne) + "\x10" + std::string(1, timestamp));
}

TEST(WriteRequestReader, HandMadeBytes) {
  const std::string series = label("__name__", "m") + label("a", "b") + sample_one(5);
  const struct {
    const char* name;
    std::string request;
    const char* expected;
  } cases[] = {
      {"empty", "", ""},
      {"one series", bytes(1, series), "m{a=\"b\"} 1@5\n"},
      {"no labels", bytes(1, sample_one(1)), "{} 1@1\n"},
      {"two series", bytes(1, series) + bytes(1, label("x", "y") + sample_one(1) + sample_one(2)),
       "m{a=\"b\"} 1@5\n{x=\"y\"} 1@1 1@2\n"},
      {"labels after samples", bytes(1, sample_one(5) + label("a", "b")), "{a=\"b\"} 1@5\n"},
      {"labels apart", bytes(1, label("b", "2") + sample_one(5) + label("a", "1") + label("c", "3")),
       "{a=\"1\", b=\"2\", c=\"3\"} 1@5\n"},
      {"empty value", bytes(1, label("a", "") + label("b", "c")), "{b=\"c\"}\n"},
      {"zero values are left out", bytes(1, label("a", "b") + bytes(2, "")), "{a=\"b\"} 0@0\n"},
      {"negative timestamp", bytes(1, label("a", "b") + bytes(2, "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")),
       "{a=\"b\"} 0@-1\n"},
      {"unknown fields",
       "\x20\x05" + bytes(1, label("a", "b") + "\x4d" + "1234" + "\x51" + "12345678") + bytes(9, "xyz"), "{a=\"b\"}\n"},
      {"metadata", bytes(3, "\x08\x03" + bytes(2, "m_seconds") + bytes(4, "help") + bytes(5, "seconds")),
       "metadata m_seconds histogram help seconds\n"},
      {"unknown metadata type", bytes(3, "\x08\x63" + bytes(2, "m")), "metadata m unknown  \n"},
      {"exemplar", bytes(1, label("a", "b") + bytes(3, label("t", "x") + "\x11" + std::string(kOne) + "\x18\x07")),
       "{a=\"b\"} #{t=\"x\"} 1@7\n"},
      {"empty label name", bytes(1, label("", "b")), "bad labels: a label without a name\n"},
      {"label twice", bytes(1, label("a", "b") + label("a", "c")), "bad labels: label \"a\" is given twice\n"},
      {"not UTF-8", bytes(1, label("a", "\xff")), "bad labels: label \"a\" is not valid UTF-8\n"},
      {"cut in a length", "\x0a", "error write request, byte 0: malformed protobuf"},
      {"length beyond the end",
       "\x0a\x05"
       "abc",
       "error write request, byte 0: malformed protobuf"},
      {"huge length", std::string("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11),
       "error write request, byte 0: malformed protobuf"},
      {"endless varint", std::string("\x08") + std::string(20, '\xff'),
       "error write request, byte 0: malformed protobuf"},
      {"field number 0",
       "\x02\x01"
       "a",
       "error write request, byte 0: malformed protobuf"},
      {"a group", "\x0b\x0c", "error write request, byte 0: malformed protobuf"},
      {"series as a number", "\x08\x01", "error write request, byte 0: malformed protobuf"},
      {"second series is cut", bytes(1, series) + "\x0a\x7f",
       "m{a=\"b\"} 1@5\nerror write request, byte 38: malformed protobuf"},
      {"sample cut",
       bytes(1, label("a", "b") + bytes(2,
                                        "\x09"
                                        "1234")),
       "error write request, byte 10: malformed sample"},
      {"value as varint", bytes(1, bytes(2, "\x08\x01")), "error write request, byte 2: malformed sample"},
      {"label cut",
       bytes(1,
             "\x0a\x09"
             "a"),
       "error write request, byte 2: malformed time series"},
  };
  for (const auto& c : cases) EXPECT_EQ(describe(c.request), c.expected) << c.name;
}

TEST(WriteRequestReader, EqualBytesForHashing) {
  const std::string request = bytes(1, label("a", "b") + sample_one(1)) + bytes(1, label("a", "b") + sample_one(2));
  WriteRequestReader reader(request);
  ASSERT_EQ(reader.next(), Event::kSeries);
  const std::string first(reader.raw_labels());
  ASSERT_EQ(reader.next(), Event::kSeries);
  EXPECT_EQ(reader.raw_labels(), first);
  EXPECT_EQ(first, label("a", "b"));
}

TEST(WriteRequestReader, Histograms) {
  const auto span = [](int field, char offset, char length) {
    return bytes(field, std::string("\x08") + static_cast<char>(offset * 2) + "\x10" + length);
  };
  const struct {
    const char* name;
    std::string message;
    const char* expected;
  } cases[] = {
      {"integer, packed deltas",
       "\x08\x06\x19" + std::string(kOne) + "\x20\x02\x30\x01" + span(11, 0, 2) + bytes(12, "\x04\x02"),
       "{} {{schema:1 count:6 sum:1 z_bucket:1 buckets:[2 3]}}@0\n"},
      {"integer, single deltas", "\x08\x05" + span(11, 1, 2) + "\x60\x04\x60\x02\x78\x09",
       "{} {{count:5 offset:1 buckets:[2 3]}}@9\n"},
      {"float", "\x11" + std::string(kOne) + "\x39" + std::string(8, '\0') + span(8, 0, 1) + bytes(10, kOne),
       "{} {{count:1 n_buckets:[1]}}@0\n"},
      {"too few buckets", "\x08\x05" + span(11, 0, 9),
       "error write request, byte 2: histogram: its spans cover 9 buckets, but it has 0"},
      {"huge span", bytes(11, std::string("\x10\xff\xff\xff\xff\x0f")),
       "error write request, byte 2: histogram: its spans cover 4294967295 buckets, but it has 0"},
      {"negative count", "\x08\x05" + span(11, 0, 1) + bytes(12, "\x03"),
       "error write request, byte 2: histogram: a bucket has a negative count"},
      {"spans overlap", span(11, 0, 1) + bytes(11, std::string("\x08\x01\x10\x01", 4)) + bytes(12, "\x02\x02"),
       "error write request, byte 2: histogram: a span begins before the previous one ends"},
      {"unknown schema", "\x20\x12", "error write request, byte 2: histogram: schema 9 is not known"},
      {"unknown hint", "\x70\x09", "error write request, byte 2: histogram: unknown reset hint"},
  };
  for (const auto& c : cases) EXPECT_EQ(describe(bytes(1, bytes(4, c.message))), c.expected) << c.name;
}

NativeHistogram custom_histogram() {
  NativeHistogram h;
  h.schema = NativeHistogram::kCustomBucketsSchema;
  h.count = 3;
  h.sum = 7.5;
  h.custom_values = {1, 2.5, 10};
  h.positive_spans = {{0, 2}, {1, 1}};
  h.positive_buckets = {1, 1, 1};
  return h;
}

TEST(WriteRequest, RoundTrip) {
  NativeHistogram exponential;
  exponential.schema = 3;
  exponential.count = 10.5;
  exponential.sum = -4;
  exponential.zero_threshold = 1e-128;
  exponential.zero_count = 2;
  exponential.reset_hint = NativeHistogram::ResetHint::kGauge;
  exponential.positive_spans = {{-3, 2}, {5, 1}};
  exponential.positive_buckets = {1, 2, 3.5};
  exponential.negative_spans = {{0, 1}};
  exponential.negative_buckets = {2};
  NativeHistogram stale;
  stale.sum = stale_nan();

  const Labels labels{{"__name__", "m"}, {"a", "b"}, {"le", "+Inf"}};
  WriteRequestWriter writer;
  writer.begin_series(labels);
  writer.add(Sample{1700000000123, -1.25});
  writer.add(Sample{-5, stale_nan()});
  writer.add(Exemplar{Labels{{"trace_id", "x"}}, 0.5, 17, true});
  writer.add(1, exponential);
  writer.add(2, custom_histogram());
  writer.add(3, stale);
  writer.end_series();
  writer.add_metadata("m", {MetricType::kInfo, "help", "unit"});

  const auto request = snappy_decompress(snappy_compress(writer.bytes()), 1 << 20);
  ASSERT_TRUE(request);
  WriteRequestReader reader(*request);
  ASSERT_EQ(reader.next(), Event::kSeries) << reader.error().message();
  EXPECT_EQ(decode_labels(reader.raw_labels()), labels);
  ASSERT_EQ(reader.samples().size(), 2U);
  EXPECT_EQ(reader.samples()[0].timestamp, 1700000000123);
  EXPECT_EQ(reader.samples()[0].value, -1.25);
  EXPECT_TRUE(is_stale_nan(reader.samples()[1].value));
  ASSERT_EQ(reader.exemplars().size(), 1U);
  EXPECT_EQ(reader.exemplars()[0].timestamp, 17);
  ASSERT_EQ(reader.histograms().size(), 3U);
  EXPECT_EQ(*reader.histograms()[0].histogram, exponential);
  EXPECT_EQ(*reader.histograms()[1].histogram, custom_histogram());
  EXPECT_EQ(reader.histograms()[1].timestamp, 2);
  EXPECT_TRUE(is_stale_nan(reader.histograms()[2].histogram->sum));
  ASSERT_EQ(reader.next(), Event::kMetadata);
  EXPECT_EQ(reader.metric_name(), "m");
  EXPECT_EQ(reader.metadata(), (MetricMetadata{MetricType::kInfo, "help", "unit"}));
  EXPECT_EQ(reader.next(), Event::kEnd);
  EXPECT_EQ(reader.next(), Event::kEnd);
}

TEST(WriteRequest, RefusesImpossibleCustomBuckets) {
  const auto refused = [](NativeHistogram histogram) {
    WriteRequestWriter writer;
    writer.begin_series({});
    writer.add(1, histogram);
    writer.end_series();
    return WriteRequestReader(writer.bytes()).next() == Event::kError;
  };
  EXPECT_FALSE(refused(custom_histogram()));
  NativeHistogram h = custom_histogram();
  h.custom_values = {1, 1, 2};
  EXPECT_TRUE(refused(h));
  h = custom_histogram();
  h.custom_values = {1, NAN, 2};
  EXPECT_TRUE(refused(h));
  h = custom_histogram();
  h.custom_values = {1, 2};
  EXPECT_TRUE(refused(h));
  h = custom_histogram();
  h.zero_count = 1;
  EXPECT_TRUE(refused(h));
  h = custom_histogram();
  h.schema = 0;
  EXPECT_TRUE(refused(h));
}

TEST(Snappy, Limits) {
  const std::string block = snappy_compress(std::string(1000, 'x'));
  EXPECT_EQ(snappy_decompress(block, 1000), std::string(1000, 'x'));
  EXPECT_EQ(snappy_decompress(block, 999).error().code(), ErrorCode::kLimitExceeded);
  EXPECT_EQ(snappy_decompress("", 1000).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(snappy_decompress(block.substr(0, block.size() - 1), 1000).error().code(), ErrorCode::kInvalidArgument);
  // A header of 4 GiB - 1 with nothing behind it costs no memory.
  EXPECT_EQ(snappy_decompress("\xff\xff\xff\xff\x0f", std::uint64_t{1} << 40).error().code(),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(snappy_decompress(snappy_compress(""), 0), "");
}

RC_GTEST_PROP(WriteRequest, AnyBytesNeverCrash, (const std::string& bytes)) {
  describe(bytes);
  static_cast<void>(snappy_decompress(bytes, 1 << 16));
}

RC_GTEST_PROP(WriteRequest, AnyDamageNeverCrashes, (std::size_t at, char to)) {
  WriteRequestWriter writer;
  writer.begin_series({{"__name__", "m"}, {"a", "b"}});
  writer.add(Sample{1, 2});
  writer.add(1, custom_histogram());
  writer.end_series();
  std::string damaged = writer.bytes();
  damaged[at % damaged.size()] = to;
  describe(damaged);
}

}  // namespace
}  // namespace vigil::exposition
