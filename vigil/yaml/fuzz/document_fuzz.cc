// Any bytes: parse() must return, and what it returns must be walkable within its limits.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "vigil/yaml/fields.h"

namespace {
std::size_t walk(const vigil::yaml::Node& node) {
  std::size_t count = 1 + node.text().size();
  for (const auto& item : node.items()) count += walk(item);
  for (const auto& [key, value] : node.entries()) count += walk(key) + walk(value);
  return count;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const auto document =
      vigil::yaml::Document::parse(text, "fuzz.yml", {.max_bytes = 1 << 16, .max_depth = 50, .max_nodes = 10'000});
  if (!document) return 0;
  walk(document->root());
  vigil::yaml::Problems problems;
  vigil::yaml::read_mapping(document->root(), "root", problems, [](vigil::yaml::Fields& fields) {
    double number = 0;
    fields.optional("a", number);
    fields.unsupported("b");
  });
  return 0;
}
