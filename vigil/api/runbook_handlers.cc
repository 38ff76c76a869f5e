// /api/v1/vigil/runbooks and /api/v1/vigil/runbooks/PACK/NAME: what to do when an alert fires.
#include <algorithm>
#include <string>
#include <utility>

#include "vigil/api/handlers.h"

namespace vigil::api {
namespace {

Result<Data> list(const Dependencies& deps) {
  return [&runbooks = deps.runbooks](JsonWriter& json) {
    json.begin_array();
    for (const RunbookView& runbook : runbooks) {
      json.begin_object();
      json.member("pack", runbook.pack);
      json.member("name", runbook.name);
      json.end_object();
    }
    json.end_array();
  };
}

Result<Data> show(const Dependencies& deps, std::string_view pack, std::string_view name) {
  const auto found = std::ranges::find_if(
      deps.runbooks, [&](const RunbookView& runbook) { return runbook.pack == pack && runbook.name == name; });
  if (found == deps.runbooks.end()) {
    return fail(ErrorCode::kNotFound, "there is no runbook " + std::string(pack) + "/" + std::string(name) +
                                          " among those of the packs that this server has loaded");
  }
  return [&runbook = *found](JsonWriter& json) {
    json.begin_object();
    json.member("pack", runbook.pack);
    json.member("name", runbook.name);
    json.member("markdown", runbook.markdown);
    json.end_object();
  };
}

}  // namespace

void add_runbook_routes(net::Router& router, const Shared& deps) {
  router.get("/api/v1/vigil/runbooks", [deps](const net::Request&, Writer out) { send(std::move(out), list(*deps)); });
  router.get("/api/v1/vigil/runbooks/{pack}/{name}", [deps](const net::Request&, const net::Params& path, Writer out) {
    send(std::move(out), show(*deps, path.get("pack"), path.get("name")));
  });
}

}  // namespace vigil::api
