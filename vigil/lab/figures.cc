#include "vigil/lab/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace vigil::lab {
namespace {

constexpr double kSoon = 0.1;  // seconds; what most queries should take less than (ZS-127)

std::string milliseconds(double seconds) { return fmt::format("{:.1f} ms", seconds * 1000); }

std::string share_soon(const std::vector<QueryTime>& queries, double QueryTime::* time) {
  const auto soon = std::ranges::count_if(queries, [&](const QueryTime& query) { return query.*time < kSoon; });
  return fmt::format("{:.1f} %",
                     queries.empty() ? 0 : 100.0 * static_cast<double>(soon) / static_cast<double>(queries.size()));
}

void storage(std::string& out, std::span<const PackFigures> packs) {
  out +=
      "\n## Storage of 24 healthy hours\n\nChunks, index and log together; the aim is less than 100 MB (HS-170, "
      "ZS-126).\n\n"
      "| pack | series | samples | on disk | bytes a sample |\n|---|---|---|---|---|\n";
  for (const PackFigures& each : packs) {
    const Outcome& life = each.day.life;
    out += fmt::format(
        "| {} | {} | {} | {:.1f} MB | {:.2f} |\n", each.pack->name, life.series, life.samples,
        static_cast<double>(life.bytes_on_disk) / 1e6,
        static_cast<double>(life.bytes_on_disk) / static_cast<double>(std::max<std::uint64_t>(life.samples, 1)));
  }
}

void queries(std::string& out, std::span<const PackFigures> packs) {
  out +=
      "\n## Panel queries over that day\n\nEach query of each panel as a graph of 200 points, the fastest of three, in "
      "the "
      "engine without HTTP and JSON;\n`$__range` stands for 15 minutes. The aim is less than 100 ms for most "
      "(ZS-127).\n\n"
      "| pack | queries | < 100 ms over the board's time | < 100 ms over 24 h | slowest over 24 h "
      "|\n|---|---|---|---|---|\n";
  for (const PackFigures& each : packs) {
    const auto& all = each.day.queries;
    const auto slowest = std::ranges::max_element(all, {}, &QueryTime::length_seconds);
    if (slowest == all.end()) continue;
    out += fmt::format("| {} | {} | {} | {} | {}, {} |\n", each.pack->name, all.size(),
                       share_soon(all, &QueryTime::page_seconds), share_soon(all, &QueryTime::length_seconds),
                       slowest->key, milliseconds(slowest->length_seconds));
  }
}

void boards(std::string& out, std::span<const PackFigures> packs) {
  out +=
      "\n## Dashboards\n\nAll queries of a board one after the other, without a browser's drawing; the aim is less "
      "than "
      "2 s (ZS-128).\n\n"
      "| pack | dashboard | queries | as it opens | over 24 h |\n|---|---|---|---|---|\n";
  for (const PackFigures& each : packs) {
    struct Load {
      std::size_t queries = 0;
      double page = 0, day = 0;
    };
    std::map<std::string, Load> loads;
    for (const QueryTime& query : each.day.queries) {
      Load& load = loads[query.board];
      ++load.queries;
      load.page += query.page_seconds;
      load.day += query.length_seconds;
    }
    for (const auto& [uid, load] : loads) {
      out += fmt::format("| {} | `{}` | {} | {} | {} |\n", each.pack->name, uid, load.queries, milliseconds(load.page),
                         milliseconds(load.day));
    }
  }
}

// The soonest of the scenarios that must fire an alert.
void notifications(std::string& out, std::span<const PackFigures> packs) {
  out +=
      "\n## From fault to notification\n\nIn simulated time, `for` and the fault's own growth included; each alert at "
      "the "
      "fault that it tells of soonest.\nAll pairs are in the tables beside this page.\n";
  for (const PackFigures& each : packs) {
    std::map<std::string, std::pair<Duration, std::string_view>> soonest;
    for (const ScenarioResult& result : each.report.scenarios) {
      for (const FiredAlert& alert : result.outcome.alerts) {
        if (std::ranges::find(result.scenario->fires, alert.name) == result.scenario->fires.end()) continue;
        const std::pair found{(alert.fired_at - result.outcome.injected_at) / kSecond * kSecond, result.scenario->name};
        const auto [entry, fresh] = soonest.emplace(alert.name, found);
        if (!fresh) entry->second = std::min(entry->second, found);
      }
    }
    std::vector<std::pair<Duration, std::string>> order;
    for (const auto& [alert, first] : soonest) order.emplace_back(first.first, alert);
    std::ranges::sort(order);
    if (order.empty()) continue;
    out +=
        fmt::format("\n### {}\n\n{} alerts, half of them within {}.\n\n| alert | after | scenario |\n|---|---|---|\n",
                    each.pack->title, order.size(), format_duration(order[(order.size() - 1) / 2].first));
    for (const auto& [after, alert] : order) {
      out += fmt::format("| {} | {} | `{}` |\n", alert, format_duration(after), soonest[alert].second);
    }
  }
}

}  // namespace

std::string figures_page(std::span<const PackFigures> packs, std::string_view machine) {
  std::string out = fmt::format(
      "# Figures of the packs\n\n"
      "What `vigil check pack all --figures docs/scenarios/figures.md` writes. Sizes and times to a notification are "
      "the\n"
      "same at each run; latencies were measured on this machine and vary:\n\n{}\n",
      machine);
  storage(out, packs);
  queries(out, packs);
  boards(out, packs);
  notifications(out, packs);
  return out;
}

}  // namespace vigil::lab
