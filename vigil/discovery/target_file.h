// Files of file_sd_configs: a list of target groups in YAML or JSON (which is read
// as the YAML that it is).
//
//   - targets: ["10.0.0.1:9100", "10.0.0.2:9100"]
//     labels: {role: prover}
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/discovery/target_group.h"

namespace vigil::discovery {

// The groups of one file; each target gets __address__, each group __meta_filepath.
// Unknown keys are errors with file, line and column.
Result<std::vector<TargetGroup>> parse_target_file(std::string_view text, const std::string& path);

}  // namespace vigil::discovery
