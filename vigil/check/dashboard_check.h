// Checks of classic Grafana dashboard files.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace vigil::check {

struct DashboardFile {
  std::string name;
  std::string text;
};

// One sentence a problem, beginning with the file: not JSON (with the byte), no uid or one
// that two files have, a panel without title or place, two panels on one spot, an
// expression of a Prometheus panel that does not parse once Grafana's variables have values.
std::vector<std::string> check_dashboards(std::span<const DashboardFile> files);

}  // namespace vigil::check
