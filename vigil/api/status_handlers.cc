// /api/v1/status/{buildinfo,config,flags,runtimeinfo,tsdb}.
#include <utility>

#include "vigil/api/handlers.h"
#include "vigil/api/parameters.h"
#include "vigil/api/times.h"

namespace vigil::api {
namespace {

constexpr std::size_t kDefaultTop = 10;
constexpr std::size_t kMaxTop = 10'000;

Result<Data> build_info(const Dependencies& deps) {
  return [build = deps.build](JsonWriter& json) {
    json.begin_object();
    json.member("version", build.version);
    json.member("revision", build.revision);
    json.member("branch", build.branch);
    json.member("buildUser", build.user);
    json.member("buildDate", build.date);
    json.member("goVersion", build.compiler);
    json.end_object();
  };
}

Result<Data> config(const Dependencies& deps) {
  return [text = deps.config_text ? deps.config_text() : std::string()](JsonWriter& json) {
    json.begin_object();
    json.member("yaml", text);
    json.end_object();
  };
}

Result<Data> flags(const Dependencies& deps) {
  return [flags = deps.flags ? deps.flags() : std::map<std::string, std::string>()](JsonWriter& json) {
    json.begin_object();
    for (const auto& [name, value] : flags) json.member(name, value);
    json.end_object();
  };
}

Result<Data> runtime_info(const Dependencies& deps) {
  return [view = deps.runtime ? deps.runtime() : RuntimeView(), now = deps.clock.now()](JsonWriter& json) {
    json.begin_object();
    json.member("startTime", time_text(view.start_time));
    json.member("CWD", view.working_directory);
    json.member("hostname", view.host_name);
    json.member("serverTime", time_text(now));
    json.member("reloadConfigSuccess", view.reload_ok);
    json.member("lastConfigTime", time_text(view.last_config_time));
    json.member("corruptionCount", view.corruptions);
    // Clients expect the names; there is no Go here, so threads stand for goroutines.
    json.member("goroutineCount", view.threads);
    json.member("GOMAXPROCS", view.threads);
    json.member("GOMEMLIMIT", 0);
    json.member("GOGC", "");
    json.member("GODEBUG", "");
    json.member("storageRetention", view.retention);
    json.end_object();
  };
}

void write_counts(JsonWriter& json, std::string_view name, const std::vector<storage::NamedCount>& counts) {
  json.key(name);
  json.begin_array();
  for (const storage::NamedCount& item : counts) {
    json.begin_object();
    json.member("name", item.name);
    json.member("value", item.count);
    json.end_object();
  }
  json.end_array();
}

Result<Data> tsdb(const Dependencies& deps, const net::Request& request) {
  if (!deps.storage_stats) return fail(ErrorCode::kUnavailable, "this server has no storage of its own");
  VIGIL_TRY(std::size_t top, limit_parameter(request.query));
  if (top == 0) {
    if (request.query.has("limit"))
      return std::unexpected(invalid_parameter("limit", "limit must be a positive number"));
    top = kDefaultTop;
  }
  if (top > kMaxTop) return std::unexpected(invalid_parameter("limit", "limit must be at most 10000"));
  return [stats = deps.storage_stats(top)](JsonWriter& json) {
    const bool empty = stats.min_time > stats.max_time;
    json.begin_object();
    json.key("headStats");
    json.begin_object();
    json.member("numSeries", stats.series);
    json.member("numLabelPairs", stats.index.label_pairs);
    json.member("chunkCount", stats.chunks);
    // What Prometheus shows of an empty head.
    json.member("minTime", empty ? kMaxTimestamp : stats.min_time);
    json.member("maxTime", empty ? kMinTimestamp : stats.max_time);
    json.end_object();
    write_counts(json, "seriesCountByMetricName", stats.index.series_by_metric);
    write_counts(json, "labelValueCountByLabelName", stats.index.values_by_label);
    write_counts(json, "memoryInBytesByLabelName", stats.index.bytes_by_label);
    write_counts(json, "seriesCountByLabelValuePair", stats.index.series_by_pair);
    // Beyond Prometheus: what the data costs.
    json.key("vigil");
    json.begin_object();
    json.member("samples", stats.samples);
    json.member("chunkSamples", stats.chunk_samples);
    json.member("chunkBytes", stats.chunk_bytes);
    json.member("bytesPerSample", stats.bytes_per_sample);
    json.member("seriesBytes", stats.series_bytes);
    json.member("indexBytes", stats.index_bytes);
    json.member("bytesPerSeries", stats.bytes_per_series);
    json.member("chunkFileBytes", stats.chunk_file_bytes);
    json.member("walBytes", stats.wal_bytes);
    json.member("checkpointBytes", stats.checkpoint_bytes);
    json.member("openSeconds", stats.open_seconds);
    json.end_object();
    json.end_object();
  };
}

}  // namespace

void add_status_routes(net::Router& router, const Shared& deps) {
  router.get("/api/v1/status/buildinfo",
             [deps](const net::Request&, Writer out) { send(std::move(out), build_info(*deps)); });
  router.get("/api/v1/status/config", [deps](const net::Request&, Writer out) { send(std::move(out), config(*deps)); });
  router.get("/api/v1/status/flags", [deps](const net::Request&, Writer out) { send(std::move(out), flags(*deps)); });
  router.get("/api/v1/status/runtimeinfo",
             [deps](const net::Request&, Writer out) { send(std::move(out), runtime_info(*deps)); });
  router.get("/api/v1/status/tsdb",
             [deps](const net::Request& request, Writer out) { send(std::move(out), tsdb(*deps, request)); });
}

}  // namespace vigil::api
