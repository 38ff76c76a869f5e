#include <cstdint>
#include <string_view>

#include "vigil/net/web_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(vigil::net::WebConfig::parse(text, "/web.yml"));
  return 0;
}
