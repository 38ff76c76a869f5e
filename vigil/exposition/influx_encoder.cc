// InfluxDB line protocol, in the shape Telegraf gives Prometheus metrics (its "metric
// version 1"): the family is the measurement, labels are tags.
//
//   http_requests_total,method=GET,code=200 counter=41
//   rtt_seconds,peer=1 0.5=1,+Inf=2,sum=2.3,count=2
//
// Classic buckets are fields named by their bound, cumulative. Native buckets are fields
// `native_<bound>` with their own count, named by the bound farther from zero, and
// `native_zero`. The protocol has neither NaN nor infinity: such fields are left out.
#include <string>
#include <vector>

#include "vigil/base/strings.h"
#include "vigil/exposition/encoder.h"
#include "vigil/exposition/histogram_view.h"

namespace vigil::exposition::internal {
namespace {

std::string_view field_of(MetricType type) {
  switch (type) {
    case MetricType::kCounter: return "counter";
    case MetricType::kGauge:
    case MetricType::kInfo:
    case MetricType::kStateSet: return "gauge";
    default: return "value";
  }
}

class InfluxEncoder final : public Encoder {
 public:
  InfluxEncoder(ChunkSink sink, const PageOptions& options) : Encoder(std::move(sink)) {
    if (options.time != 0) time_ = " " + std::to_string(options.time) + "000000";  // nanoseconds
  }

  void begin_family(const metrics::FamilyView& family) override {
    name_ = family.name;
    field_ = field_of(family.type);
    bounds_.assign(family.bounds.begin(), family.bounds.end());
  }

  void point(std::string_view labels, const metrics::PointView& value) override {
    if (!std::isfinite(value.value)) return;
    begin_line(labels);
    begin_field(field_);
    out_.put_float(value.value);
    end_line();
  }

  void histogram(std::string_view labels, const metrics::HistogramView& value) override {
    begin_line(labels);
    for_each_bucket(bounds_, value, [&](double bound, std::uint64_t count) {
      begin_field("");
      out_.put_float(bound);
      out_.put('=');
      out_.put_count(count);
    });
    if (std::isfinite(value.sum)) {
      begin_field("sum");
      out_.put_float(value.sum);
    }
    begin_field("count");
    out_.put_count(value.count);
    if (value.native != nullptr) put_native(*value.native);
    end_line();
  }

  void finish() override { out_.flush(); }

 private:
  void put_native(const metrics::NativeHistogramView& native) {
    for_each_native_bucket(native, [&](double lower, double upper, std::uint64_t count) {
      const bool zero = lower == -upper;
      begin_field("");
      out_.put("native_");
      if (zero) {
        out_.put("zero");
      } else {
        out_.put_float(lower < 0 ? lower : upper);
      }
      out_.put('=');
      out_.put_count(count);
    });
  }

  void begin_line(std::string_view labels) {
    out_.put(name_);
    for (LabelCursor label(labels); label.next();) {
      std::string_view value = label.value();
      // A backslash before the next comma or space would escape it; there is no way to write one.
      while (value.ends_with('\\')) value.remove_suffix(1);
      if (value.empty()) continue;  // no tag may be empty
      out_.put(',');
      out_.put(label.name());
      out_.put('=');
      for (const char c : value) {
        if (c == '\n') {
          out_.put("\\n");  // a line break would end the line; this is what Telegraf writes
          continue;
        }
        if (c == ',' || c == '=' || c == ' ') out_.put('\\');
        out_.put(c);
      }
    }
    separator_ = ' ';
  }

  // `name=`, or the separator alone if the caller writes the name.
  void begin_field(std::string_view name) {
    out_.put(std::exchange(separator_, ','));
    if (name.empty()) return;
    out_.put(name);
    out_.put('=');
  }

  void end_line() {
    out_.put(time_);
    out_.put('\n');
  }

  std::string time_, name_, field_;
  char separator_ = ' ';
  std::vector<double> bounds_;
};

}  // namespace

std::unique_ptr<Encoder> make_influx_encoder(ChunkSink sink, const PageOptions& options) {
  return std::make_unique<InfluxEncoder>(std::move(sink), options);
}

}  // namespace vigil::exposition::internal
