// /federate: the newest samples of chosen series, as a page for another Prometheus.
#include <algorithm>
#include <map>
#include <utility>

#include "vigil/api/handlers.h"
#include "vigil/api/parameters.h"
#include "vigil/base/strings.h"

namespace vigil::api {
namespace {

constexpr std::size_t kPieceBytes = 256U << 10;

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '"') {
      out += "\\\"";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

// Names that the old text format cannot write get underscores, unless the scraper
// said that it reads quoted names.
std::string legacy_name(std::string_view name, bool colons) {
  std::string out(name);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const char c = out[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c == ':' && colons);
    if (!letter && !(c >= '0' && c <= '9' && i > 0)) out[i] = '_';
  }
  return out;
}

struct FederatedSample {
  Labels labels;
  Timestamp timestamp = 0;
  double value = 0;
};

// The newest sample in (now - lookback, now] that is no staleness marker.
Result<std::vector<FederatedSample>> newest_samples(const Dependencies& deps, const MatcherSets& sets,
                                                    const std::stop_token& stop) {
  const Timestamp now = deps.clock.now();
  const Timestamp oldest = now - deps.engine.options().lookback_delta + 1;
  VIGIL_TRY(const auto querier, deps.storage.querier(oldest, now));
  std::vector<FederatedSample> samples;
  SampleColumns columns;
  for (const auto& matchers : sets) {
    VIGIL_TRY(const auto series,
              querier->select(matchers, {.sorted = true, .series_only = false, .limit = 0, .stop = stop}));
    for (std::size_t i = 0; i < series->size(); ++i) {
      if (stop.stop_requested()) return fail(ErrorCode::kCancelled, "the client has gone");
      columns.clear();
      VIGIL_TRY_VOID(series->read(i, oldest, now, columns));
      if (columns.empty()) continue;
      const std::size_t last = columns.size() - 1;
      // The text format has no native histograms.
      if (!columns.histograms.empty() && columns.histograms.back().first == last) continue;
      if (is_stale_nan(columns.values[last])) continue;
      if (samples.size() >= deps.limits.max_federated_series) {
        return fail(ErrorCode::kLimitExceeded,
                    "more than " + std::to_string(deps.limits.max_federated_series) + " series match: ask for fewer");
      }
      samples.push_back({series->labels(i), columns.timestamps[last], columns.values[last]});
    }
  }
  const auto by_name = [](const FederatedSample& a, const FederatedSample& b) {
    const auto order = a.labels.metric_name() <=> b.labels.metric_name();
    return order != 0 ? order < 0 : a.labels < b.labels;
  };
  std::sort(samples.begin(), samples.end(), by_name);
  samples.erase(
      std::unique(samples.begin(), samples.end(), [](const auto& a, const auto& b) { return a.labels == b.labels; }),
      samples.end());
  return samples;
}

void write_sample(std::string& page, const FederatedSample& sample, const Labels& external, bool utf8_names) {
  const std::string_view name = sample.labels.metric_name();
  const bool quoted = utf8_names && !is_legacy_metric_name(name);
  if (!quoted) page += legacy_name(name, true);
  bool first = true;
  const auto label = [&](std::string_view key, std::string_view value) {
    page += first ? '{' : ',';
    first = false;
    if (utf8_names && !is_legacy_label_name(key)) {
      page += '"';
      append_escaped(page, key);
      page += '"';
    } else {
      page += legacy_name(key, false);
    }
    page += "=\"";
    append_escaped(page, value);
    page += '"';
  };
  if (quoted) {
    page += "{\"";
    append_escaped(page, name);
    page += '"';
    first = false;
  }
  for (const LabelView l : sample.labels) {
    if (l.name != kMetricName) label(l.name, l.value);
  }
  for (const LabelView l : external) {
    if (!sample.labels.has(l.name)) label(l.name, l.value);
  }
  // Without it the scraper would invent its own.
  if (!sample.labels.has("instance") && !external.has("instance")) label("instance", "");
  page += first ? " " : "} ";
  append_float(page, sample.value);
  page += ' ';
  page += std::to_string(sample.timestamp);
  page += '\n';
}

void handle(const Dependencies& deps, const net::Request& request, Writer out) {
  const auto bad = [&out](const Error& error) {
    const int status = error.code() == ErrorCode::kInvalidArgument ? 400 : error_type(error.code()).status;
    out->send(net::Response::text(status, error.message() + "\n"));
  };
  const auto params = request.form();
  if (!params) return bad(params.error());
  const auto sets = match_parameters(*params);
  if (!sets) return bad(sets.error());
  const auto samples = newest_samples(deps, *sets, out->stop_token());
  if (!samples) return bad(samples.error());

  const bool utf8_names = request.headers.get("Accept").find("escaping=allow-utf-8") != std::string_view::npos;
  const Labels external = deps.external_labels ? deps.external_labels() : Labels();
  net::Response head;
  head.headers.set("Content-Type", utf8_names ? "text/plain; version=1.0.0; escaping=allow-utf-8; charset=utf-8"
                                              : "text/plain; version=0.0.4; charset=utf-8");
  out->begin(std::move(head));
  std::string page;
  std::string_view family;
  for (const FederatedSample& sample : *samples) {
    if (const std::string_view name = sample.labels.metric_name(); name != family && !name.empty()) {
      family = name;
      const bool quoted = utf8_names && !is_legacy_metric_name(name);
      page += "# TYPE ";
      page += quoted ? go_quote(name) : legacy_name(name, true);
      page += " untyped\n";
    }
    write_sample(page, sample, external, utf8_names);
    if (page.size() < kPieceBytes) continue;
    if (!out->write(page)) return out->finish();
    page.clear();
  }
  if (!page.empty()) out->write(page);
  out->finish();
}

}  // namespace

void add_federate_routes(net::Router& router, const Shared& deps) {
  router.get("/federate", [deps](const net::Request& request, Writer out) { handle(*deps, request, std::move(out)); });
}

}  // namespace vigil::api
