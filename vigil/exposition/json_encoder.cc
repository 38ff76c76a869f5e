// JSON: one document, a family and a series a line.
//
//   {"families":[
//   {"name":"rtt_seconds","type":"histogram","help":"Round trip.","unit":"seconds","series":[
//   {"labels":{"peer":"1"},"count":2,"sum":2.3,"buckets":{"0.5":1,"+Inf":2},
//    "native":{"schema":3,"zero_threshold":0,"zero_count":0,"negative":[],"positive":[[-3,1],[8,1]]},
//    "exemplars":[{"labels":{"trace_id":"4b"},"value":0.3,"time":1.5}],"created":1700000000.5}
//   ]},
//   {"name":"up","type":"gauge","help":"","series":[
//   {"labels":{},"value":1}
//   ]}
//   ]}
//
// Absent parts are left out. Buckets are cumulative, native ones are pairs of index and
// own count; times are seconds since 1970. Numbers that JSON lacks are the strings
// "NaN", "+Inf" and "-Inf".
#include <string>
#include <vector>

#include "vigil/base/strings.h"
#include "vigil/exposition/encoder.h"
#include "vigil/exposition/histogram_view.h"

namespace vigil::exposition::internal {
namespace {

class JsonEncoder final : public Encoder {
 public:
  explicit JsonEncoder(ChunkSink sink) : Encoder(std::move(sink)) { out_.put("{\"families\":["); }

  void begin_family(const metrics::FamilyView& family) override;
  void point(std::string_view labels, const metrics::PointView& value) override;
  void histogram(std::string_view labels, const metrics::HistogramView& value) override;
  void end_family() override { close_family(); }
  void finish() override;

 private:
  void close_family();
  void put_string(std::string_view text);
  void put_number(double value);
  void put_labels(std::string_view labels);
  void put_exemplar(const metrics::ExemplarView& exemplar);
  void put_time(std::string_view key, Timestamp time);
  void put_native(const metrics::NativeHistogramView& native);
  void begin_series(std::string_view labels);

  bool any_family_ = false;
  bool open_ = false;  // a family
  bool any_series_ = false;
  std::vector<double> bounds_;
  std::string escaped_;
};

void JsonEncoder::put_string(std::string_view text) {
  escaped_.clear();
  append_json_string(escaped_, text);
  out_.put('"');
  out_.put(escaped_);
  out_.put('"');
}

void JsonEncoder::put_number(double value) {
  if (!std::isfinite(value)) out_.put('"');
  out_.put_float(value);
  if (!std::isfinite(value)) out_.put('"');
}

void JsonEncoder::put_labels(std::string_view labels) {
  out_.put("\"labels\":{");
  bool first = true;
  for (LabelCursor label(labels); label.next(); first = false) {
    if (!first) out_.put(',');
    put_string(label.name());
    out_.put(':');
    put_string(label.value());
  }
  out_.put('}');
}

void JsonEncoder::put_time(std::string_view key, Timestamp time) {
  if (time == 0) return;
  out_.put(",\"");
  out_.put(key);
  out_.put("\":");
  out_.put_float(static_cast<double>(time) / kSecond);
}

void JsonEncoder::put_exemplar(const metrics::ExemplarView& exemplar) {
  out_.put('{');
  put_labels(exemplar.labels);
  out_.put(",\"value\":");
  put_number(exemplar.value);
  put_time("time", exemplar.time);
  out_.put('}');
}

void JsonEncoder::begin_family(const metrics::FamilyView& family) {
  close_family();
  out_.put(any_family_ ? ",\n{\"name\":" : "\n{\"name\":");
  any_family_ = open_ = true;
  any_series_ = false;
  put_string(family.name);
  out_.put(",\"type\":");
  put_string(to_string(family.type));
  out_.put(",\"help\":");
  put_string(family.help);
  if (!family.unit.empty()) {
    out_.put(",\"unit\":");
    put_string(family.unit);
  }
  out_.put(",\"series\":[");
  bounds_.assign(family.bounds.begin(), family.bounds.end());
}

void JsonEncoder::close_family() {
  if (open_) out_.put("\n]}");
  open_ = false;
}

void JsonEncoder::begin_series(std::string_view labels) {
  out_.put(any_series_ ? ",\n{" : "\n{");
  any_series_ = true;
  put_labels(labels);
}

void JsonEncoder::point(std::string_view labels, const metrics::PointView& value) {
  begin_series(labels);
  out_.put(",\"value\":");
  put_number(value.value);
  if (value.exemplar != nullptr) {
    out_.put(",\"exemplar\":");
    put_exemplar(*value.exemplar);
  }
  put_time("created", value.created);
  out_.put('}');
}

void JsonEncoder::histogram(std::string_view labels, const metrics::HistogramView& value) {
  begin_series(labels);
  out_.put(",\"count\":");
  out_.put_count(value.count);
  out_.put(",\"sum\":");
  put_number(value.sum);
  out_.put(",\"buckets\":{");
  bool first = true;
  for_each_bucket(bounds_, value, [&](double bound, std::uint64_t count) {
    out_.put(std::exchange(first, false) ? "\"" : ",\"");
    out_.put_float(bound);
    out_.put("\":");
    out_.put_count(count);
  });
  out_.put('}');
  if (value.native != nullptr) put_native(*value.native);
  if (!value.exemplars.empty()) {
    out_.put(",\"exemplars\":");
    char before = '[';
    for (const metrics::ExemplarView& exemplar : value.exemplars) {
      out_.put(std::exchange(before, ','));
      put_exemplar(exemplar);
    }
    out_.put(']');
  }
  put_time("created", value.created);
  out_.put('}');
}

void JsonEncoder::put_native(const metrics::NativeHistogramView& native) {
  out_.put(",\"native\":{\"schema\":");
  out_.put_float(native.schema);
  out_.put(",\"zero_threshold\":");
  put_number(native.zero_threshold);
  out_.put(",\"zero_count\":");
  out_.put_count(native.zero_count);
  const auto side = [&](std::string_view key, std::span<const metrics::NativeHistogramView::Bucket> buckets) {
    out_.put(key);
    bool first = true;
    for (const auto& bucket : buckets) {
      out_.put(std::exchange(first, false) ? "[" : ",[");
      out_.put_float(bucket.index);
      out_.put(',');
      out_.put_count(bucket.count);
      out_.put(']');
    }
    out_.put(']');
  };
  side(",\"negative\":[", native.negative);
  side(",\"positive\":[", native.positive);
  out_.put('}');
}

void JsonEncoder::finish() {
  close_family();
  out_.put("\n]}\n");
  out_.flush();
}

}  // namespace

std::unique_ptr<Encoder> make_json_encoder(ChunkSink sink) { return std::make_unique<JsonEncoder>(std::move(sink)); }

}  // namespace vigil::exposition::internal
