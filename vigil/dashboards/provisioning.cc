#include "vigil/dashboards/dashboard.h"

namespace vigil::dashboards {

std::vector<ProvisioningFile> provisioning(std::string_view url, std::string_view directory, std::string_view folder) {
  std::string sources = "apiVersion: 1\ndatasources:\n";
  sources += "  - name: vigil\n    type: prometheus\n    access: proxy\n    isDefault: true\n    url: ";
  sources += url;
  sources += "\n    jsonData:\n      timeInterval: 10s\n      httpMethod: POST\n";
  std::string providers = "apiVersion: 1\nproviders:\n  - name: vigil\n    folder: ";
  providers += folder;
  providers += "\n    type: file\n    allowUiUpdates: false\n    options:\n      path: ";
  providers += directory;
  providers += "\n";
  return {{"datasources/vigil.yml", sources}, {"dashboards/vigil.yml", providers}};
}

}  // namespace vigil::dashboards
