// /api/v1/series, labels, label/NAME/values and metadata.
#include <algorithm>
#include <set>
#include <utility>

#include "vigil/api/handlers.h"
#include "vigil/api/parameters.h"
#include "vigil/base/strings.h"

namespace vigil::api {
namespace {

const promql::Annotations& truncated() {
  static const promql::Annotations kTruncated{.warnings = {"results truncated due to limit"}, .infos = {}};
  return kTruncated;
}

struct SeriesQuery {
  MatcherSets matchers;
  TimeRange range{0, 0};
  std::size_t limit = 0;
};

Result<SeriesQuery> read_query(const net::Request& request) {
  SeriesQuery query;
  VIGIL_TRY(const net::Params params, request.form());
  VIGIL_TRY(query.limit, limit_parameter(params));
  VIGIL_TRY(query.range, range_parameters(params));
  VIGIL_TRY(query.matchers, match_parameters(params));
  return query;
}

void write_list(JsonWriter& json, const std::vector<std::string>& names) {
  json.begin_array();
  for (const std::string& name : names) json.value(name);
  json.end_array();
}

template <class T>
bool cut(std::vector<T>& list, std::size_t limit) {
  if (limit == 0 || list.size() <= limit) return false;
  list.resize(limit);
  return true;
}

template <class T>
void sort_unique(std::vector<T>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

// Sends a list, cut to `limit`.
template <class T, class Write>
void send_list(Writer out, Result<std::vector<T>> list, std::size_t limit, Write write) {
  if (!list) return send_error(std::move(out), list.error());
  const bool was_cut = cut(*list, limit);
  send_data(
      std::move(out), [&](JsonWriter& json) { write(json, *list); }, was_cut ? truncated() : promql::Annotations());
}

Result<std::vector<Labels>> find_series(const Dependencies& deps, const SeriesQuery& query,
                                        const std::stop_token& stop) {
  if (query.matchers.empty()) return fail(ErrorCode::kInvalidArgument, "no match[] parameter provided");
  VIGIL_TRY(const auto querier, deps.storage.querier(query.range.start, query.range.end));
  std::vector<Labels> found;
  for (const auto& matchers : query.matchers) {
    // One more than asked for, to know whether there are more.
    const SelectHints hints{
        .sorted = true, .series_only = true, .limit = query.limit == 0 ? 0 : query.limit + 1, .stop = stop};
    VIGIL_TRY(const auto set, querier->select(matchers, hints));
    for (std::size_t i = 0; i < set->size(); ++i) found.push_back(set->labels(i));
  }
  sort_unique(found);
  return found;
}

// `list`: Result<vector<string>>(Querier&, matchers, limit) for one set of matchers.
template <class List>
Result<std::vector<std::string>> for_each_set(const Dependencies& deps, const SeriesQuery& query, List list) {
  VIGIL_TRY(const auto querier, deps.storage.querier(query.range.start, query.range.end));
  const std::size_t limit = query.limit == 0 ? 0 : query.limit + 1;
  if (query.matchers.empty()) return list(*querier, std::span<const Matcher>(), limit);
  // Sorted and unique already, as Querier promises; only the lists of more sets are to be merged.
  if (query.matchers.size() == 1) return list(*querier, std::span<const Matcher>(query.matchers[0]), limit);
  std::vector<std::string> all;
  for (const auto& matchers : query.matchers) {
    VIGIL_TRY(std::vector<std::string> some, list(*querier, std::span<const Matcher>(matchers), limit));
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  sort_unique(all);
  return all;
}

void handle_series(const Dependencies& deps, const net::Request& request, Writer out) {
  const auto query = read_query(request);
  if (!query) return send_error(std::move(out), query.error());
  auto found = find_series(deps, *query, out->stop_token());
  send_list(std::move(out), std::move(found), query->limit, [](JsonWriter& json, const std::vector<Labels>& list) {
    json.begin_array();
    for (const Labels& labels : list) {
      if (!json.wanted()) break;
      json.value(labels);
    }
    json.end_array();
  });
}

void handle_labels(const Dependencies& deps, const net::Request& request, Writer out) {
  const auto query = read_query(request);
  if (!query) return send_error(std::move(out), query.error());
  auto names = for_each_set(deps, *query, [](Querier& querier, std::span<const Matcher> matchers, std::size_t limit) {
    return querier.label_names(matchers, limit);
  });
  send_list(std::move(out), std::move(names), query->limit, write_list);
}

void handle_label_values(const Dependencies& deps, const net::Request& request, std::string_view escaped, Writer out) {
  const std::string name = unescape_name(escaped);
  if (!is_valid_utf8(name) || name.empty()) {
    return send_error(std::move(out), Error(ErrorCode::kInvalidArgument, "invalid label name: " + go_quote(name)));
  }
  const auto query = read_query(request);
  if (!query) return send_error(std::move(out), query.error());
  auto values =
      for_each_set(deps, *query, [&name](Querier& querier, std::span<const Matcher> matchers, std::size_t limit) {
        return querier.label_values(name, matchers, limit);
      });
  send_list(std::move(out), std::move(values), query->limit, write_list);
}

Result<Data> metadata(const Dependencies& deps, const net::Request& request) {
  const net::Params& params = request.query;
  VIGIL_TRY(const std::size_t limit, limit_parameter(params));
  // One entry per metric is kept, so any valid limit_per_metric is met.
  if (const auto per_metric = limit_parameter(params, "limit_per_metric"); !per_metric)
    return std::unexpected(per_metric.error());
  std::vector<std::pair<std::string, MetricMetadata>> families;
  if (deps.metadata) families = deps.metadata(params.get("metric"));
  if (limit > 0 && families.size() > limit) families.resize(limit);
  return [families = std::move(families)](JsonWriter& json) {
    json.begin_object();
    for (const auto& [name, metadata] : families) {
      json.key(name);
      json.begin_array();
      json.begin_object();
      json.member("type", to_string(metadata.type));
      json.member("unit", metadata.unit);
      json.member("help", metadata.help);
      json.end_object();
      json.end_array();
    }
    json.end_object();
  };
}

}  // namespace

void add_series_routes(net::Router& router, const Shared& deps) {
  const net::RouteOptions form{.max_body_bytes = deps->limits.max_form_bytes};
  const auto series = [deps](const net::Request& request, Writer out) {
    handle_series(*deps, request, std::move(out));
  };
  const auto labels = [deps](const net::Request& request, Writer out) {
    handle_labels(*deps, request, std::move(out));
  };
  router.get("/api/v1/series", series, form);
  router.post("/api/v1/series", series, form);
  router.get("/api/v1/labels", labels, form);
  router.post("/api/v1/labels", labels, form);
  router.get("/api/v1/label/{name}/values", [deps](const net::Request& request, const net::Params& path, Writer out) {
    handle_label_values(*deps, request, path.get("name"), std::move(out));
  });
  router.get("/api/v1/metadata",
             [deps](const net::Request& request, Writer out) { send(std::move(out), metadata(*deps, request)); });
}

}  // namespace vigil::api
