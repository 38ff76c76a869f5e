// /api/v1/targets and scrape_pools.
#include <algorithm>
#include <utility>

#include "vigil/api/handlers.h"
#include "vigil/api/times.h"
#include "vigil/net/url.h"

namespace vigil::api {
namespace {

// The target's URL as seen from outside: a loopback host becomes that of the external URL.
std::string global_url(const std::string& url, const std::string& external_url) {
  auto target = net::Url::parse(url);
  const auto external = net::Url::parse(external_url);
  if (!target || !external) return url;
  if (target->host != "localhost" && target->host != "127.0.0.1" && target->host != "::1") return url;
  target->host = external->host;
  return target->to_string();
}

void write_active(JsonWriter& json, const ActiveTarget& target, const std::string& external_url) {
  json.begin_object();
  json.member("discoveredLabels", target.discovered);
  json.member("labels", target.labels);
  json.member("scrapePool", target.pool);
  json.member("scrapeUrl", net::redact_url(target.url));
  json.member("globalUrl", net::redact_url(global_url(target.url, external_url)));
  json.member("lastError", target.last_error);
  json.member("lastScrape", time_text(target.last_scrape));
  json.member("lastScrapeDuration", target.last_scrape_seconds);
  json.member("health", target.health);
  json.member("scrapeInterval", format_duration(target.interval));
  json.member("scrapeTimeout", format_duration(target.timeout));
  json.end_object();
}

Result<Data> targets(const Dependencies& deps, const net::Request& request) {
  std::string state(request.query.get("state"));
  std::transform(state.begin(), state.end(), state.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const bool active = state != "dropped";
  const bool dropped = state != "active";
  const std::string pool(request.query.get("scrapePool"));
  TargetsView view;
  if (deps.targets) view = deps.targets();
  return [view = std::move(view), active, dropped, pool, external_url = deps.external_url](JsonWriter& json) {
    const auto wanted = [&pool](const std::string& name) { return pool.empty() || pool == name; };
    json.begin_object();
    json.key("activeTargets");
    json.begin_array();
    for (const ActiveTarget& target : view.active) {
      if (active && wanted(target.pool)) write_active(json, target, external_url);
    }
    json.end_array();
    json.key("droppedTargets");
    json.begin_array();
    for (const DroppedTarget& target : view.dropped) {
      if (!dropped || !wanted(target.pool)) continue;
      json.begin_object();
      json.member("discoveredLabels", target.discovered);
      json.member("scrapePool", target.pool);
      json.end_object();
    }
    json.end_array();
    json.key("droppedTargetCounts");
    if (dropped) {
      json.begin_object();
      for (const auto& [name, count] : view.dropped_counts) {
        if (wanted(name)) json.member(name, count);
      }
      json.end_object();
    } else {
      json.null();
    }
    json.end_object();
  };
}

Result<Data> scrape_pools(const Dependencies& deps) {
  std::vector<std::string> pools;
  if (deps.targets) pools = deps.targets().pools;
  std::sort(pools.begin(), pools.end());
  return [pools = std::move(pools)](JsonWriter& json) {
    json.begin_object();
    json.key("scrapePools");
    json.begin_array();
    for (const std::string& pool : pools) json.value(pool);
    json.end_array();
    json.end_object();
  };
}

}  // namespace

void add_target_routes(net::Router& router, const Shared& deps) {
  router.get("/api/v1/targets",
             [deps](const net::Request& request, Writer out) { send(std::move(out), targets(*deps, request)); });
  router.get("/api/v1/scrape_pools",
             [deps](const net::Request&, Writer out) { send(std::move(out), scrape_pools(*deps)); });
}

}  // namespace vigil::api
