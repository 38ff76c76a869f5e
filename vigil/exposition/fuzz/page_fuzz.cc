// Any bytes as a page: both formats, lax and strict. What the strict validator
// accepts the lax parser must read too.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vigil/base/error.h"
#include "vigil/exposition/page_parser.h"
#include "vigil/exposition/series_parser.h"
#include "vigil/exposition/validate.h"

namespace {

using namespace vigil;
using namespace vigil::exposition;

bool readable(std::string_view page, Format format) {
  PageParser parser(page, format);
  SeriesParser series;
  while (true) {
    switch (parser.next()) {
      case PageParser::Event::kEnd: return true;
      case PageParser::Event::kError: return false;
      case PageParser::Event::kSample:
        if (!series.parse(parser.sample().series)) return false;
        series.make_canonical(parser.type());
        static_cast<void>(series.build());
        if (parser.sample().has_exemplar) static_cast<void>(parse_exemplar_labels(parser.sample().exemplar.labels));
        break;
      case PageParser::Event::kType:
      case PageParser::Event::kHelp:
      case PageParser::Event::kUnit:
        static_cast<void>(unquote_name(parser.metadata().name));
        static_cast<void>(unescape_help(parser.metadata().text, format));
        break;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view page(reinterpret_cast<const char*>(data), size);
  const bool text = readable(page, Format::kText);
  const bool openmetrics = readable(page, Format::kOpenMetrics);
  VIGIL_CHECK(text || !validate_prometheus_text(page));
  VIGIL_CHECK(openmetrics || !validate_openmetrics(page));
  return 0;
}
