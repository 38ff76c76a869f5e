// A configuration for showing: the same YAML without its secrets.
#pragma once

#include <string>

#include "vigil/yaml/document.h"

namespace vigil::config {

// Block-style YAML of the tree. With `hide_secrets`, the values of keys that hold
// secrets (password, credentials, bearer_token, …) become <secret>, and so does the
// password inside a URL.
std::string to_yaml(const yaml::Node& node, bool hide_secrets);

}  // namespace vigil::config
