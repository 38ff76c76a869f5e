// External Alertmanagers: `alerting:` of prometheus.yml.
#pragma once

#include <string>
#include <vector>

#include "vigil/base/time.h"
#include "vigil/model/labels.h"
#include "vigil/model/relabel.h"
#include "vigil/net/http.h"

namespace vigil::alerting {

// One entry of `alerting.alertmanagers`: all of its targets get every alert.
struct ExternalConfig {
  std::string scheme = "http";
  std::string path_prefix;  // "" or "/prefix"
  Duration timeout = 10 * kSecond;
  std::vector<std::string> targets;  // "host:port"
  net::ClientRequest http;           // authentication, TLS, proxy: a template
  Relabeler alert_relabel;           // applied after the global one
};

struct ExternalSettings {
  std::vector<ExternalConfig> alertmanagers;
  Relabeler alert_relabel;  // alerting.alert_relabel_configs
};

}  // namespace vigil::alerting
