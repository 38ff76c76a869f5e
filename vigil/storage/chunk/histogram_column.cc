#include "vigil/storage/chunk/histogram_column.h"

#include <bit>

#include "vigil/storage/chunk/value_column.h"

namespace vigil::storage {
namespace {

// More buckets than any layout of ours has; bounds what damaged bytes can allocate.
constexpr std::size_t kMaxBuckets = 1 << 16;

std::unexpected<Error> damaged() { return fail(ErrorCode::kCorruption, "chunk is damaged: a histogram"); }

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

bool same_layout(const NativeHistogram& a, const NativeHistogram& b) {
  return a.schema == b.schema && a.reset_hint == b.reset_hint && same_bits(a.zero_threshold, b.zero_threshold) &&
         a.positive_spans == b.positive_spans && a.negative_spans == b.negative_spans &&
         a.positive_buckets.size() == b.positive_buckets.size() &&
         a.negative_buckets.size() == b.negative_buckets.size() && a.custom_values == b.custom_values;
}

void put_spans(std::string& out, const std::vector<NativeHistogram::Span>& spans) {
  put_varint(out, spans.size());
  for (const auto& span : spans) {
    put_svarint(out, span.offset);
    put_varint(out, span.length);
  }
}

bool read_spans(ByteReader& in, std::vector<NativeHistogram::Span>& spans) {
  const std::uint64_t count = in.varint();
  if (count > in.left()) return false;
  spans.resize(count);
  for (auto& span : spans) {
    span.offset = static_cast<std::int32_t>(in.svarint());
    span.length = static_cast<std::uint32_t>(in.varint());
  }
  return in.ok();
}

void put_layout(std::string& out, const NativeHistogram& h) {
  out += static_cast<char>(h.reset_hint);
  put_svarint(out, h.schema);
  put_raw(out, h.zero_threshold);
  put_spans(out, h.positive_spans);
  put_spans(out, h.negative_spans);
  put_varint(out, h.positive_buckets.size());
  put_varint(out, h.negative_buckets.size());
  put_varint(out, h.custom_values.size());
  for (const double bound : h.custom_values) put_raw(out, bound);
}

Result<NativeHistogram> read_layout(ByteReader& in) {
  NativeHistogram h;
  const std::uint8_t hint = in.byte();
  if (hint > static_cast<std::uint8_t>(NativeHistogram::ResetHint::kGauge)) return damaged();
  h.reset_hint = static_cast<NativeHistogram::ResetHint>(hint);
  h.schema = static_cast<std::int32_t>(in.svarint());
  h.zero_threshold = in.raw<double>();
  if (!read_spans(in, h.positive_spans) || !read_spans(in, h.negative_spans)) return damaged();
  const std::uint64_t positive = in.varint();
  const std::uint64_t negative = in.varint();
  const std::uint64_t bounds = in.varint();
  if (!in.ok() || positive > kMaxBuckets || negative > kMaxBuckets || bounds > in.left() / 8) return damaged();
  h.positive_buckets.resize(positive);
  h.negative_buckets.resize(negative);
  h.custom_values.resize(bounds);
  for (double& bound : h.custom_values) bound = in.raw<double>();
  return h;
}

// Calls with every number of a histogram that is not layout.
template <class Histogram, class Function>
void for_each_number(Histogram& h, Function function) {
  function(h.count);
  function(h.sum);
  function(h.zero_count);
  for (auto& bucket : h.positive_buckets) function(bucket);
  for (auto& bucket : h.negative_buckets) function(bucket);
}

}  // namespace

void encode_histograms(std::span<const HistogramPtr> histograms, std::string& out) {
  for (std::size_t begin = 0; begin < histograms.size();) {
    std::size_t end = begin + 1;
    while (end < histograms.size() && same_layout(*histograms[begin], *histograms[end])) ++end;
    const std::size_t run = end - begin;
    put_varint(out, run);
    put_layout(out, *histograms[begin]);
    std::size_t columns = 0;
    for_each_number(*histograms[begin], [&](double) { ++columns; });
    std::vector<double> numbers(columns * run);
    for (std::size_t i = 0; i < run; ++i) {
      std::size_t column = 0;
      for_each_number(*histograms[begin + i], [&](double number) { numbers[run * column++ + i] = number; });
    }
    for (std::size_t column = 0; column < columns; ++column) {
      encode_values(std::span(numbers).subspan(column * run, run), out);
    }
    begin = end;
  }
}

Result<void> decode_histograms(ByteReader& in, std::span<HistogramPtr> histograms) {
  std::vector<double> numbers;
  for (std::size_t begin = 0; begin < histograms.size();) {
    const std::uint64_t run = in.varint();
    if (run == 0 || run > histograms.size() - begin) return damaged();
    VIGIL_TRY(const NativeHistogram layout, read_layout(in));
    std::size_t columns = 0;
    for_each_number(layout, [&](double) { ++columns; });
    if (columns > in.left()) return damaged();  // each takes a byte at least
    numbers.resize(columns * run);
    for (std::size_t column = 0; column < columns; ++column) {
      VIGIL_TRY_VOID(decode_values(in, std::span(numbers).subspan(column * run, run)));
    }
    for (std::size_t i = 0; i < run; ++i) {
      auto histogram = std::make_shared<NativeHistogram>(layout);
      std::size_t column = 0;
      for_each_number(*histogram, [&](double& number) { number = numbers[run * column++ + i]; });
      histograms[begin + i] = std::move(histogram);
    }
    begin += run;
  }
  return {};
}

void put_histogram(std::string& out, const NativeHistogram& histogram) {
  put_layout(out, histogram);
  for_each_number(histogram, [&](double number) { put_raw(out, number); });
}

Result<NativeHistogram> read_histogram(ByteReader& in) {
  VIGIL_TRY(NativeHistogram histogram, read_layout(in));
  if ((histogram.positive_buckets.size() + histogram.negative_buckets.size()) * 8 > in.left()) return damaged();
  for_each_number(histogram, [&](double& number) { number = in.raw<double>(); });
  if (!in.ok()) return damaged();
  return histogram;
}

}  // namespace vigil::storage
