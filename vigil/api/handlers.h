// The groups of routes, one source file each. Internal to api.
#pragma once

#include <memory>

#include "vigil/api/answer.h"
#include "vigil/api/api.h"

namespace vigil::api {

using Shared = std::shared_ptr<const Dependencies>;

void add_query_routes(net::Router& router, const Shared& deps);
void add_series_routes(net::Router& router, const Shared& deps);
void add_target_routes(net::Router& router, const Shared& deps);
void add_rule_routes(net::Router& router, const Shared& deps);
void add_runbook_routes(net::Router& router, const Shared& deps);
void add_status_routes(net::Router& router, const Shared& deps);
void add_write_routes(net::Router& router, const Shared& deps);
void add_federate_routes(net::Router& router, const Shared& deps);
void add_lifecycle_routes(net::Router& router, const Shared& deps);

}  // namespace vigil::api
