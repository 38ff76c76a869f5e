// Where the annotations of a pack's alerts lead: to a page of the vigil server that
// evaluates the rules, and to a path of a Grafana, whose address only its owner knows.
//
//   runbook_url:   '{{ $externalURL }}/runbooks/<pack>/<runbook>'
//   dashboard_url: /d/<uid>
//
// $externalURL and not externalURL: promtool's unit tests know only the variable.
//
// Thread-safety: pure functions.
#pragma once

#include <string_view>

namespace vigil::tuning {

// The name of the runbook that a runbook_url, as written, leads to; "" if it leads elsewhere.
std::string_view runbook_of(std::string_view pack, std::string_view link);

// The same of a dashboard_url: a uid.
std::string_view dashboard_of(std::string_view link);

}  // namespace vigil::tuning
