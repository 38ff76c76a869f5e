// Groups of series, and the aggregations that choose among them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "vigil/promql/ast.h"
#include "vigil/promql/eval/labels.h"
#include "vigil/promql/eval/table.h"

namespace vigil::promql {

// Which rows of a table belong together, the same at all steps.
struct Groups {
  Groups(QueryContext& context, const Aggregate& aggregate, const Table& input);

  std::size_t size() const { return labels.size(); }
  std::span<const std::uint32_t> rows(std::uint32_t group) const {
    return std::span(members).subspan(first[group], first[group + 1] - first[group]);
  }

  std::vector<Labels> labels;  // of the result
  std::vector<bool> drop_name;
  std::vector<std::uint32_t> of_row;
  std::vector<std::uint32_t> first;
  std::vector<std::uint32_t> members;
};

// topk, bottomk, limitk, limit_ratio: some of the input series as they are. In an
// instant query topk and bottomk return them in order. `position` is the whole
// expression's, `parameter` k or the ratio.
Result<Table> choose_series(QueryContext& context, const Aggregate& aggregate, const Position& position, Table input,
                            const Groups& groups, const Scalars& parameter);

}  // namespace vigil::promql
