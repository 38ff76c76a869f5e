// Prometheus' HTTP API (/api/v1), /federate, and the /-/ paths that operate a server.
//
//   net::Router router;
//   api::add_routes(router, {.engine = engine, .storage = db, .clock = clock, …});
//
// Everything behind the API is named here as an interface or a function, so that
// this module knows no concrete server. A function that is not given switches off
// what needs it: the path answers with an empty list, or with an error that says so.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vigil/api/views.h"
#include "vigil/base/clock.h"
#include "vigil/health/health.h"
#include "vigil/metrics/registry.h"
#include "vigil/model/labels.h"
#include "vigil/model/sample.h"
#include "vigil/net/router.h"
#include "vigil/promql/engine.h"
#include "vigil/rules/group.h"
#include "vigil/storage/database.h"
#include "vigil/storage_api/appender.h"
#include "vigil/storage_api/queryable.h"

namespace vigil::api {

struct Limits {
  std::size_t max_points_per_series = 11'000;  // of a range query
  std::uint64_t max_form_bytes = 10U << 20;    // bodies of queries
  std::uint64_t max_write_bytes = 64U << 20;   // a remote write request, compressed
  std::uint64_t max_write_decoded_bytes = 256U << 20;
  std::size_t max_write_samples = 5'000'000;  // in one request
  std::size_t max_federated_series = 1'000'000;
};

// Ownership: whatever is referred to outlives the router. Functions are called from any thread.
struct Dependencies {
  promql::Engine& engine;
  Queryable& storage;
  Clock& clock;
  Limits limits = {};

  // Remote write; null: not enabled (--web.enable-remote-write-receiver).
  Appendable* receiver = nullptr;

  std::function<std::vector<std::pair<std::string, MetricMetadata>>(std::string_view metric)> metadata = {};
  std::function<std::vector<storage::SeriesExemplars>(std::span<const Matcher>, Timestamp, Timestamp)> exemplars = {};
  std::function<TargetsView()> targets = {};
  std::function<std::vector<rules::GroupView>()> rule_groups = {};
  std::vector<RunbookView> runbooks = {};
  std::function<std::vector<std::string>()> alertmanagers = {};  // URLs that get alerts
  std::function<storage::Stats(std::size_t top)> storage_stats = {};
  std::function<std::string()> config_text = {};  // secrets hidden
  std::function<std::map<std::string, std::string>()> flags = {};
  std::function<RuntimeView()> runtime = {};
  BuildView build = {};
  std::function<Labels()> external_labels = {};  // put on federated series
  std::string external_url = {};                 // for globalUrl of targets

  // /-/ready; absent: always ready.
  std::function<bool()> ready = {};
  // --web.enable-lifecycle: null answers 403.
  std::function<Result<void>()> reload = {};
  std::function<void()> quit = {};

  // Both: /metrics, /health, /healthz, /ready, /readyz.
  metrics::Registry* registry = nullptr;
  health::HealthChecker* health = nullptr;
  bool serve_ui = true;  // the web page below /
};

void add_routes(net::Router& router, Dependencies dependencies);

}  // namespace vigil::api
