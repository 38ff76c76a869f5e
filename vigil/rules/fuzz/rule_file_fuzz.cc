// Any bytes as a rule file and as a unit-test file.
#include <cstddef>
#include <cstdint>
#include <string>

#include "vigil/rules/check.h"
#include "vigil/rules/unit_test_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  static_cast<void>(vigil::rules::check_rules(text, "fuzz.yml"));
  static_cast<void>(vigil::rules::parse_unit_test_file(text, "fuzz.yml", false));
  return 0;
}
