// Where the samples of a range vector come from: stored series or a subquery's result.
#pragma once

#include <memory>
#include <optional>

#include "vigil/base/error.h"
#include "vigil/model/labels.h"
#include "vigil/promql/ast.h"
#include "vigil/promql/eval/steps.h"
#include "vigil/promql/eval/table.h"
#include "vigil/storage_api/queryable.h"

namespace vigil::promql {

// The right edges of the windows of every step: the step's time, or what @ says,
// minus the offset. Windows are left-open: (end - range, end].
struct WindowEdges {
  StepGrid grid;
  Duration range = 0;
  Duration offset = 0;
  std::optional<Timestamp> fixed;  // @

  Timestamp end(std::size_t step) const { return (fixed ? *fixed : grid.at(step)) - offset; }
  Timestamp first_needed() const { return end(0) - range + 1; }
  Timestamp last_needed() const { return fixed ? end(0) : grid.last() - offset; }
};

std::optional<Timestamp> fixed_time(const QueryContext& context, AtKind at, Timestamp timestamp);

// The series of a range vector, each read once as columns.
class RangeInput {
 public:
  virtual ~RangeInput() = default;
  virtual std::size_t size() const = 0;
  virtual const Labels& labels(std::size_t index) const = 0;
  virtual bool drop_name(std::size_t index) const = 0;
  // All series bear the same metric name.
  virtual bool single_name() const = 0;
  // Fills `out` with all samples any window needs.
  virtual Result<void> read(std::size_t index, SampleColumns& out) = 0;

  const WindowEdges& edges() const { return edges_; }

 protected:
  WindowEdges edges_;
};

// `expr` is a matrix selector or a subquery, maybe in parentheses.
Result<std::unique_ptr<RangeInput>> open_range(QueryContext& context, const Expr& expr, const StepGrid& grid);

// What reading one series holds: charged while the next is read over it.
inline std::uint64_t column_bytes(const SampleColumns& columns) {
  return columns.timestamps.capacity() * sizeof(Timestamp) + columns.values.capacity() * sizeof(double);
}

// The selector inside of a matrix selector, or the expression itself if it is one.
const VectorSelector* find_selector(const Expr& expr);

}  // namespace vigil::promql
