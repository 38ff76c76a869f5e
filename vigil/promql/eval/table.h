// Instant vectors of all steps at once: one row per series, one column per step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/model/labels.h"
#include "vigil/model/native_histogram.h"
#include "vigil/model/sample.h"
#include "vigil/promql/eval/context.h"

namespace vigil::promql {

// "No float here" inside a row. The staleness marker serves, because a vector never
// holds one as data.
inline double absent() { return stale_nan(); }
inline bool is_absent(double value) { return is_stale_nan(value); }

// Histogram samples of a row by step, ascending. A step has a float or a histogram.
using HistogramColumn = std::vector<std::pair<std::uint32_t, HistogramPtr>>;

struct Row {
  Labels labels;
  // The metric name (with __type__ and __unit__) is to be dropped. With immediate
  // dropping everything must act as if these labels were gone; with delayed dropping
  // they are there until the end of the query.
  bool drop_name = false;
  HistogramColumn histograms;
};

// A scalar of every step.
struct Scalars {
  std::vector<double> values;  // one value if it is the same at every step
  double at(std::size_t step) const { return values.size() == 1 ? values[0] : values[step]; }
};

// Movable, owns its memory and accounts for it with the query.
class Table {
 public:
  Table(QueryContext& context, std::size_t steps) : context_(&context), steps_(steps) {}
  Table(Table&& other) noexcept;
  Table& operator=(Table&& other) noexcept;
  ~Table();

  std::size_t steps() const { return steps_; }
  std::size_t size() const { return rows_.size(); }
  bool empty() const { return rows_.empty(); }

  Row& row(std::size_t index) { return rows_[index]; }
  const Row& row(std::size_t index) const { return rows_[index]; }
  std::span<double> values(std::size_t index) { return {values_.get() + index * steps_, steps_}; }
  std::span<const double> values(std::size_t index) const { return {values_.get() + index * steps_, steps_}; }

  bool has_sample(std::size_t index) const;
  bool present(std::size_t index, std::size_t step) const;

  Result<void> reserve(std::size_t rows);
  // Adds a row with uninitialised values (the caller fills all of them).
  Result<std::size_t> add_row(Labels labels, bool drop_name);
  // Adds a row with nothing at any step.
  Result<std::size_t> add_absent_row(Labels labels, bool drop_name);
  void pop_row() { shrink_to(rows_.size() - 1); }
  void clear() { shrink_to(0); }
  // Drops rows without any sample, and gives memory back if little is left.
  void compact();
  // Reorders (and may leave out) rows: new row i is old row order[i], each at most once.
  Result<void> select_rows(std::span<const std::uint32_t> order);
  // Forgets all histogram samples.
  void drop_histograms();
  bool has_histograms() const;

  // The same with `steps` columns, every one like the only one here.
  Result<Table> repeat(std::size_t steps) const;

  // True if all rows are known to bear the same metric name (or none), so that
  // dropping it cannot make two rows equal.
  bool single_name = false;

 private:
  void release();
  void shrink_to(std::size_t rows);
  Result<void> resize_memory(std::size_t rows);

  QueryContext* context_;
  std::size_t steps_;
  std::vector<Row> rows_;
  std::unique_ptr<double[]> values_;
  std::size_t capacity_ = 0;  // rows
  // Samples are charged by rows in use, bytes by capacity.
  std::uint64_t charged_bytes_ = 0;
};

// The histogram of a row at a step, or nullptr.
const HistogramPtr* find_histogram(const HistogramColumn& column, std::size_t step);

}  // namespace vigil::promql
