// Any bytes: a report or an error; what is read survives writing and reading again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "vigil/health/report.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto report = vigil::health::parse_report({reinterpret_cast<const char*>(data), size});
  if (!report.has_value()) return 0;
  const auto again = vigil::health::parse_report(vigil::health::to_json(*report));
  if (!again.has_value() || vigil::health::to_json(*again) != vigil::health::to_json(*report)) std::abort();
  return 0;
}
