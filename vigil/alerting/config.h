// The Alertmanager configuration file: who is told what, and when.
//
// Read strictly: unknown keys are errors with their place. Until routing trees and
// more receivers arrive, one root route and webhook receivers are implemented; all
// else that Alertmanager knows is refused by name (kNotSupported).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/net/http.h"

namespace vigil::alerting {

struct WebhookConfig {
  std::string url;       // exactly one of url and url_file is set
  std::string url_file;  // read at every send
  bool send_resolved = true;
  std::uint64_t max_alerts = 0;  // per message; 0: all
  Duration timeout = 0;          // of one attempt; 0: until the deadline of the flush
  net::ClientRequest http;       // authentication, TLS, proxy: a template
};

// A name for a list of integrations, possibly none: a legal sink.
struct Receiver {
  std::string name;
  std::vector<WebhookConfig> webhooks;
};

struct Route {
  std::string receiver;
  std::vector<std::string> group_by;  // sorted label names; ignored if group_by_all
  bool group_by_all = false;          // written '...': one group per alert
  Duration group_wait = 30 * kSecond;
  Duration group_interval = 5 * kMinute;
  Duration repeat_interval = 4 * kHour;
};

struct Config {
  Route route;
  std::vector<Receiver> receivers;
  Duration resolve_timeout = 5 * kMinute;  // of alerts that come without an end

  // The receiver of the route; parse_config() made sure that it exists.
  const Receiver* find_receiver(std::string_view name) const;
};

// `path` names the file in messages, and relative files in `text` are relative to its folder.
Result<Config> parse_config(std::string_view text, const std::filesystem::path& path);

}  // namespace vigil::alerting
