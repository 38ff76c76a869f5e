#include "vigil/storage/chunk/chunk.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <bit>
#include <cmath>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>

#include "vigil/model/sample.h"
#include "vigil/storage/chunk/bit_packing.h"
#include "vigil/storage/chunk/value_column.h"
#include "vigil/storage/tests/fleet.h"

namespace vigil::storage {
namespace {

std::vector<std::uint64_t> bits_of(const std::vector<double>& values) {
  std::vector<std::uint64_t> bits;
  for (const double value : values) bits.push_back(std::bit_cast<std::uint64_t>(value));
  return bits;
}

// Encodes, decodes, compares to the bit; returns the size.
std::size_t round_trip(const std::vector<Timestamp>& times, const std::vector<double>& values) {
  std::string chunk;
  encode_float_chunk(times, values, chunk);
  SampleColumns out;
  const auto done = decode_chunk(chunk, kMinTimestamp, kMaxTimestamp, out);
  EXPECT_TRUE(done) << done.error().message();
  EXPECT_EQ(out.timestamps, times);
  EXPECT_EQ(bits_of(out.values), bits_of(values));
  return chunk.size();
}

std::vector<Timestamp> regular(std::size_t count) {
  std::vector<Timestamp> times;
  for (std::size_t i = 0; i < count; ++i) times.push_back(1'700'000'000'123 + static_cast<Timestamp>(i) * 15000);
  return times;
}

TEST(Chunk, SizesOfTypicalSeries) {
  struct Case {
    const char* name;
    double (*value)(int);
    double max_bytes_per_sample;
  };
  const Case cases[] = {
      {"constant", [](int) { return 42.5; }, 0.15},
      {"steady counter", [](int i) { return 1e9 + i * 15.0; }, 0.15},
      {"noisy counter", [](int i) { return i * 100.0 + (i * 7919) % 50; }, 1.2},
      {"rare increments", [](int i) { return std::floor(i / 40.0); }, 0.25},
      {"tenths", [](int i) { return std::round(std::sin(i * 0.1) * 300) / 10; }, 1.3},
      {"full mantissa", [](int i) { return std::sin(i * 0.01) + 2; }, 7.0},
      {"stale at the end", [](int i) { return i == 255 ? stale_nan() : i * 3.0; }, 0.25},
      {"all NaN payloads",
       [](int i) { return std::bit_cast<double>(0x7ff8000000000000ULL + static_cast<unsigned>(i)); }, 2.5},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    std::vector<double> values;
    for (int i = 0; i < 256; ++i) values.push_back(c.value(i));
    EXPECT_LE(static_cast<double>(round_trip(regular(256), values)) / 256, c.max_bytes_per_sample);
  }
}

TEST(Chunk, SpecialValuesAreBitExact) {
  const double inf = std::numeric_limits<double>::infinity();
  const double specials[] = {0.0,
                             -0.0,
                             inf,
                             -inf,
                             normal_nan(),
                             stale_nan(),
                             -stale_nan(),
                             std::bit_cast<double>(0xfff0deadbeef1234ULL),
                             std::numeric_limits<double>::denorm_min(),
                             std::numeric_limits<double>::max(),
                             std::numeric_limits<double>::lowest(),
                             9007199254740993.0,
                             -9007199254740992.0,
                             0.1,
                             1.0 / 3,
                             1e-12,
                             123456789.123,
                             1e22};
  for (const double special : specials) {
    for (const std::size_t at : {std::size_t{0}, std::size_t{1}, std::size_t{17}, std::size_t{99}}) {
      for (const double rest : {5.0, 0.25, 1.0 / 7}) {
        std::vector<double> values(100, rest);
        for (std::size_t i = 0; i < values.size(); i += 3) values[i] += static_cast<double>(i);
        values[at] = special;
        round_trip(regular(100), values);
      }
    }
    round_trip(regular(1), {special});
  }
  std::vector<double> mixed(std::begin(specials), std::end(specials));
  round_trip(regular(mixed.size()), mixed);
}

TEST(Chunk, TimestampsOfAnyShape) {
  struct Case {
    const char* name;
    std::vector<Timestamp> times;
  };
  std::vector<Timestamp> jitter = regular(240);
  for (std::size_t i = 0; i < jitter.size(); i += 13) jitter[i] += static_cast<Timestamp>(i % 9);
  std::vector<Timestamp> first_off = regular(240);
  first_off[0] += 5;
  std::vector<Timestamp> gap = regular(240);
  for (std::size_t i = 100; i < gap.size(); ++i) gap[i] += 15000 * 37 + (i == 150 ? 4 : 0);
  std::vector<Timestamp> irregular;
  for (int i = 0; i < 200; ++i) irregular.push_back(i * 1000 + (i * i) % 700);
  const Case cases[] = {
      {"one", {5}},
      {"two", {-7, 5}},
      {"extremes", {kMinTimestamp, -1, 0, kMaxTimestamp}},
      {"jitter", jitter},
      {"first off", first_off},
      {"gap", gap},
      {"irregular", irregular},
      {"negative", {-3000, -2000, -1000, 0, 1000}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    round_trip(c.times, std::vector<double>(c.times.size(), 1));
  }
}

TEST(Chunk, CutsToTheRange) {
  std::string chunk;
  std::vector<double> values(100);
  for (std::size_t i = 0; i < 100; ++i) values[i] = static_cast<double>(i);
  const auto times = regular(100);
  encode_float_chunk(times, values, chunk);
  for (const auto& [low, high] : {std::pair<int, int>{0, 99}, {10, 20}, {0, 0}, {99, 99}, {50, 49}}) {
    SampleColumns out;
    out.timestamps = {1};
    out.values = {1};
    ASSERT_TRUE(decode_chunk(chunk, times[static_cast<std::size_t>(low)] - (low == high ? 0 : 7499),
                             times[static_cast<std::size_t>(high)], out));
    const int expected = std::max(0, high - low + 1);
    ASSERT_EQ(out.size(), static_cast<std::size_t>(expected + 1));
    ASSERT_EQ(out.values.size(), out.size());
    if (expected > 0) {
      EXPECT_EQ(out.values[1], low);
    }
  }
}

TEST(Chunk, PropertyAnyFloatsAndTimes) {
  EXPECT_TRUE(rc::check("float chunks", [] {
    const auto raw =
        *rc::gen::nonEmpty(rc::gen::container<std::vector<std::uint64_t>>(rc::gen::arbitrary<std::uint64_t>()));
    const auto shape = *rc::gen::inRange(0, 4);
    std::vector<Timestamp> times;
    std::vector<double> values;
    Timestamp now = static_cast<Timestamp>(raw[0] % (1ULL << 41));
    for (const std::uint64_t bits : raw) {
      now += 1 + static_cast<Timestamp>(bits % (shape == 0 ? 2 : 100000));
      times.push_back(now);
      values.push_back(shape == 1   ? static_cast<double>(bits % 1000)
                       : shape == 2 ? static_cast<double>(bits % 1000) / 100
                                    : std::bit_cast<double>(bits));
    }
    if (times.size() > kMaxChunkSamples) return;
    round_trip(times, values);
  }));
}

TEST(Chunk, PropertyAnyIntegers) {
  EXPECT_TRUE(rc::check("int columns", [](const std::vector<std::int64_t>& tail, std::int64_t head) {
    std::vector<std::int64_t> values = tail;
    values.push_back(head);
    std::string out;
    encode_int_column(values, out);
    ByteReader in(out);
    std::vector<std::int64_t> back(values.size());
    RC_ASSERT(decode_int_column(in, back).has_value());
    RC_ASSERT(in.done());
    RC_ASSERT(back == values);
  }));
}

TEST(BitPacking, EveryWidth) {
  std::mt19937_64 random(3);
  for (unsigned width = 0; width <= 64; ++width) {
    for (const std::size_t count : {1U, 7U, 64U, 65U, 256U, 257U}) {
      std::vector<std::uint64_t> values(count);
      for (auto& v : values) v = width == 0 ? 0 : random() >> (64 - width);
      std::string packed;
      pack_bits(values.data(), count, width, packed);
      ASSERT_EQ(packed.size(), packed_bytes(count, width));
      std::vector<std::uint64_t> exact(count);
      const std::vector<char> tight(packed.begin(), packed.end());  // no byte behind: address sanitizer looks
      unpack_bits(tight.data(), tight.size(), count, width, exact.data());
      EXPECT_EQ(exact, values) << width;
      packed.append(16, '\xff');
      unpack_bits(packed.data(), packed.size(), count, width, exact.data());
      EXPECT_EQ(exact, values) << width;
    }
  }
}

NativeHistogram histogram(int i) {
  NativeHistogram h;
  h.schema = i < 30 ? 3 : 2;
  h.zero_threshold = 1e-128;
  h.zero_count = i;
  h.count = 10.0 * i;
  h.sum = i == 50 ? stale_nan() : i / 3.0;
  h.positive_spans = {{-2, 3}, {4, 1}};
  h.positive_buckets = {double(i), 2.0 * i, 3, 0.5};
  h.negative_spans = {{0, 1}};
  h.negative_buckets = {i * 1.5};
  if (i > 40) {
    h.schema = NativeHistogram::kCustomBucketsSchema;
    h.custom_values = {1, 2.5, 5};
    h.reset_hint = NativeHistogram::ResetHint::kGauge;
  }
  return h;
}

TEST(Chunk, HistogramsComeBackAsTheyWere) {
  std::vector<HistogramPtr> histograms;
  for (int i = 0; i < 64; ++i) histograms.push_back(std::make_shared<NativeHistogram>(histogram(i)));
  std::string chunk;
  encode_histogram_chunk(regular(64), histograms, chunk);
  SampleColumns out;
  ASSERT_TRUE(decode_chunk(chunk, regular(64)[10], kMaxTimestamp, out));
  ASSERT_EQ(out.histograms.size(), 54U);
  for (std::size_t i = 0; i < 54; ++i) {
    EXPECT_EQ(out.histograms[i].first, i);
    if (i == 40) {
      EXPECT_TRUE(is_stale_nan(out.histograms[i].second->sum));
    } else {
      EXPECT_EQ(*out.histograms[i].second, *histograms[i + 10]) << i;
    }
  }
}

TEST(Chunk, DamageIsAnErrorNeverMore) {
  std::mt19937 random(5);
  std::vector<std::string> good(3);
  std::vector<double> values;
  for (int i = 0; i < 200; ++i) values.push_back(i % 17 == 0 ? 0.3 * i : i * 5.0);
  encode_float_chunk(regular(200), values, good[0]);
  for (double& v : values) v = std::sin(v);
  encode_float_chunk(regular(200), values, good[1]);
  std::vector<HistogramPtr> histograms;
  for (int i = 0; i < 20; ++i) histograms.push_back(std::make_shared<NativeHistogram>(histogram(i)));
  encode_histogram_chunk(regular(20), histograms, good[2]);
  for (int round = 0; round < 6000; ++round) {
    std::string bytes = good[static_cast<std::size_t>(round % 3)];
    if (round % 2 == 0) bytes.resize(random() % bytes.size());
    for (unsigned k = random() % 3; k > 0 && !bytes.empty(); --k)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    SampleColumns out;
    const auto done = decode_chunk(bytes, kMinTimestamp, kMaxTimestamp, out);
    if (!done) {
      EXPECT_EQ(done.error().code(), ErrorCode::kCorruption);
    }
    EXPECT_EQ(out.timestamps.size(), out.values.size());
    EXPECT_LE(out.size(), kMaxChunkSamples);
  }
}

// The bytes are a contract: docs/formats/chunk.md.
TEST(Chunk, GoldenBytes) {
  std::string bytes;
  encode_float_chunk(std::vector<Timestamp>{1000, 2000, 3000, 4000, 5003}, std::vector<double>{1, 3, 4.5, 6, 8}, bytes);
  encode_float_chunk(std::vector<Timestamp>{1, 5, 6}, std::vector<double>{0.1, 1.0 / 3, stale_nan()}, bytes);
  std::string hex;
  for (const char c : bytes) {
    char text[3];
    std::snprintf(text, sizeof text, "%02x", static_cast<unsigned char>(c));
    hex += text;
  }
  std::ifstream golden(std::string(VIGIL_TESTDATA) + "/chunk.hex");
  std::stringstream content;
  content << golden.rdbuf();
  std::string expected = content.str();
  std::erase_if(expected, [](char c) { return c == '\n' || c == ' '; });
  EXPECT_EQ(hex, expected);
}

TEST(Chunk, FleetDataTakeLessThanTwoBytesPerSample) {
  FleetNode node(1, 1'700'000'000'000);
  std::vector<Timestamp> times;
  std::vector<std::vector<double>> columns(node.series.size());
  for (std::size_t i = 0; i < kChunkSamples; ++i) {
    times.push_back(node.advance());
    for (std::size_t s = 0; s < columns.size(); ++s) columns[s].push_back(node.values[s]);
  }
  std::size_t bytes = 0;
  for (const auto& column : columns) bytes += round_trip(times, column);
  const double per_sample = static_cast<double>(bytes) / static_cast<double>(columns.size() * kChunkSamples);
  std::printf("bytes per sample: %.3f\n", per_sample);
  EXPECT_LT(per_sample, 2.0);
}

}  // namespace
}  // namespace vigil::storage
