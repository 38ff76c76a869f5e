#include "vigil/tuning/slo.h"

#include <fmt/format.h>

namespace vigil::tuning {
namespace {

constexpr std::string_view kWindows[] = {"5m", "30m", "1h", "2h", "6h", "1d", "3d"};

// The budget of a month burns `factor` times too fast in both windows: the long one says
// that it matters, the short one that it still goes on.
struct Burn {
  std::string_view long_window;
  std::string_view short_window;
  double factor;
};
constexpr Burn kFast[] = {{"1h", "5m", 14.4}, {"6h", "30m", 6}};  // 2 % in an hour, 5 % in six
constexpr Burn kSlow[] = {{"1d", "2h", 3}, {"3d", "6h", 1}};      // 10 % in a day, 10 % in three

std::string in_window(std::string_view expression, std::string_view window) {
  constexpr std::string_view kPlace = "$window";
  std::string text(expression);
  for (std::size_t at = text.find(kPlace); at != std::string::npos; at = text.find(kPlace, at + window.size())) {
    text.replace(at, kPlace.size(), window);
  }
  return text;
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    out += c;
    if (c == '\'') out += c;
  }
  return out + "'";
}

std::string budget(const pack::Slo& slo) { return fmt::format("{:.10g}", 1 - slo.objective); }

std::string burning(const pack::Slo& slo, std::span<const Burn> burns) {
  std::string text;
  for (const Burn& burn : burns) {
    const auto above = [&](std::string_view window) {
      return fmt::format("slo:sli_error:ratio_rate{}{{slo=\"{}\"}} > {:g} * {}", window, slo.name, burn.factor,
                         budget(slo));
    };
    text += fmt::format("{}({} and {})", text.empty() ? "" : " or ", above(burn.short_window), above(burn.long_window));
  }
  return text;
}

void add_record(std::string& out, std::string_view name, const std::string& expr, const pack::Slo& slo,
                std::string_view stack) {
  out += fmt::format("      - record: {}\n        expr: {}\n        labels: {{slo: {}, stack: {}}}\n", name,
                     quoted(expr), slo.name, stack);
}

void add_alert(std::string& out, const pack::Slo& slo, std::string_view stack, bool fast) {
  const std::string name = fmt::format("{}BudgetBurn{}", slo.alert, fast ? "Fast" : "Slow");
  // In the first hours of a server the long windows hold no more than the short ones, and
  // one failure among few requests looks like a fire: it must last.
  out += fmt::format("      - alert: {}\n        expr: {}\n        for: {}\n", name,
                     quoted(burning(slo, fast ? kFast : kSlow)), fast ? "2m" : "1h");
  out += fmt::format("        labels:\n          severity: {}\n          stack: {}\n          slo: {}\n",
                     fast ? "critical" : "warning", stack, slo.name);
  if (!slo.component.empty()) out += fmt::format("          component: {}\n", slo.component);
  out += "        annotations:\n";
  out += fmt::format("          summary: {}\n",
                     quoted(fmt::format("The error budget of {} burns {}", slo.name, fast ? "fast" : "steadily")));
  out += fmt::format(
      "          description: {}\n",
      quoted(fmt::format("{} The objective is {:.10g} %; {{{{ $value | humanizePercentage }}}} went wrong, {} the "
                         "budget of {} %.",
                         slo.description, slo.objective * 100, fast ? "far above" : "above",
                         fmt::format("{:.10g}", (1 - slo.objective) * 100))));
  out += fmt::format("          runbook_url: '{{{{ $externalURL }}}}/runbooks/{}/{}BudgetBurn'\n", stack, slo.alert);
  if (!slo.dashboard.empty()) out += fmt::format("          dashboard_url: /d/{}\n", slo.dashboard);
}

}  // namespace

std::string slo_rules(std::string_view stack, std::span<const pack::Slo> slos) {
  if (slos.empty()) return {};
  std::string out =
      "# Error budgets, generated from the pack's objectives; a test keeps this file equal to them.\n"
      "# Windows and factors: The Site Reliability Workbook, chapter 5.\n"
      "groups:\n";
  out += fmt::format("  - name: {}-slo-ratios\n    rules:\n", stack);
  for (const pack::Slo& slo : slos) {
    for (const std::string_view window : kWindows) {
      add_record(out, fmt::format("slo:sli_error:ratio_rate{}", window), in_window(slo.error_ratio, window), slo,
                 stack);
    }
    const std::string own = fmt::format("{{slo=\"{}\"}}", slo.name);
    add_record(out, "slo:sli_error:ratio_rate30d",
               fmt::format("sum_over_time(slo:sli_error:ratio_rate5m{0}[30d]) / "
                           "count_over_time(slo:sli_error:ratio_rate5m{0}[30d])",
                           own),
               slo, stack);
    add_record(out, "slo:objective:ratio", fmt::format("vector({:.10g})", slo.objective), slo, stack);
    add_record(out, "slo:error_budget:ratio", fmt::format("vector({})", budget(slo)), slo, stack);
    add_record(out, "slo:period_error_budget_remaining:ratio",
               fmt::format("1 - slo:sli_error:ratio_rate30d{} / {}", own, budget(slo)), slo, stack);
  }
  out += fmt::format("  - name: {}-slo-alerts\n    rules:\n", stack);
  for (const pack::Slo& slo : slos) {
    add_alert(out, slo, stack, true);
    add_alert(out, slo, stack, false);
  }
  return out;
}

}  // namespace vigil::tuning
