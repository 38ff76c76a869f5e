// Any bytes as a dashboard file.
#include <cstddef>
#include <cstdint>
#include <string>

#include "vigil/check/dashboard_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const vigil::check::DashboardFile file{"f", std::string(reinterpret_cast<const char*>(data), size)};
  static_cast<void>(vigil::check::check_dashboards({&file, 1}));
  return 0;
}
