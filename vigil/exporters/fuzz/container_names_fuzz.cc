// Any bytes as a runtime's file or a directory's name: no crash, and names that can be labels.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "vigil/base/strings.h"
#include "vigil/exporters/container_names.h"

namespace {

void check(const std::optional<std::string>& name) {
  if (name && (name->empty() || name->size() > vigil::exporters::kMaxNameBytes || !vigil::is_valid_utf8(*name))) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vigil::exporters;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(container_id(text));
  check(unit_name(text));
  check(docker_name(text));
  check(containerd_name(text));
  for (const auto& [id, name] : podman_names(text)) check(name);
  return 0;
}
