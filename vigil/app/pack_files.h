// The files of the packs that a server loads by name, as part of the binary.
#pragma once

#include <string_view>
#include <vector>

namespace vigil::app {

struct RuleText {
  std::string_view name;  // "pack:mpc/mpc-rules.yml", for messages and the API
  std::string_view text;  // YAML
};

struct PackFiles {
  std::string_view name;  // "mpc"
  std::vector<RuleText> rules;
  std::string_view scrape_configs;  // YAML with a `scrape_configs` list
  std::string_view simulated_job;   // the job whose targets `vigil simulate` starts
};

const std::vector<PackFiles>& packs();
// nullptr if there is none of that name.
const PackFiles* find_pack(std::string_view name);

}  // namespace vigil::app
