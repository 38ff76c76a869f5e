// `relabel_configs` and their siblings.
#pragma once

#include <string_view>

#include "vigil/model/relabel.h"
#include "vigil/yaml/fields.h"

namespace vigil::config {

// Reads the list under `key` into `out`. `what` names it in messages: "target", "metric", "alert".
void read_relabel_configs(yaml::Fields& fields, std::string_view key, std::string_view what, Relabeler& out);

}  // namespace vigil::config
