// Any template text: parse and execute must end within their limits.
#include <cstddef>
#include <cstdint>
#include <string>

#include "vigil/template/rule_functions.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vigil;
  const std::string text(data, data + size);
  const auto parsed = templates::RuleTemplate::parse("fuzz", text);
  if (!parsed) return 0;
  templates::RuleData rule;
  rule.labels = Labels{{"job", "a"}, {"instance", "b:1"}};
  rule.value = 1.5;
  rule.external_url = "http://localhost:9090/x";
  rule.query = [](const std::string&) -> Result<std::vector<templates::QuerySample>> {
    return std::vector<templates::QuerySample>{{Labels{{"job", "a"}}, 1}};
  };
  parsed->expand_or_error(rule, {.max_output_bytes = 1 << 12, .max_steps = 1000, .max_depth = 20});
  return 0;
}
