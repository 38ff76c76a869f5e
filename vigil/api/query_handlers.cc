// /api/v1/query, query_range, query_exemplars, format_query, parse_query and the list
// of running queries.
#include <algorithm>
#include <charconv>
#include <utility>

#include "vigil/api/handlers.h"
#include "vigil/api/parameters.h"
#include "vigil/api/query_json.h"
#include "vigil/base/strings.h"
#include "vigil/promql/parser.h"

namespace vigil::api {
namespace {

promql::ParserOptions parser_options(const promql::Engine& engine) {
  const promql::EngineOptions& o = engine.options();
  return {.experimental_functions = o.experimental_functions,
          .extended_range_selectors = o.extended_range_selectors,
          .binop_fill_modifiers = o.binop_fill_modifiers,
          .duration_expressions = o.duration_expressions};
}

Result<promql::ExprPtr> parse_parameter(const Dependencies& deps, const net::Params& params) {
  auto expr = promql::parse(params.get("query"), parser_options(deps.engine));
  if (!expr) return std::unexpected(invalid_parameter("query", expr.error().message()));
  return expr;
}

struct QueryRequest {
  net::Params params;
  promql::ExprPtr expr;
  promql::QueryOptions options;
  std::size_t limit = 0;
};

Result<void> read_options(const Dependencies& deps, const net::ResponseWriter& out, QueryRequest& query) {
  const net::Params& params = query.params;
  VIGIL_TRY(query.limit, limit_parameter(params));
  VIGIL_TRY(query.options.timeout, duration_parameter(params, "timeout", 0));
  if (params.has("timeout") && !params.get("timeout").empty() && query.options.timeout <= 0) {
    return fail(ErrorCode::kTimeout, "query timed out in expression evaluation");
  }
  VIGIL_TRY(query.options.lookback_delta, duration_parameter(params, "lookback_delta", 0));
  if (query.options.lookback_delta < 0)
    return std::unexpected(invalid_parameter("lookback_delta", "must not be negative"));
  VIGIL_TRY(query.expr, parse_parameter(deps, params));
  query.options.stop = out.stop_token();
  query.options.origin = "api";
  query.options.text = params.get("query");
  return {};
}

// Cuts a result to `limit` series; says so.
void apply_limit(promql::QueryResult& result, std::size_t limit) {
  if (limit == 0) return;
  const auto cut = [&result, limit](auto& series) {
    if (series.size() <= limit) return;
    series.resize(limit);
    result.annotations.warnings.push_back("results truncated due to limit");
  };
  if (auto* vector = std::get_if<promql::Vector>(&result.value)) cut(*vector);
  if (auto* matrix = std::get_if<promql::Matrix>(&result.value)) cut(*matrix);
}

// Errors of the expression itself read like those of the parser.
Error query_error(const Error& error) {
  return error.code() == ErrorCode::kInvalidArgument ? invalid_parameter("query", error.message()) : error;
}

void send_result(Writer out, const QueryRequest& query, Result<promql::QueryResult> result) {
  if (!result) return send_error(std::move(out), query_error(result.error()));
  apply_limit(*result, query.limit);
  const bool with_stats = !query.params.get("stats").empty();
  send_data(
      std::move(out), [&](JsonWriter& json) { write_query_data(json, *result, with_stats); }, result->annotations);
}

Result<std::pair<promql::QueryResult, QueryRequest>> run_instant(const Dependencies& deps, const net::Request& request,
                                                                 const net::ResponseWriter& out) {
  QueryRequest query;
  VIGIL_TRY(query.params, request.form());
  VIGIL_TRY(const Timestamp at, time_parameter(query.params, "time", deps.clock.now()));
  VIGIL_TRY_VOID(read_options(deps, out, query));
  auto result = deps.engine.instant(deps.storage, *query.expr, at, query.options);
  if (!result) return std::unexpected(query_error(result.error()));
  return std::pair(*std::move(result), std::move(query));
}

// Where the steps of a range query are.
struct Steps {
  Timestamp start = 0;
  Timestamp end = 0;
  Duration step = 0;
};

// 11000 -> "11,000"
std::string with_thousands(std::size_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

Result<Steps> read_steps(const Dependencies& deps, const net::Params& params) {
  Steps steps;
  for (const auto& [name, time] : {std::pair{"start", &steps.start}, std::pair{"end", &steps.end}}) {
    auto parsed = parse_time(params.get(name));
    if (!parsed) return std::unexpected(invalid_parameter(name, parsed.error().message()));
    *time = *parsed;
  }
  if (steps.end < steps.start)
    return std::unexpected(invalid_parameter("end", "end timestamp must not be before start time"));
  auto step = parse_api_duration(params.get("step"));
  if (!step) return std::unexpected(invalid_parameter("step", step.error().message()));
  steps.step = *step;
  if (steps.step <= 0) {
    return std::unexpected(invalid_parameter(
        "step", "zero or negative query resolution step widths are not accepted. Try a positive integer"));
  }
  if ((steps.end - steps.start) / steps.step > static_cast<std::int64_t>(deps.limits.max_points_per_series)) {
    return fail(ErrorCode::kInvalidArgument,
                "exceeded maximum resolution of " + with_thousands(deps.limits.max_points_per_series) +
                    " points per timeseries. Try decreasing the query resolution (?step=XX)");
  }
  return steps;
}

void handle_range(const Dependencies& deps, const net::Request& request, Writer out) {
  const auto prepare = [&](QueryRequest& query) -> Result<Steps> {
    VIGIL_TRY(query.params, request.form());
    VIGIL_TRY(const Steps steps, read_steps(deps, query.params));
    VIGIL_TRY_VOID(read_options(deps, *out, query));
    return steps;
  };
  QueryRequest query;
  const Result<Steps> steps = prepare(query);
  if (!steps) return send_error(std::move(out), steps.error());
  auto result = deps.engine.range(deps.storage, *query.expr, steps->start, steps->end, steps->step, query.options);
  send_result(std::move(out), query, std::move(result));
}

Result<Data> exemplars(const Dependencies& deps, const net::Request& request) {
  VIGIL_TRY(const net::Params params, request.form());
  VIGIL_TRY(const TimeRange range, range_parameters(params));
  VIGIL_TRY(const promql::ExprPtr expr, parse_parameter(deps, params));
  std::vector<storage::SeriesExemplars> found;
  if (deps.exemplars) {
    for (const promql::VectorSelector* selector : selectors_of(*expr)) {
      auto more = deps.exemplars(selector->matchers, range.start, range.end);
      std::move(more.begin(), more.end(), std::back_inserter(found));
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.series < b.series; });
    found.erase(
        std::unique(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.series == b.series; }),
        found.end());
  }
  return [found = std::move(found)](JsonWriter& json) {
    json.begin_array();
    for (const auto& [series, list] : found) {
      if (list.empty()) continue;
      json.begin_object();
      json.member("seriesLabels", series);
      json.key("exemplars");
      json.begin_array();
      for (const Exemplar& exemplar : list) {
        json.begin_object();
        json.member("labels", exemplar.labels);
        json.key("value");
        json.sample(exemplar.value);
        json.key("timestamp");
        json.timestamp(exemplar.timestamp);
        json.end_object();
      }
      json.end_array();
      json.end_object();
    }
    json.end_array();
  };
}

Result<Data> format_query(const Dependencies& deps, const net::Request& request) {
  VIGIL_TRY(const net::Params params, request.form());
  VIGIL_TRY(const promql::ExprPtr expr, parse_parameter(deps, params));
  return [text = promql::pretty(*expr)](JsonWriter& json) { json.value(text); };
}

Result<Data> parse_query(const Dependencies& deps, const net::Request& request) {
  VIGIL_TRY(const net::Params params, request.form());
  VIGIL_TRY(promql::ExprPtr expr, parse_parameter(deps, params));
  return [expr = std::shared_ptr<const promql::Expr>(std::move(expr))](JsonWriter& json) {
    write_expression(json, *expr);
  };
}

Result<Data> running(const Dependencies& deps) {
  return [queries = deps.engine.running()](JsonWriter& json) {
    json.begin_array();
    for (const promql::RunningQuery& query : queries) {
      json.begin_object();
      json.member("id", std::to_string(query.id));
      json.member("query", query.expression);
      json.member("origin", query.origin);
      json.member("started", format_rfc3339(query.started));
      json.member("samples", query.samples);
      json.member("bytes", query.bytes);
      json.end_object();
    }
    json.end_array();
  };
}

Result<Data> kill(const Dependencies& deps, std::string_view id_text) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(id_text.data(), id_text.data() + id_text.size(), id);
  const bool is_number = error == std::errc() && end == id_text.data() + id_text.size();
  if (!is_number || !deps.engine.kill(id)) {
    return fail(ErrorCode::kNotFound, "no running query has the id " + go_quote(id_text));
  }
  return [](JsonWriter& json) { json.null(); };
}

}  // namespace

void add_query_routes(net::Router& router, const Shared& deps) {
  const net::RouteOptions form{.max_body_bytes = deps->limits.max_form_bytes};
  const auto both = [&router, &form](std::string_view path, const net::Handler& handler) {
    router.get(path, handler, form);
    router.post(path, handler, form);
  };
  both("/api/v1/query", [deps](const net::Request& request, Writer out) {
    auto run = run_instant(*deps, request, *out);
    if (!run) return send_error(std::move(out), run.error());
    send_result(std::move(out), run->second, std::move(run->first));
  });
  both("/api/v1/query_range",
       [deps](const net::Request& request, Writer out) { handle_range(*deps, request, std::move(out)); });
  both("/api/v1/query_exemplars",
       [deps](const net::Request& request, Writer out) { send(std::move(out), exemplars(*deps, request)); });
  both("/api/v1/format_query",
       [deps](const net::Request& request, Writer out) { send(std::move(out), format_query(*deps, request)); });
  both("/api/v1/parse_query",
       [deps](const net::Request& request, Writer out) { send(std::move(out), parse_query(*deps, request)); });
  router.get("/api/v1/vigil/queries",
             [deps](const net::Request&, Writer out) { send(std::move(out), running(*deps)); });
  router.add("DELETE", "/api/v1/vigil/queries/{id}", [deps](const net::Request&, const net::Params& path, Writer out) {
    send(std::move(out), kill(*deps, path.get("id")));
  });
}

}  // namespace vigil::api
