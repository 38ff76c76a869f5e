// topk, bottomk, limitk, limit_ratio.
#include <algorithm>
#include <cmath>

#include "vigil/promql/eval/aggregate.h"
#include "vigil/promql/eval/numbers.h"

namespace vigil::promql {
namespace {

// Where a series falls in [0, 1): the same in every query of this process, whatever
// other series there are.
double ratio_offset(const Labels& labels) { return static_cast<double>(labels.hash()) * 0x1p-64; }

bool in_ratio(double ratio, const Labels& labels) {
  const double offset = ratio_offset(labels);
  return ratio >= 0 ? offset < ratio : offset >= 1 + ratio;
}

}  // namespace

Result<Table> choose_series(QueryContext& context, const Aggregate& aggregate, const Position& position, Table input,
                            const Groups& groups, const Scalars& parameter) {
  const AggregateOp op = aggregate.op;
  const bool by_value = op == AggregateOp::kTopK || op == AggregateOp::kBottomK;
  if (by_value && input.has_histograms()) {
    const bool any_k = std::ranges::any_of(parameter.values, [](double k) { return k >= 1; });
    if (any_k) context.info("ignored histogram in " + std::string(to_string(op)) + " aggregation", position);
    input.drop_histograms();
  }
  // NaN loses against everything; among equals the series that came first stays.
  const auto better = [&](std::size_t step) {
    return [&, step](std::uint32_t a, std::uint32_t b) {
      const double left = input.values(a)[step];
      const double right = input.values(b)[step];
      if (std::isnan(left) || std::isnan(right)) {
        if (std::isnan(left) && std::isnan(right)) return a < b;
        return !std::isnan(left);
      }
      if (left != right) return op == AggregateOp::kTopK ? left > right : left < right;
      return a < b;
    };
  };

  std::vector<std::uint32_t> present;
  std::vector<std::uint32_t> order;  // of the rows chosen, for an instant query
  const auto drop_cell = [&](std::uint32_t row, std::size_t step) {
    input.values(row)[step] = absent();
    std::erase_if(input.row(row).histograms, [step](const auto& entry) { return entry.first == step; });
  };
  for (std::size_t step = 0; step < input.steps(); ++step) {
    const double value = parameter.at(step);
    const double ratio = std::clamp(value, -1.0, 1.0);
    const auto limit =
        static_cast<std::size_t>(value < 1 ? 0 : std::min(to_int64(value), static_cast<std::int64_t>(input.size())));
    for (std::uint32_t group = 0; group < groups.size(); ++group) {
      present.clear();
      for (const std::uint32_t row : groups.rows(group)) {
        if (input.present(row, step)) present.push_back(row);
      }
      VIGIL_TRY_VOID(context.work(groups.rows(group).size() + present.size()));
      std::size_t kept = 0;
      if (op == AggregateOp::kLimitRatio) {
        const auto out = std::ranges::stable_partition(
            present, [&](std::uint32_t row) { return ratio != 0 && in_ratio(ratio, input.row(row).labels); });
        kept = static_cast<std::size_t>(out.begin() - present.begin());
      } else {
        kept = std::min(limit, present.size());
        if (by_value) {
          std::ranges::partial_sort(present, present.begin() + static_cast<std::ptrdiff_t>(kept), better(step));
        }
      }
      for (std::size_t i = 0; i < kept && input.steps() == 1; ++i) order.push_back(present[i]);
      for (std::size_t i = kept; i < present.size(); ++i) drop_cell(present[i], step);
    }
  }
  if (input.steps() == 1) {
    VIGIL_TRY_VOID(input.select_rows(order));
  } else {
    input.compact();
  }
  return input;
}

}  // namespace vigil::promql
