// Alerts on error budgets: multi-window, multi-burn-rate (Beyer et al., "The Site
// Reliability Workbook", chapter 5). The ratios are recorded under the names that sloth
// uses, so that its dashboards fit.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "vigil/pack/pack.h"

namespace vigil::tuning {

// A Prometheus rule file: per SLO the error ratios of eight windows, objective and budget
// left, and two alerts, `<alert>BudgetBurnFast` (critical: the month's budget would be gone
// in two to five days) and `<alert>BudgetBurnSlow` (warning). Empty without SLOs. The same
// bytes for the same SLOs.
std::string slo_rules(std::string_view stack, std::span<const pack::Slo> slos);

}  // namespace vigil::tuning
