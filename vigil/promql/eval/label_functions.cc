// label_replace, label_join and the sorts.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "vigil/base/strings.h"
#include "vigil/model/matcher.h"
#include "vigil/promql/eval/functions.h"
#include "vigil/promql/eval/labels.h"
#include "vigil/promql/eval/natural_order.h"

namespace vigil::promql {
namespace {

bool is_label_name(std::string_view name) { return !name.empty() && is_valid_utf8(name); }

// Gives the row `value` for label `name` ("" deletes it).
void set_label(const QueryContext& context, Row& row, std::string_view name, std::string_view value) {
  settle_name(context, row);
  LabelsBuilder labels(row.labels);
  labels.set(name, value);
  row.labels = labels.build();
  if (name == kMetricName) row.drop_name = false;  // a new name is there to stay
}

// Results of range queries are ordered by labels whatever sort() did.
bool order_matters(QueryContext& context, const Expr& expr) {
  if (!context.is_range) return true;
  context.warn("sort is ineffective for range queries since results are always ordered by labels", expr.position);
  return false;
}

}  // namespace

Result<Table> label_replace(QueryContext& context, const Call& call, const StepGrid& grid) {
  const std::string& target = string_argument(*call.args[1]);
  const std::string& replacement = string_argument(*call.args[2]);
  const std::string& source = string_argument(*call.args[3]);
  const std::string& pattern = string_argument(*call.args[4]);
  const auto regex = AnchoredRegex::compile(pattern);
  if (!regex) {
    return fail(ErrorCode::kExecution, "invalid regular expression in label_replace(): " + pattern);
  }
  if (!is_label_name(target)) {
    return fail(ErrorCode::kExecution, "invalid destination label name in label_replace(): " + target);
  }
  VIGIL_TRY(Table table, evaluate_vector(context, *call.args[0], grid));
  std::string value;
  for (std::size_t i = 0; i < table.size(); ++i) {
    VIGIL_TRY_VOID(context.work(16));
    Row& row = table.row(i);
    settle_name(context, row);
    value.clear();
    // The value may be a view into labels that are about to be replaced: copied by expand().
    if (regex->expand(row.labels.get(source), replacement, value)) set_label(context, row, target, value);
  }
  table.single_name = false;
  VIGIL_TRY_VOID(merge_same_labels(context, table));
  return table;
}

Result<Table> label_join(QueryContext& context, const Call& call, const StepGrid& grid) {
  const std::string& target = string_argument(*call.args[1]);
  const std::string& separator = string_argument(*call.args[2]);
  for (std::size_t i = 3; i < call.args.size(); ++i) {
    if (const std::string& source = string_argument(*call.args[i]); !is_label_name(source)) {
      return fail(ErrorCode::kExecution, "invalid source label name in label_join(): " + source);
    }
  }
  if (!is_label_name(target)) {
    return fail(ErrorCode::kExecution, "invalid destination label name in label_join(): " + target);
  }
  VIGIL_TRY(Table table, evaluate_vector(context, *call.args[0], grid));
  std::string value;
  for (std::size_t i = 0; i < table.size(); ++i) {
    VIGIL_TRY_VOID(context.work(16));
    Row& row = table.row(i);
    settle_name(context, row);
    value.clear();
    for (std::size_t j = 3; j < call.args.size(); ++j) {
      if (j > 3) value += separator;
      value += row.labels.get(string_argument(*call.args[j]));
    }
    set_label(context, row, target, value);
  }
  table.single_name = false;
  VIGIL_TRY_VOID(merge_same_labels(context, table));
  return table;
}

Result<Table> sort_by_value(QueryContext& context, const Expr& expr, const Call& call, const StepGrid& grid,
                            SortDirection direction) {
  VIGIL_TRY(Table table, evaluate_vector(context, *call.args[0], grid));
  table.drop_histograms();
  table.compact();
  if (!order_matters(context, expr) || grid.count != 1) return table;
  std::vector<std::uint32_t> order(table.size());
  std::iota(order.begin(), order.end(), 0);
  // NaN comes last in both directions.
  std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) {
    const double left = table.values(a)[0];
    const double right = table.values(b)[0];
    if (std::isnan(left) || std::isnan(right)) return !std::isnan(left);
    return direction == SortDirection::kAscending ? left < right : left > right;
  });
  VIGIL_TRY_VOID(table.select_rows(order));
  return table;
}

Result<Table> sort_by_labels(QueryContext& context, const Expr& expr, const Call& call, const StepGrid& grid,
                             SortDirection direction) {
  VIGIL_TRY(Table table, evaluate_vector(context, *call.args[0], grid));
  if (!order_matters(context, expr) || grid.count != 1) return table;
  for (std::size_t i = 0; i < table.size(); ++i) settle_name(context, table.row(i));
  std::vector<std::uint32_t> order(table.size());
  std::iota(order.begin(), order.end(), 0);
  // The whole label set decides between rows that are equal in the labels given.
  const auto less = [&](std::uint32_t a, std::uint32_t b) {
    const Labels& left = table.row(a).labels;
    const Labels& right = table.row(b).labels;
    for (std::size_t j = 1; j < call.args.size(); ++j) {
      const std::string& name = string_argument(*call.args[j]);
      const auto compared = natural_compare(left.get(name), right.get(name));
      if (compared != 0) return compared < 0;
    }
    return left < right;
  };
  std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) {
    return direction == SortDirection::kAscending ? less(a, b) : less(b, a);
  });
  VIGIL_TRY_VOID(table.select_rows(order));
  return table;
}

}  // namespace vigil::promql
