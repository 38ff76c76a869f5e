// CSV (RFC 4180) with a header; labels in the notation of the text formats.
//
//   name,type,labels,value
//   http_requests_total,counter,"method=""GET"",code=""200""",41
//   rtt_seconds_bucket,histogram,"le=""0.5""",1
//   rtt_seconds_native_bucket,histogram,"lower=""0.25"",upper=""0.5""",1
//
// Classic buckets are cumulative, native ones hold their own count.
#include <string>
#include <vector>

#include "vigil/base/strings.h"
#include "vigil/exposition/encoder.h"
#include "vigil/exposition/histogram_view.h"

namespace vigil::exposition::internal {
namespace {

class CsvEncoder final : public Encoder {
 public:
  explicit CsvEncoder(ChunkSink sink) : Encoder(std::move(sink)) { out_.put("name,type,labels,value\r\n"); }

  void begin_family(const metrics::FamilyView& family) override {
    name_ = family.name;
    type_ = to_string(family.type);
    bounds_.assign(family.bounds.begin(), family.bounds.end());
  }

  void point(std::string_view labels, const metrics::PointView& value) override {
    begin_row("", labels);
    out_.put_float(value.value);
    out_.put("\r\n");
  }

  void histogram(std::string_view labels, const metrics::HistogramView& value) override {
    for_each_bucket(bounds_, value, [&](double bound, std::uint64_t count) {
      labels_ = labels;
      metrics::append_label(labels_, "le", format_float(bound));
      put_row("_bucket", labels_, count);
    });
    begin_row("_sum", labels);
    out_.put_float(value.sum);
    out_.put("\r\n");
    put_row("_count", labels, value.count);
    if (value.native == nullptr) return;
    for_each_native_bucket(*value.native, [&](double lower, double upper, std::uint64_t count) {
      labels_ = labels;
      metrics::append_label(labels_, "lower", format_float(lower));
      metrics::append_label(labels_, "upper", format_float(upper));
      put_row("_native_bucket", labels_, count);
    });
  }

  void finish() override { out_.flush(); }

 private:
  void put_row(std::string_view suffix, std::string_view labels, std::uint64_t count) {
    begin_row(suffix, labels);
    out_.put_count(count);
    out_.put("\r\n");
  }

  void begin_row(std::string_view suffix, std::string_view labels) {
    out_.put(name_);
    out_.put(suffix);
    out_.put(',');
    out_.put(type_);
    out_.put(',');
    if (!labels.empty()) {
      out_.put('"');
      for (const char c : labels) {
        if (c == '"') out_.put('"');
        out_.put(c);
      }
      out_.put('"');
    }
    out_.put(',');
  }

  std::string name_, type_, labels_;
  std::vector<double> bounds_;
};

}  // namespace

std::unique_ptr<Encoder> make_csv_encoder(ChunkSink sink) { return std::make_unique<CsvEncoder>(std::move(sink)); }

}  // namespace vigil::exposition::internal
