// Binary operators between vectors: matching is planned once per query, on labels
// alone, and then carried out for all steps.
#pragma once

#include "vigil/promql/ast.h"
#include "vigil/promql/eval/table.h"

namespace vigil::promql {

Result<Table> set_operation(QueryContext& context, BinaryOp op, const VectorMatching& matching, Table left,
                            Table right);

// Arithmetic and comparisons.
Result<Table> match_vectors(QueryContext& context, const Binary& binary, const Position& position, const Table& left,
                            const Table& right);

// Remarks on operands that do not go together ("float", "histogram").
void note_incompatible(QueryContext& context, BinaryOp op, std::string_view left, std::string_view right,
                       const Position& position);
// The result of `op` where a side is a histogram: nothing with a remark, or an error
// where Prometheus computes something that is not supported yet.
Result<void> histogram_operand(QueryContext& context, BinaryOp op, bool left, bool right, const Position& position);

}  // namespace vigil::promql
