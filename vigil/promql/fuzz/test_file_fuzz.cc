// Any text as a test file: nothing may crash, hang or take much memory. Runs the reader
// of the files, the parser, and the engine on whatever the file loads.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vigil/promql/test_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Long value sequences are legal and only slow here.
  if (size > 4096) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (std::size_t at = text.find('x'); at != std::string_view::npos; at = text.find('x', at + 1)) {
    const auto digits = text.substr(at + 1).find_first_not_of("0123456789");
    if (digits != std::string_view::npos && digits > 4) return 0;
  }
  vigil::promql::TestFileOptions options;
  options.engine.max_bytes = 16 << 20;
  static_cast<void>(vigil::promql::run_test_file("fuzz", text, options));
  return 0;
}
