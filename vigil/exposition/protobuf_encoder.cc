// Delimited io.prometheus.client.MetricFamily messages.
//
// A message stands behind its length, so a family is gathered before it is written; a
// large one is split (PageOptions::family_bytes).
#include <string>
#include <vector>

#include "vigil/exposition/encoder.h"
#include "vigil/exposition/histogram_view.h"
#include "vigil/exposition/metric_family.h"
#include "vigil/exposition/protobuf_wire.h"

namespace vigil::exposition::internal {
namespace {

proto::Type proto_type(MetricType type) {
  switch (type) {
    case MetricType::kCounter: return proto::Type::kCounter;
    case MetricType::kHistogram: return proto::Type::kHistogram;
    case MetricType::kGaugeHistogram: return proto::Type::kGaugeHistogram;
    case MetricType::kGauge:
    case MetricType::kInfo:
    case MetricType::kStateSet: return proto::Type::kGauge;
    case MetricType::kSummary:
    case MetricType::kUnknown: break;
  }
  return proto::Type::kUntyped;
}

class ProtobufEncoder final : public Encoder {
 public:
  ProtobufEncoder(ChunkSink sink, const PageOptions& options)
      : Encoder(std::move(sink)), family_bytes_(options.family_bytes) {}

  void begin_family(const metrics::FamilyView& family) override;
  void point(std::string_view labels, const metrics::PointView& value) override;
  void histogram(std::string_view labels, const metrics::HistogramView& value) override;
  void end_family() override { put_family(); }
  void finish() override;

 private:
  using Bucket = metrics::NativeHistogramView::Bucket;

  void begin_metric(std::string_view labels);
  void end_metric();
  void put_family();
  void put_native(const metrics::NativeHistogramView& native);
  void put_buckets(std::span<const Bucket> buckets, std::uint32_t span_field, std::uint32_t delta_field);
  static void put_labels(std::uint32_t field, std::string_view labels, std::string& out);
  void put_exemplar(std::uint32_t field, const metrics::ExemplarView& exemplar, std::string& out);
  void put_time(std::uint32_t field, Timestamp time, std::string& out);

  const std::size_t family_bytes_;
  proto::Type type_ = proto::Type::kUntyped;
  std::vector<double> bounds_;
  std::string header_;    // the family's fields but its metrics
  std::string gathered_;  // its metrics
  // Messages under way, by depth: each is written when its length is known.
  std::string metric_, value_, part_, exemplar_, time_;
  std::string deltas_;
};

void ProtobufEncoder::begin_family(const metrics::FamilyView& family) {
  put_family();
  type_ = proto_type(family.type);
  bounds_.assign(family.bounds.begin(), family.bounds.end());
  header_.clear();
  WireWriter header(header_);
  header.bytes(proto::family::kName, family.name);
  if (!family.help.empty()) header.bytes(proto::family::kHelp, family.help);
  header.number(proto::family::kType, static_cast<std::uint64_t>(type_));
  if (!family.unit.empty()) header.bytes(proto::family::kUnit, family.unit);
}

void ProtobufEncoder::put_family() {
  if (gathered_.empty()) return;
  time_.clear();
  WireWriter(time_).varint(header_.size() + gathered_.size());
  out_.put(time_);
  out_.put(header_);
  // Piece by piece, so that a large family leaves the output's buffer at its size.
  constexpr std::size_t kPiece = 32U << 10;
  for (std::string_view rest = gathered_; !rest.empty(); rest.remove_prefix(std::min(rest.size(), kPiece))) {
    out_.put(rest.substr(0, kPiece));
  }
  gathered_.clear();
}

void ProtobufEncoder::put_labels(std::uint32_t field, std::string_view labels, std::string& out) {
  WireWriter writer(out);
  const auto length_size = [](std::size_t length) {
    std::size_t bytes = 1;
    for (; length >= 0x80; length >>= 7) ++bytes;
    return bytes;
  };
  for (LabelCursor label(labels); label.next();) {
    const std::string_view name = label.name();
    const std::string_view value = label.value();
    writer.tag(field, WireType::kBytes);
    writer.varint(2 + length_size(name.size()) + name.size() + length_size(value.size()) + value.size());
    writer.bytes(proto::label::kName, name);
    writer.bytes(proto::label::kValue, value);
  }
}

void ProtobufEncoder::put_time(std::uint32_t field, Timestamp time, std::string& out) {
  // Nanoseconds count forward from the second, also before 1970.
  Timestamp seconds = time / kSecond;
  if (time % kSecond < 0) --seconds;
  time_.clear();
  WireWriter writer(time_);
  writer.number(proto::timestamp::kSeconds, static_cast<std::uint64_t>(seconds));
  writer.number(proto::timestamp::kNanos, static_cast<std::uint64_t>(time - seconds * kSecond) * 1'000'000);
  WireWriter(out).bytes(field, time_);
}

void ProtobufEncoder::put_exemplar(std::uint32_t field, const metrics::ExemplarView& exemplar, std::string& out) {
  if (!is_exemplar_allowed(exemplar.labels)) return;
  exemplar_.clear();
  put_labels(proto::exemplar::kLabel, exemplar.labels, exemplar_);
  WireWriter(exemplar_).real(proto::exemplar::kValue, exemplar.value);
  if (exemplar.time != 0) put_time(proto::exemplar::kTime, exemplar.time, exemplar_);
  WireWriter(out).bytes(field, exemplar_);
}

void ProtobufEncoder::begin_metric(std::string_view labels) {
  metric_.clear();
  put_labels(proto::metric::kLabel, labels, metric_);
  value_.clear();
}

void ProtobufEncoder::end_metric() {
  WireWriter(gathered_).bytes(proto::family::kMetric, metric_);
  if (family_bytes_ > 0 && gathered_.size() >= family_bytes_) put_family();
}

void ProtobufEncoder::point(std::string_view labels, const metrics::PointView& value) {
  begin_metric(labels);
  WireWriter writer(value_);
  // Also when it is 0: proto2 readers tell an absent value apart.
  writer.tag(proto::value::kValue, WireType::kFixed64);
  writer.fixed(value.value);
  std::uint32_t field = type_ == proto::Type::kGauge ? proto::metric::kGauge : proto::metric::kUntyped;
  if (type_ == proto::Type::kCounter) {
    field = proto::metric::kCounter;
    if (value.exemplar != nullptr) put_exemplar(proto::value::kExemplar, *value.exemplar, value_);
    if (value.created != 0) put_time(proto::value::kCreated, value.created, value_);
  }
  WireWriter(metric_).bytes(field, value_);
  end_metric();
}

void ProtobufEncoder::histogram(std::string_view labels, const metrics::HistogramView& value) {
  begin_metric(labels);
  WireWriter writer(value_);
  writer.number(proto::histogram::kCount, value.count);
  writer.tag(proto::histogram::kSum, WireType::kFixed64);
  writer.fixed(value.sum);
  if (!bounds_.empty() || value.native == nullptr) {
    BucketExemplars exemplars(value.exemplars);
    for_each_bucket(bounds_, value, [&](double bound, std::uint64_t count) {
      part_.clear();
      WireWriter part(part_);
      part.number(proto::bucket::kCount, count);
      part.tag(proto::bucket::kUpperBound, WireType::kFixed64);
      part.fixed(bound);
      if (const auto* exemplar = exemplars.up_to(bound)) put_exemplar(proto::bucket::kExemplar, *exemplar, part_);
      writer.bytes(proto::histogram::kBucket, part_);
    });
  }
  if (value.native != nullptr) {
    put_native(*value.native);
    for (const metrics::ExemplarView& exemplar : value.exemplars) {
      // Those of native histograms must have a time.
      if (exemplar.time != 0) put_exemplar(proto::histogram::kExemplar, exemplar, value_);
    }
  }
  if (value.created != 0) put_time(proto::histogram::kCreated, value.created, value_);
  WireWriter(metric_).bytes(proto::metric::kHistogram, value_);
  end_metric();
}

void ProtobufEncoder::put_native(const metrics::NativeHistogramView& native) {
  WireWriter writer(value_);
  writer.sint(proto::histogram::kSchema, native.schema);
  writer.real(proto::histogram::kZeroThreshold, native.zero_threshold);
  writer.number(proto::histogram::kZeroCount, native.zero_count);
  put_buckets(native.negative, proto::histogram::kNegativeSpan, proto::histogram::kNegativeDelta);
  put_buckets(native.positive, proto::histogram::kPositiveSpan, proto::histogram::kPositiveDelta);
  // An empty span says that the histogram is native where nothing else would.
  if (native.positive.empty()) writer.bytes(proto::histogram::kPositiveSpan, "");
}

void ProtobufEncoder::put_buckets(std::span<const Bucket> buckets, std::uint32_t span_field,
                                  std::uint32_t delta_field) {
  // Up to so many empty buckets are cheaper to write than another span.
  constexpr std::int64_t kMaxFilledGap = 2;
  WireWriter writer(value_);
  deltas_.clear();
  WireWriter deltas(deltas_);
  std::int64_t end = 0;  // index behind the last bucket of the span
  std::int64_t offset = 0;
  std::uint64_t length = 0;
  std::uint64_t before = 0;
  const auto put_delta = [&](std::uint64_t count) {
    deltas.varint(WireWriter::zigzag(static_cast<std::int64_t>(count - before)));
    before = count;
    ++length;
  };
  const auto put_span = [&] {
    part_.clear();
    WireWriter part(part_);
    part.sint(proto::span::kOffset, offset);
    part.number(proto::span::kLength, length);
    writer.bytes(span_field, part_);
  };
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    std::int64_t gap = buckets[i].index - end;
    if (i == 0 || gap > kMaxFilledGap) {
      if (i > 0) put_span();
      offset = gap;
      length = 0;
      gap = 0;
    }
    for (; gap > 0; --gap) put_delta(0);
    put_delta(buckets[i].count);
    end = std::int64_t{buckets[i].index} + 1;
  }
  if (buckets.empty()) return;
  put_span();
  writer.bytes(delta_field, deltas_);
}

void ProtobufEncoder::finish() {
  put_family();
  out_.flush();
}

}  // namespace

std::unique_ptr<Encoder> make_protobuf_encoder(ChunkSink sink, const PageOptions& options) {
  return std::make_unique<ProtobufEncoder>(std::move(sink), options);
}

}  // namespace vigil::exposition::internal
