#include "vigil/promql/eval/selector.h"

#include <algorithm>

#include "vigil/promql/eval/evaluator.h"

namespace vigil::promql {
namespace {

// Reading a series takes about as long as computing this many values, and longer when
// the store has to go to disk: the clock is looked at every few dozen series.
constexpr std::size_t kReadCost = 512;

// Equal names make equal label sets after dropping them impossible.
bool names_one_metric(const VectorSelector& selector) {
  return std::ranges::any_of(selector.matchers, [](const Matcher& matcher) {
    return matcher.name() == kMetricName && matcher.type() == Matcher::Type::kEqual;
  });
}

Result<std::unique_ptr<SeriesSet>> select(QueryContext& context, const VectorSelector& selector) {
  if (selector.mode != RangeMode::kPlain) {
    return fail(ErrorCode::kNotSupported, selector.mode == RangeMode::kAnchored
                                              ? "the anchored modifier is not supported yet"
                                              : "the smoothed modifier is not supported yet");
  }
  SelectHints hints;
  hints.stop = context.stop;
  VIGIL_TRY_VOID(context.look_up());
  return context.querier->select(selector.matchers, hints);
}

class SelectedRange final : public RangeInput {
 public:
  SelectedRange(QueryContext& context, std::unique_ptr<SeriesSet> series, const WindowEdges& edges, bool single_name)
      : context_(context), series_(std::move(series)), single_name_(single_name) {
    edges_ = edges;
  }
  std::size_t size() const override { return series_->size(); }
  const Labels& labels(std::size_t index) const override { return series_->labels(index); }
  bool drop_name(std::size_t) const override { return false; }
  bool single_name() const override { return single_name_; }
  Result<void> read(std::size_t index, SampleColumns& out) override {
    VIGIL_TRY_VOID(series_->read(index, edges_.first_needed(), edges_.last_needed(), out));
    context_.count_read(out.size());
    return context_.work(out.size() + kReadCost);
  }

 private:
  QueryContext& context_;
  std::unique_ptr<SeriesSet> series_;
  bool single_name_;
};

// The points of a subquery: an evaluation over steps of its own.
class SubqueryRange final : public RangeInput {
 public:
  SubqueryRange(QueryContext& context, Table table, const StepGrid& inner, const WindowEdges& edges)
      : context_(context), table_(std::move(table)), inner_(inner) {
    edges_ = edges;
  }
  std::size_t size() const override { return table_.size(); }
  const Labels& labels(std::size_t index) const override { return table_.row(index).labels; }
  bool drop_name(std::size_t index) const override { return table_.row(index).drop_name; }
  bool single_name() const override { return table_.single_name; }
  Result<void> read(std::size_t index, SampleColumns& out) override {
    const auto values = table_.values(index);
    for (std::size_t step = 0; step < inner_.count; ++step) {
      if (is_absent(values[step])) continue;
      out.timestamps.push_back(inner_.at(step));
      out.values.push_back(values[step]);
    }
    if (!table_.row(index).histograms.empty()) add_histograms(table_.row(index).histograms, out);
    return context_.work(inner_.count);
  }

 private:
  void add_histograms(const HistogramColumn& column, SampleColumns& out) const {
    SampleColumns merged;
    std::size_t next = 0;
    for (const auto& [step, histogram] : column) {
      const Timestamp at = inner_.at(step);
      for (; next < out.size() && out.timestamps[next] < at; ++next) {
        merged.timestamps.push_back(out.timestamps[next]);
        merged.values.push_back(out.values[next]);
      }
      merged.histograms.emplace_back(merged.size(), without_hint(histogram));
      merged.timestamps.push_back(at);
      merged.values.push_back(0);
    }
    for (; next < out.size(); ++next) {
      merged.timestamps.push_back(out.timestamps[next]);
      merged.values.push_back(out.values[next]);
    }
    out = std::move(merged);
  }

  // What a hint says about its neighbour in the store is not true of the neighbour here.
  static HistogramPtr without_hint(const HistogramPtr& histogram) {
    using Hint = NativeHistogram::ResetHint;
    if (histogram->reset_hint != Hint::kReset && histogram->reset_hint != Hint::kNotReset) return histogram;
    auto copy = std::make_shared<NativeHistogram>(*histogram);
    copy->reset_hint = Hint::kUnknown;
    return copy;
  }

  QueryContext& context_;
  Table table_;
  StepGrid inner_;
};

// The multiples of `step` in (end(0) - range, last end].
StepGrid subquery_grid(const WindowEdges& edges, Duration step) {
  const Timestamp after = edges.end(0) - edges.range;
  StepGrid inner;
  inner.step = step;
  inner.start = step * (after / step);  // towards zero
  if (inner.start <= after) inner.start += step;
  const Timestamp last = edges.last_needed();
  inner.count = last < inner.start ? 0 : static_cast<std::size_t>((last - inner.start) / step) + 1;
  return inner;
}

Result<std::unique_ptr<RangeInput>> open_subquery(QueryContext& context, const Subquery& subquery,
                                                  const StepGrid& grid) {
  WindowEdges edges{grid, 0, 0, fixed_time(context, subquery.at, subquery.at_timestamp)};
  VIGIL_TRY(edges.range, evaluate_duration(context, subquery.range));
  VIGIL_TRY(edges.offset, evaluate_duration(context, subquery.offset));
  Duration step = context.default_subquery_step;
  if (subquery.step) {
    VIGIL_TRY(const Duration given, evaluate_duration(context, *subquery.step));
    if (given > 0) step = given;
  }
  const StepGrid inner = subquery_grid(edges, step);
  if (inner.count == 0) {
    return std::make_unique<SubqueryRange>(context, Table(context, 0), inner, edges);
  }
  VIGIL_TRY_VOID(context.check_steps(inner.count));
  const Expr& expr = *subquery.expr;
  if (expr.type == ValueType::kScalar) {
    VIGIL_TRY(const Scalars scalars, evaluate_scalar(context, expr, inner));
    Table table(context, inner.count);
    VIGIL_TRY(const std::size_t row, table.add_row({}, false));
    for (std::size_t i = 0; i < inner.count; ++i) table.values(row)[i] = scalars.at(i);
    return std::make_unique<SubqueryRange>(context, std::move(table), inner, edges);
  }
  VIGIL_TRY(Table table, evaluate_vector(context, expr, inner));
  return std::make_unique<SubqueryRange>(context, std::move(table), inner, edges);
}

// Fills one row of an instant selector: at every step the newest sample of
// (end - lookback, end], unless it is a staleness marker. One pass over both.
bool fill_row(const SampleColumns& samples, const WindowEdges& edges, SelectorCell cell, std::span<double> values,
              HistogramColumn& histograms) {
  const std::size_t n = samples.size();
  std::size_t next = 0;  // the first sample after this step
  std::size_t next_histogram = 0;
  bool any = false;
  for (std::size_t step = 0; step < values.size(); ++step) {
    const Timestamp end = edges.end(step);
    while (next < n && samples.timestamps[next] <= end) ++next;
    values[step] = absent();
    if (next == 0) continue;
    const std::size_t at = next - 1;
    if (samples.timestamps[at] <= end - edges.range) continue;
    while (next_histogram < samples.histograms.size() && samples.histograms[next_histogram].first < at) {
      ++next_histogram;
    }
    const bool is_histogram =
        next_histogram < samples.histograms.size() && samples.histograms[next_histogram].first == at;
    if (is_stale_nan(is_histogram ? samples.histograms[next_histogram].second->sum : samples.values[at])) continue;
    any = true;
    if (cell == SelectorCell::kTimestamp) {
      values[step] = static_cast<double>(samples.timestamps[at]) / 1000;
    } else if (is_histogram) {
      histograms.emplace_back(static_cast<std::uint32_t>(step), samples.histograms[next_histogram].second);
    } else {
      values[step] = samples.values[at];
    }
  }
  return any;
}

}  // namespace

std::optional<Timestamp> fixed_time(const QueryContext& context, AtKind at, Timestamp timestamp) {
  switch (at) {
    case AtKind::kNone: return std::nullopt;
    case AtKind::kTimestamp: return timestamp;
    case AtKind::kStart: return context.query.start;
    case AtKind::kEnd: return context.query_end;
  }
  return std::nullopt;
}

const VectorSelector* find_selector(const Expr& expr) {
  if (const auto* matrix = as<MatrixSelector>(expr)) return as<VectorSelector>(unparenthesised(*matrix->selector));
  return as<VectorSelector>(expr);
}

Result<std::unique_ptr<RangeInput>> open_range(QueryContext& context, const Expr& expr, const StepGrid& grid) {
  const Expr& bare = unparenthesised(expr);
  if (const auto* subquery = as<Subquery>(bare)) return open_subquery(context, *subquery, grid);
  const auto* matrix = as<MatrixSelector>(bare);
  const VectorSelector* selector = find_selector(bare);
  if (matrix == nullptr || selector == nullptr) return fail(ErrorCode::kInternal, "range vector expected");
  WindowEdges edges{grid, 0, 0, fixed_time(context, selector->at, selector->at_timestamp)};
  VIGIL_TRY(edges.range, evaluate_duration(context, matrix->range));
  VIGIL_TRY(edges.offset, evaluate_duration(context, selector->offset));
  VIGIL_TRY(auto series, select(context, *selector));
  return std::make_unique<SelectedRange>(context, std::move(series), edges, names_one_metric(*selector));
}

Result<Table> evaluate_selector(QueryContext& context, const VectorSelector& selector, const StepGrid& grid,
                                SelectorCell cell) {
  WindowEdges edges{grid, context.lookback, 0, fixed_time(context, selector.at, selector.at_timestamp)};
  VIGIL_TRY(edges.offset, evaluate_duration(context, selector.offset));
  VIGIL_TRY(const auto series, select(context, selector));
  Table table(context, grid.count);
  table.single_name = names_one_metric(selector);
  SampleColumns samples;
  Charge charge(context);
  for (std::size_t i = 0; i < series->size(); ++i) {
    samples.clear();
    VIGIL_TRY_VOID(series->read(i, edges.first_needed(), edges.last_needed(), samples));
    if (samples.empty()) continue;
    VIGIL_TRY_VOID(charge.set(samples.size(), column_bytes(samples)));
    context.count_read(samples.size());
    VIGIL_TRY_VOID(context.work(samples.size() + grid.count + kReadCost));
    VIGIL_TRY(const std::size_t row, table.add_row(series->labels(i), false));
    if (!fill_row(samples, edges, cell, table.values(row), table.row(row).histograms)) table.pop_row();
  }
  return table;
}

Result<std::vector<SeriesResult>> evaluate_matrix(QueryContext& context, const Expr& expr, Timestamp at) {
  VIGIL_TRY(const auto input, open_range(context, expr, StepGrid{at, 1, 1}));
  const Timestamp end = input->edges().end(0);
  const Timestamp begin = end - input->edges().range;
  std::vector<SeriesResult> result;
  SampleColumns samples;
  for (std::size_t i = 0; i < input->size(); ++i) {
    samples.clear();
    VIGIL_TRY_VOID(input->read(i, samples));
    // The result leaves with the caller: its memory is charged and stays so.
    VIGIL_TRY_VOID(context.charge(samples.size(), samples.size() * sizeof(Point)));
    Row row{input->labels(i), input->drop_name(i), {}};
    SeriesResult series;
    series.labels = row.drop_name ? row.labels.without_name() : row.labels;
    auto histogram = samples.histograms.begin();
    for (std::size_t j = 0; j < samples.size(); ++j) {
      Point point{samples.timestamps[j], samples.values[j], nullptr};
      if (histogram != samples.histograms.end() && histogram->first == j) point.histogram = (histogram++)->second;
      if (point.timestamp <= begin || point.timestamp > end) continue;
      if (is_stale_nan(point.histogram ? point.histogram->sum : point.value)) continue;
      series.points.push_back(std::move(point));
    }
    if (!series.points.empty()) result.push_back(std::move(series));
  }
  std::ranges::sort(result, [](const SeriesResult& a, const SeriesResult& b) { return a.labels < b.labels; });
  return result;
}

}  // namespace vigil::promql
