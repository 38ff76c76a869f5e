#include "vigil/testkit/framework.h"

#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "packs/hotstuff2/catalog.h"
#include "vigil/base/strings.h"
#include "vigil/dashboards/dashboard.h"
#include "vigil/exposition/page_parser.h"
#include "vigil/promql/parser.h"
#include "vigil/telemetry/prometheus_exporter.h"

namespace vigil::testkit {
namespace {

using Json = nlohmann::json;

// --- dashboards ---

void names_in(const promql::Expr& expr, std::set<std::string>& out);

void names_in(const promql::ExprPtr& expr, std::set<std::string>& out) {
  if (expr != nullptr) names_in(*expr, out);
}

void names_in(const promql::Expr& expr, std::set<std::string>& out) {
  if (const auto* selector = promql::as<promql::VectorSelector>(expr)) {
    out.insert(selector->name);
  } else if (const auto* matrix = promql::as<promql::MatrixSelector>(expr)) {
    names_in(matrix->selector, out);
  } else if (const auto* subquery = promql::as<promql::Subquery>(expr)) {
    names_in(subquery->expr, out);
  } else if (const auto* unary = promql::as<promql::Unary>(expr)) {
    names_in(unary->expr, out);
  } else if (const auto* binary = promql::as<promql::Binary>(expr)) {
    names_in(binary->lhs, out);
    names_in(binary->rhs, out);
  } else if (const auto* aggregate = promql::as<promql::Aggregate>(expr)) {
    names_in(aggregate->expr, out);
    names_in(aggregate->param, out);
  } else if (const auto* call = promql::as<promql::Call>(expr)) {
    for (const promql::ExprPtr& argument : call->args) names_in(argument, out);
  } else if (const auto* paren = promql::as<promql::Paren>(expr)) {
    names_in(paren->expr, out);
  }
}

// The expression with Grafana's variables set: a duration inside of [], else a word.
std::string without_variables(std::string_view expr) {
  std::string out;
  bool in_range = false;
  for (std::size_t i = 0; i < expr.size(); ++i) {
    in_range = expr[i] == '[' || (in_range && expr[i] != ']');
    if (expr[i] != '$') {
      out += expr[i];
      continue;
    }
    const bool braces = i + 1 < expr.size() && expr[i + 1] == '{';
    if (braces) {
      i = std::min(expr.find('}', i), expr.size() - 1);
    } else {
      const auto is_word = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
      };
      while (i + 1 < expr.size() && is_word(expr[i + 1])) ++i;
    }
    out += in_range ? "5m" : "x";
  }
  return out;
}

std::set<std::string> series_names(std::span<const metrics::Description> catalog) {
  std::set<std::string> out;
  for (const metrics::Description& metric : catalog) {
    const std::string name(metric.name);
    out.insert(name);
    if (metric.type != MetricType::kHistogram) continue;
    for (const char* suffix : {"_bucket", "_sum", "_count"}) out.insert(name + suffix);
  }
  return out;
}

// --- pages ---

// Series text with its labels sorted, as in Labels; nullopt if the page does not parse.
Result<std::map<std::string, double>> parse_page(std::string_view page) {
  std::map<std::string, double> out;
  exposition::PageParser parser(page, exposition::Format::kText);
  for (;;) {
    switch (parser.next()) {
      case exposition::PageParser::Event::kEnd: return out;
      case exposition::PageParser::Event::kError: return std::unexpected(parser.error());
      case exposition::PageParser::Event::kSample: {
        const std::string series(parser.sample().series);
        if (!out.emplace(series, parser.sample().value).second) {
          return fail(ErrorCode::kAlreadyExists, "the page has " + series + " twice");
        }
        break;
      }
      default: break;
    }
  }
}

std::string series_text(std::string_view name, std::string_view labels) {
  std::string out(name);
  if (!labels.empty()) out += "{" + std::string(labels) + "}";
  return out;
}

}  // namespace

testing::AssertionResult check_grafana_dashboard(std::string_view text, std::span<const metrics::Description> catalog) {
  const Json dashboard = Json::parse(text, nullptr, false);
  if (!dashboard.is_object()) return testing::AssertionFailure() << "the dashboard is not a JSON object";
  std::string problems;
  for (const char* member : {"uid", "title"}) {
    if (!dashboard.contains(member) || !dashboard[member].is_string() || dashboard[member].get<std::string>().empty()) {
      problems += std::string("\n  ") + member + " is missing";
    }
  }
  const std::set<std::string> known = series_names(catalog);
  std::size_t queries = 0;
  const std::function<void(const Json&)> check_panels = [&](const Json& panels) {
    for (const Json& panel : panels) {
      if (!panel.is_object()) continue;
      // Collapsed rows hold their panels.
      if (const auto inner = panel.find("panels"); inner != panel.end()) check_panels(*inner);
      const std::string title = panel.value("title", "");
      const auto targets = panel.find("targets");
      if (targets == panel.end()) continue;
      for (const Json& target : *targets) {
        const std::string expr = target.value("expr", "");
        ++queries;
        const auto parsed = promql::parse(without_variables(expr));
        if (!parsed) {
          problems += "\n  panel \"" + title + "\": " + expr + ": " + parsed.error().message();
          continue;
        }
        std::set<std::string> names;
        names_in(**parsed, names);
        for (const std::string& name : names) {
          if (!known.contains(name))
            problems += "\n  panel \"" + title + "\": no metric \"" + name + "\" in the catalogue";
        }
      }
    }
  };
  if (const auto panels = dashboard.find("panels"); panels != dashboard.end()) check_panels(*panels);
  if (queries == 0) problems += "\n  no panel has a query";
  if (problems.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "dashboard " << dashboard.value("uid", "") << ":" << problems;
}

MetricsTestFramework::MetricsTestFramework()
    : collector(create_test_metrics_collector()), scenario_runner(collector.scheduler()) {}

testing::AssertionResult MetricsTestFramework::test_high_throughput_metrics(std::uint64_t tps, Duration duration) {
  const double before = collector.value("throughput_test_events_total").value_or(0);
  const std::uint64_t observed_before = collector.count("throughput_test_seconds");
  std::uint64_t events = 0;
  for (Duration at = 0; at < duration; at += kSecond) {
    const Duration slice = std::min(kSecond, duration - at);
    const std::uint64_t due = tps * static_cast<std::uint64_t>(slice) / kSecond;
    const double second_before = collector.value("throughput_test_events_total").value_or(0);
    for (std::uint64_t i = 0; i < due; ++i) {
      collector.increment_counter("throughput_test_events");
      collector.record_histogram("throughput_test_seconds", 0.001);
    }
    events += due;
    collector.advance(slice);
    const double counted = collector.value("throughput_test_events_total").value_or(0) - second_before;
    if (counted != static_cast<double>(due)) {
      return testing::AssertionFailure() << counted << " of " << due << " events counted in the second from "
                                         << format_duration(at);
    }
  }
  return assert_metrics_recorded(
      collector, {{.name = "throughput_test_events_total", .value = before + static_cast<double>(events)},
                  {.name = "throughput_test_seconds_count", .value = static_cast<double>(observed_before + events)}});
}

testing::AssertionResult MetricsTestFramework::test_large_scale_network_metrics(std::size_t peer_count) {
  using telemetry::SnapshotFamily;
  const auto sum_of = [](const SnapshotFamily* family) {
    double sum = 0;
    if (family == nullptr) return sum;
    for (const auto& point : family->points) sum += point.value;
    return sum;
  };
  const auto before = collector.snapshot();
  if (!before) return testing::AssertionFailure() << before.error().message();
  const double sum_before = sum_of(before->family("scale_test_messages_total"));
  for (std::size_t peer = 0; peer < peer_count; ++peer) {
    collector.increment_counter("scale_test_messages", {{"peer", "peer-" + std::to_string(peer)}});
    collector.set_gauge("scale_test_round_trip_seconds", 0.02, {{"peer", "peer-" + std::to_string(peer)}});
  }
  const auto after = collector.snapshot();
  if (!after) return testing::AssertionFailure() << after.error().message();
  const double counted = sum_of(after->family("scale_test_messages_total")) - sum_before;
  if (counted != static_cast<double>(peer_count)) {
    return testing::AssertionFailure() << counted << " of " << peer_count << " messages counted";
  }
  for (const char* name : {"scale_test_messages_total", "scale_test_round_trip_seconds"}) {
    const SnapshotFamily* const family = after->family(name);
    const std::size_t series = family == nullptr ? 0 : family->points.size();
    const std::size_t expected = std::min<std::size_t>(peer_count, metrics::kDefaultMaxLabelSets);
    if (series > metrics::kDefaultMaxLabelSets || series < expected) {
      return testing::AssertionFailure() << name << " has " << series << " series, expected " << expected;
    }
    const bool has_other = after->value(name, {{"peer", "other"}}).has_value();
    if (peer_count > metrics::kDefaultMaxLabelSets && !has_other) {
      return testing::AssertionFailure() << name << " has no series for the peers above its cap";
    }
  }
  return testing::AssertionSuccess();
}

BenchmarkResults MetricsTestFramework::benchmark_metrics_collection_overhead(const OverheadOptions& options) {
  return testkit::benchmark_metrics_collection_overhead(options);
}

testing::AssertionResult MetricsTestFramework::test_metrics_accuracy(const TestWorkload& known_workload) {
  // On a collector of its own: totals are compared.
  TestMetricsCollector fresh = create_test_metrics_collector();
  const Timestamp start = fresh.clock().now();
  const ConsensusCounts counts =
      simulate_consensus_load(fresh, known_workload, [&](Duration by) { fresh.advance(by); });
  std::vector<ExpectedMetric> expected;
  const auto exactly = [&](std::string name, double value,
                           std::vector<std::pair<std::string, std::string>> labels = {}) {
    if (value > 0) expected.push_back({.name = std::move(name), .labels = std::move(labels), .value = value});
  };
  const auto number = [](std::uint64_t count) { return static_cast<double>(count); };
  exactly("hotstuff_blocks_proposed_total", number(counts.blocks_proposed), {{"path", "responsive"}});
  exactly("hotstuff_blocks_committed_total", number(counts.blocks_committed));
  exactly("hotstuff_transactions_committed_total", number(counts.transactions));
  exactly("hotstuff_liveness_timeouts_total", number(counts.timeouts));
  exactly("hotstuff_view_changes_total", number(counts.timeouts), {{"reason", "timeout"}});
  exactly("hotstuff_view_changes_total", number(counts.views - counts.timeouts), {{"reason", "qc"}});
  exactly("hotstuff_votes_sent_total", number(counts.votes_sent) / 2, {{"vote_type", "prepare"}});
  exactly("hotstuff_votes_sent_total", number(counts.votes_sent) / 2, {{"vote_type", "commit"}});
  exactly("hotstuff_current_view", number(counts.views));
  exactly("hotstuff_block_commit_time_seconds_count", number(counts.blocks_committed));
  if (counts.blocks_committed > 0) {
    expected.push_back({.name = "hotstuff_block_commit_time_seconds_sum",
                        .value = counts.commit_seconds,
                        .tolerance = 1e-9 * counts.commit_seconds});
  }
  if (expected.empty()) return testing::AssertionFailure() << "the workload is too short for a single view";
  const auto views = static_cast<Duration>(counts.views);
  if (fresh.clock().now() - start != views * known_workload.view_interval) {
    return testing::AssertionFailure() << "time did not move with the views";
  }
  return assert_metrics_recorded(fresh, expected);
}

testing::AssertionResult MetricsTestFramework::test_prometheus_export() {
  collector.increment_counter_by("export_test", 3, {{"label", "with \"quotes\" and \\"}});
  collector.set_gauge("export_test_gauge", -0.5);
  collector.record_histogram("export_test_seconds", 0.3);
  constexpr std::string_view kPrefix = "exported_";
  telemetry::PrometheusExporter exporter(0, std::string(kPrefix));
  if (const auto registered = exporter.register_metrics(collector); !registered) {
    return testing::AssertionFailure() << registered.error().message();
  }
  const auto page = parse_page(exporter.scrape_metrics());
  if (!page) return testing::AssertionFailure() << "the page does not parse: " << page.error().message();
  const auto snapshot = collector.snapshot();
  if (!snapshot) return testing::AssertionFailure() << snapshot.error().message();

  std::string problems;
  std::size_t expected_series = 0;
  const auto expect = [&](const std::string& series, double value) {
    ++expected_series;
    const auto found = page->find(series);
    if (found == page->end()) {
      problems += "\n  " + series + " is missing";
    } else if (found->second != value) {
      problems += "\n  " + series + " is " + format_float(found->second) + ", not " + format_float(value);
    }
  };
  for (const telemetry::SnapshotFamily& family : snapshot->families()) {
    const std::string name = std::string(kPrefix) + family.name;
    for (const telemetry::SnapshotPoint& point : family.points) expect(series_text(name, point.labels), point.value);
    for (const telemetry::SnapshotHistogram& histogram : family.histograms) {
      std::uint64_t below = 0;
      for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
        below += histogram.counts[i];
        std::string labels(histogram.labels);
        const bool last = i == family.bounds.size();
        metrics::append_label(labels, "le", last ? "+Inf" : format_float(family.bounds[i]));
        expect(series_text(name + "_bucket", labels), static_cast<double>(below));
      }
      expect(series_text(name + "_sum", histogram.labels), histogram.sum);
      expect(series_text(name + "_count", histogram.labels), static_cast<double>(histogram.count));
    }
  }
  if (page->size() != expected_series) {
    problems += "\n  the page has " + std::to_string(page->size()) + " series, the collector " +
                std::to_string(expected_series);
  }
  if (problems.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "the exported page differs from the collector:" << problems;
}

testing::AssertionResult MetricsTestFramework::test_grafana_dashboard_generation() {
  namespace catalog = packs::hotstuff2::catalog;
  const struct {
    const char* uid;
    std::span<const metrics::Description> metrics;
  } boards[] = {{"consensus", catalog::kConsensus},
                {"network", catalog::kNetwork},
                {"storage", catalog::kStorage},
                {"everything", catalog::kAll}};
  for (const auto& board : boards) {
    const std::string json =
        dashboards::to_grafana_json(dashboards::dashboard_for(board.uid, board.uid, board.metrics));
    if (auto checked = check_grafana_dashboard(json, board.metrics); !checked) return checked;
  }
  return testing::AssertionSuccess();
}

}  // namespace vigil::testkit
