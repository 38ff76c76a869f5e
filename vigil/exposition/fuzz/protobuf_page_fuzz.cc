// Any bytes as a protobuf page, histograms read in every way. The text it gives its series
// must be OpenMetrics' strict one wherever the lax grammar takes it, and a histogram must be
// whole.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vigil/base/error.h"
#include "vigil/exposition/page_parser.h"
#include "vigil/exposition/series_parser.h"

namespace {

using namespace vigil;
using namespace vigil::exposition;

std::size_t samples_of(std::string_view page, NativeHistograms native) {
  PageParser parser(page, Format::kProtobuf, native);
  SeriesParser series;
  std::size_t samples = 0;
  while (true) {
    switch (parser.next()) {
      case PageParser::Event::kEnd: return samples;
      case PageParser::Event::kError: VIGIL_CHECK(!parser.error().message().empty()); return samples;
      case PageParser::Event::kSample: {
        const SampleView& sample = parser.sample();
        ++samples;
        const bool strict = series.parse(sample.series, SeriesParser::Mode::kStrict).has_value();
        const bool lax = series.parse(sample.series).has_value();
        VIGIL_CHECK(strict == lax);
        if (lax) {
          series.make_canonical(parser.type());
          static_cast<void>(series.build());
        }
        if (sample.has_exemplar) static_cast<void>(parse_exemplar_labels(sample.exemplar.labels));
        for (const ExemplarView& each : sample.histogram_exemplars)
          static_cast<void>(parse_exemplar_labels(each.labels));
        if (sample.histogram != nullptr) {
          std::size_t buckets = 0;
          for (const auto& span : sample.histogram->positive_spans) buckets += span.length;
          VIGIL_CHECK(buckets == sample.histogram->positive_buckets.size());
        }
        break;
      }
      case PageParser::Event::kHelp:
      case PageParser::Event::kType:
      case PageParser::Event::kUnit: static_cast<void>(unquote_name(parser.metadata().name)); break;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view page(reinterpret_cast<const char*>(data), size);
  static_cast<void>(samples_of(page, NativeHistograms::kIgnore));
  static_cast<void>(samples_of(page, NativeHistograms::kPrefer));
  static_cast<void>(samples_of(page, NativeHistograms::kBoth));
  return 0;
}
