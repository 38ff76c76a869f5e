// Any bytes: a configuration or an error; what is read survives writing and reading again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "vigil/telemetry/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vigil::telemetry;
  const auto config = parse_config({reinterpret_cast<const char*>(data), size}, "fuzz.yml");
  if (!config.has_value()) return 0;
  if (!validate(*config).has_value()) std::abort();
  const auto again = parse_config(to_yaml(*config), "again.yml");
  if (!again.has_value() || *again != *config) std::abort();
  return 0;
}
