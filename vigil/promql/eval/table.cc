#include "vigil/promql/eval/table.h"

#include <algorithm>

namespace vigil::promql {

Table::Table(Table&& other) noexcept
    : single_name(other.single_name),
      context_(other.context_),
      steps_(other.steps_),
      rows_(std::move(other.rows_)),
      values_(std::move(other.values_)),
      capacity_(std::exchange(other.capacity_, 0)),
      charged_bytes_(std::exchange(other.charged_bytes_, 0)) {
  other.rows_.clear();
}

Table& Table::operator=(Table&& other) noexcept {
  if (this == &other) return *this;
  release();
  single_name = other.single_name;
  context_ = other.context_;
  steps_ = other.steps_;
  rows_ = std::move(other.rows_);
  other.rows_.clear();
  values_ = std::move(other.values_);
  capacity_ = std::exchange(other.capacity_, 0);
  charged_bytes_ = std::exchange(other.charged_bytes_, 0);
  return *this;
}

Table::~Table() { release(); }

void Table::release() {
  if (!rows_.empty() || charged_bytes_ != 0) context_->release(rows_.size() * steps_, charged_bytes_);
  rows_.clear();
  charged_bytes_ = 0;
}

void Table::shrink_to(std::size_t rows) {
  context_->release((rows_.size() - rows) * steps_, 0);
  rows_.resize(rows);
}

bool Table::has_sample(std::size_t index) const {
  if (!rows_[index].histograms.empty()) return true;
  return std::ranges::any_of(values(index), [](double value) { return !is_absent(value); });
}

bool Table::present(std::size_t index, std::size_t step) const {
  return !is_absent(values(index)[step]) || find_histogram(rows_[index].histograms, step) != nullptr;
}

Result<void> Table::reserve(std::size_t rows) { return rows <= capacity_ ? Result<void>{} : resize_memory(rows); }

Result<void> Table::resize_memory(std::size_t rows) {
  const std::uint64_t bytes = static_cast<std::uint64_t>(rows) * (steps_ * sizeof(double) + sizeof(Row));
  if (bytes > charged_bytes_) {
    VIGIL_TRY_VOID(context_->charge(0, bytes - charged_bytes_));
  } else {
    context_->release(0, charged_bytes_ - bytes);
  }
  charged_bytes_ = bytes;
  auto memory = std::make_unique_for_overwrite<double[]>(rows * steps_);
  std::copy_n(values_.get(), rows_.size() * steps_, memory.get());
  values_ = std::move(memory);
  if (rows > rows_.capacity()) rows_.reserve(rows);
  capacity_ = rows;
  return {};
}

Result<std::size_t> Table::add_row(Labels labels, bool drop_name) {
  if (rows_.size() == capacity_) {
    // Doubles, from a page of values.
    const std::size_t first = std::clamp<std::size_t>(512 / std::max<std::size_t>(steps_, 1), 1, 64);
    VIGIL_TRY_VOID(reserve(std::max(first, capacity_ * 2)));
  }
  VIGIL_TRY_VOID(context_->charge(steps_, 0));
  rows_.push_back(Row{std::move(labels), drop_name, {}});
  return rows_.size() - 1;
}

Result<std::size_t> Table::add_absent_row(Labels labels, bool drop_name) {
  VIGIL_TRY(const std::size_t index, add_row(std::move(labels), drop_name));
  std::ranges::fill(values(index), absent());
  return index;
}

void Table::compact() {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (!has_sample(i)) continue;
    if (kept != i) {
      rows_[kept] = std::move(rows_[i]);
      std::ranges::copy(values(i), values(kept).begin());
    }
    ++kept;
  }
  if (kept == rows_.size()) return;
  shrink_to(kept);
  // Cannot fail: it gives back.
  if (kept < capacity_ / 4) static_cast<void>(resize_memory(kept));
}

Result<void> Table::select_rows(std::span<const std::uint32_t> order) {
  Table selected(*context_, steps_);
  VIGIL_TRY_VOID(selected.reserve(order.size()));
  for (const std::uint32_t from : order) {
    VIGIL_TRY(const std::size_t to, selected.add_row({}, false));
    selected.rows_[to] = std::move(rows_[from]);
    std::ranges::copy(values(from), selected.values(to).begin());
  }
  selected.single_name = single_name;
  *this = std::move(selected);
  return {};
}

void Table::drop_histograms() {
  for (Row& row : rows_) row.histograms.clear();
}

bool Table::has_histograms() const {
  return std::ranges::any_of(rows_, [](const Row& row) { return !row.histograms.empty(); });
}

Result<Table> Table::repeat(std::size_t steps) const {
  Table wide(*context_, steps);
  VIGIL_TRY_VOID(wide.reserve(rows_.size()));
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    VIGIL_TRY(const std::size_t to, wide.add_row(rows_[i].labels, rows_[i].drop_name));
    std::ranges::fill(wide.values(to), values(i)[0]);
    if (rows_[i].histograms.empty()) continue;
    HistogramColumn& column = wide.rows_[to].histograms;
    for (std::uint32_t step = 0; step < steps; ++step) column.emplace_back(step, rows_[i].histograms.front().second);
  }
  wide.single_name = single_name;
  return wide;
}

const HistogramPtr* find_histogram(const HistogramColumn& column, std::size_t step) {
  if (column.empty()) return nullptr;
  const auto found = std::ranges::lower_bound(column, step, {}, &HistogramColumn::value_type::first);
  return found != column.end() && found->first == step ? &found->second : nullptr;
}

}  // namespace vigil::promql
