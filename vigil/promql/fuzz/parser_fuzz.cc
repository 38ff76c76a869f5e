// Whatever parses prints to a text that parses to the same print, on one line and
// broken into several; nothing crashes.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "vigil/base/error.h"
#include "vigil/promql/parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vigil::promql;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ParserOptions options{.experimental_functions = true,
                              .extended_range_selectors = true,
                              .binop_fill_modifiers = true,
                              .duration_expressions = true};
  static_cast<void>(parse(text));
  static_cast<void>(parse_selector(text));
  static_cast<void>(parse_labels(text));
  const auto parsed = parse(text, options);
  if (!parsed) return 0;
  const std::string printed = to_string(**parsed);
  if (printed.size() > kMaxLength) return 0;  // escapes made it longer
  for (const std::string& copy : {printed, pretty(**parsed), to_string(*clone(**parsed))}) {
    if (copy.size() > kMaxLength) continue;
    const auto again = parse(copy, options);
    VIGIL_CHECK(again.has_value());
    VIGIL_CHECK(to_string(**again) == printed);
  }
  return 0;
}
