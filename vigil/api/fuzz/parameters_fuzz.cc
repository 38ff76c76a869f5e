#include <cstdint>
#include <string_view>

#include "vigil/api/parameters.h"
#include "vigil/base/error.h"
#include "vigil/base/strings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(vigil::api::parse_time(text));
  static_cast<void>(vigil::api::parse_api_duration(text));
  if (vigil::is_valid_utf8(text)) VIGIL_CHECK(vigil::is_valid_utf8(vigil::api::unescape_name(text)));
  return 0;
}
