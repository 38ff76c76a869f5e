// docs/metrics.md: every metric of every catalogue, as Markdown. A test keeps the file equal.
#pragma once

#include <string>

namespace vigil::packs {

std::string metrics_reference();

}  // namespace vigil::packs
