#include "vigil/promql/engine.h"

#include <algorithm>
#include <list>
#include <optional>
#include <utility>

#include "vigil/base/mutex.h"
#include "vigil/metrics/metrics.h"
#include "vigil/promql/eval/context.h"
#include "vigil/promql/eval/evaluator.h"
#include "vigil/promql/eval/labels.h"
#include "vigil/promql/parser.h"

namespace vigil::promql {
namespace {

struct Entry {
  std::uint64_t id = 0;
  std::string expression;
  std::string origin;
  Timestamp started = 0;
  QueryCounters counters;
};

// Where what the engine does can be seen.
struct EngineMetrics {
  explicit EngineMetrics(metrics::Registry& registry, int max_concurrency)
      : queries{registry, "vigil_promql_queries_total", "Queries answered, by how they ended."},
        seconds{registry, "vigil_promql_query_duration_seconds", "Evaluation of a query, without waiting."},
        queue_seconds{registry, "vigil_promql_query_queue_seconds", "Waiting of a query for a free slot."},
        samples{registry, "vigil_promql_query_samples_total", "Samples read from the store by queries."},
        running{registry, "vigil_promql_queries", "Queries running or waiting now."},
        max{registry, "vigil_promql_queries_concurrent_max", "Queries that may run at one time."} {
    running.set(0);
    max.set(max_concurrency);
  }

  metrics::Counter<"result"> queries;
  metrics::Histogram<> seconds;
  metrics::Histogram<> queue_seconds;
  metrics::Counter<> samples;
  metrics::Gauge<> running;
  metrics::Gauge<> max;
};

std::string_view result_name(const Result<QueryResult>& result) {
  if (result) return "success";
  switch (result.error().code()) {
    case ErrorCode::kInvalidArgument: return "bad_query";
    case ErrorCode::kTimeout: return "timeout";
    case ErrorCode::kCancelled: return "canceled";
    case ErrorCode::kLimitExceeded: return "limit";
    case ErrorCode::kNotSupported: return "not_supported";
    default: return "error";
  }
}

// A table as results. Rows go one by one, so that the peak is one copy and a row.
Vector to_vector(Table& table, Timestamp at) {
  Vector result;
  result.reserve(table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    Row& row = table.row(i);
    Point point{at, table.values(i)[0], nullptr};
    if (!row.histograms.empty()) {
      point.histogram = row.histograms.front().second;
      point.value = 0;
    } else if (is_absent(point.value)) {
      continue;
    }
    result.push_back(InstantSample{std::move(row.labels), std::move(point)});
  }
  return result;
}

Matrix to_matrix(Table& table, const StepGrid& grid) {
  Matrix result;
  result.reserve(table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    Row& row = table.row(i);
    SeriesResult series;
    series.labels = std::move(row.labels);
    const auto values = table.values(i);
    auto histogram = row.histograms.begin();
    const auto present = std::ranges::count_if(values, [](double value) { return !is_absent(value); });
    series.points.reserve(static_cast<std::size_t>(present) + row.histograms.size());
    for (std::size_t step = 0; step < values.size(); ++step) {
      if (histogram != row.histograms.end() && histogram->first == step) {
        series.points.push_back(Point{grid.at(step), 0, (histogram++)->second});
      } else if (!is_absent(values[step])) {
        series.points.push_back(Point{grid.at(step), values[step], nullptr});
      }
    }
    if (!series.points.empty()) result.push_back(std::move(series));
  }
  std::ranges::sort(result, [](const SeriesResult& a, const SeriesResult& b) { return a.labels < b.labels; });
  return result;
}

// A range query of a scalar is one series without labels.
Matrix to_matrix(const Scalars& scalars, const StepGrid& grid) {
  SeriesResult series;
  series.points.reserve(grid.count);
  for (std::size_t step = 0; step < grid.count; ++step) {
    series.points.push_back(Point{grid.at(step), scalars.at(step), nullptr});
  }
  Matrix result;
  result.push_back(std::move(series));
  return result;
}

Result<Value> compute(QueryContext& context, const Expr& expr, const StepGrid& grid) {
  VIGIL_TRY_VOID(context.look_up());
  if (expr.type == ValueType::kMatrix) {
    VIGIL_TRY(Matrix matrix, evaluate_matrix(context, expr, grid.start));
    return Value(std::move(matrix));
  }
  VIGIL_TRY(Evaluated value, evaluate(context, expr, grid));
  if (auto* text = std::get_if<std::string>(&value)) return Value(StringValue{grid.start, std::move(*text)});
  if (auto* scalars = std::get_if<Scalars>(&value)) {
    if (!context.is_range) return Value(Scalar{grid.start, scalars->at(0)});
    VIGIL_TRY_VOID(context.charge(grid.count, grid.count * sizeof(Point)));
    return Value(to_matrix(*scalars, grid));
  }
  Table& table = std::get<Table>(value);
  VIGIL_TRY_VOID(finish_names(context, table));
  // The result is as big again as what it is made of, while both live.
  VIGIL_TRY_VOID(context.charge(0, table.size() * (table.steps() * sizeof(Point) + sizeof(SeriesResult))));
  return context.is_range ? Value(to_matrix(table, grid)) : Value(to_vector(table, grid.start));
}

}  // namespace

struct Engine::Impl {
  Impl(EngineOptions engine_options, Clock& engine_clock) : options(engine_options), clock(engine_clock) {
    if (options.registry != nullptr) counted.emplace(*options.registry, options.max_concurrency);
  }

  // run() and its count.
  Result<QueryResult> serve(Queryable& storage, std::string_view text, const Expr* parsed, const StepGrid& grid,
                            Timestamp end, bool is_range, const QueryOptions& query_options) {
    if (!counted) return run(storage, text, parsed, grid, end, is_range, query_options);
    counted->running.add(1);
    auto result = run(storage, text, parsed, grid, end, is_range, query_options);
    counted->running.add(-1);
    counted->queries.with(result_name(result)).inc();
    if (result) {
      counted->seconds.observe(result->stats.seconds);
      counted->queue_seconds.observe(result->stats.queue_seconds);
      counted->samples.inc(result->stats.samples_read);
    }
    return result;
  }
  Result<QueryResult> run(Queryable& storage, std::string_view text, const Expr* parsed, const StepGrid& grid,
                          Timestamp end, bool is_range, const QueryOptions& query_options);
  // Waits for a slot; the entry is on the list of running queries when it returns.
  Result<std::list<Entry>::iterator> admit(std::string_view text, std::chrono::nanoseconds deadline,
                                           const QueryOptions& query_options);
  void leave(std::list<Entry>::iterator entry);

  const EngineOptions options;
  Clock& clock;
  std::optional<EngineMetrics> counted;
  Mutex mutex;
  CondVar slot_free;
  std::list<Entry> entries GUARDED_BY(mutex);
  std::uint64_t next_id GUARDED_BY(mutex) = 1;
  // Queries get slots in the order they came.
  std::uint64_t next_ticket GUARDED_BY(mutex) = 0;
  std::list<std::uint64_t> waiting GUARDED_BY(mutex);
};

Result<std::list<Entry>::iterator> Engine::Impl::admit(std::string_view text, std::chrono::nanoseconds deadline,
                                                       const QueryOptions& query_options) {
  // Wakes the waiting loop below when the caller gives up.
  const std::stop_callback wake(query_options.stop, [this] {
    MutexLock lock(mutex);
    slot_free.notify_all();
  });
  MutexLock lock(mutex);
  const auto ticket = waiting.insert(waiting.end(), next_ticket++);
  while (waiting.front() != *ticket ||
         entries.size() >= static_cast<std::size_t>(std::max(1, options.max_concurrency))) {
    const bool stopped = query_options.stop.stop_requested();
    if (stopped || clock.steady() > deadline) {
      waiting.erase(ticket);
      slot_free.notify_all();
      return stopped ? fail(ErrorCode::kCancelled, "query was canceled in query queue")
                     : fail(ErrorCode::kTimeout, "query timed out in query queue");
    }
    slot_free.wait(mutex);
  }
  waiting.erase(ticket);
  slot_free.notify_all();  // the next in line may find a slot too
  Entry& entry = entries.emplace_back();
  entry.id = next_id++;
  entry.expression = text;
  entry.origin = query_options.origin;
  entry.started = clock.now();
  return std::prev(entries.end());
}

void Engine::Impl::leave(std::list<Entry>::iterator entry) {
  MutexLock lock(mutex);
  entries.erase(entry);
  slot_free.notify_all();
}

Result<QueryResult> Engine::Impl::run(Queryable& storage, std::string_view text, const Expr* parsed,
                                      const StepGrid& grid, Timestamp end, bool is_range,
                                      const QueryOptions& query_options) {
  const auto seconds = [](std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); };
  ExprPtr owned;
  if (parsed == nullptr) {
    const ParserOptions parser_options{options.experimental_functions, options.extended_range_selectors,
                                       options.binop_fill_modifiers, options.duration_expressions};
    VIGIL_TRY(owned, parse(text, parser_options));
    parsed = owned.get();
  }
  if (is_range && parsed->type != ValueType::kScalar && parsed->type != ValueType::kVector) {
    return fail(ErrorCode::kInvalidArgument, "invalid expression type \"" + std::string(to_string(parsed->type)) +
                                                 "\" for range query, must be Scalar or instant Vector");
  }
  const Duration timeout =
      query_options.timeout > 0 ? std::min(query_options.timeout, options.timeout) : options.timeout;
  const auto came = clock.steady();
  const auto deadline = came + std::chrono::milliseconds(timeout);
  const std::string printed = owned || !query_options.text.empty() ? std::string() : to_string(*parsed);
  const std::string_view shown = owned ? text : query_options.text.empty() ? printed : query_options.text;
  VIGIL_TRY(const auto entry, admit(shown, deadline, query_options));
  const auto admitted = clock.steady();
  struct Leave {
    Impl* impl;
    std::list<Entry>::iterator entry;
    ~Leave() { impl->leave(entry); }
  } const leave{this, entry};

  QueryContext context(options, clock, entry->counters);
  context.text = owned ? text : query_options.text;
  context.query = grid;
  context.query_end = end;
  context.is_range = is_range;
  context.lookback = query_options.lookback_delta > 0 ? query_options.lookback_delta : options.lookback_delta;
  context.default_subquery_step = options.default_subquery_step;
  context.delayed_names = options.delayed_name_removal;
  context.stop = query_options.stop;
  context.deadline = deadline;

  VIGIL_TRY_VOID(context.check_steps(grid.count));
  TimeSpan span;
  VIGIL_TRY_VOID(add_time_span(context, *parsed, grid.start, grid.last(), span));
  std::unique_ptr<Querier> querier;
  if (span.first <= span.last) {
    VIGIL_TRY(querier, storage.querier(span.first, span.last));
  }
  context.querier = querier.get();
  QueryResult result;
  VIGIL_TRY(result.value, compute(context, *parsed, grid));
  result.annotations = context.annotations();
  context.fill_stats(result.stats);
  result.stats.queue_seconds = seconds(admitted - came);
  result.stats.seconds = seconds(clock.steady() - admitted);
  return result;
}

Engine::Engine(EngineOptions options, Clock& clock) : impl_(std::make_unique<Impl>(options, clock)) {}
Engine::~Engine() = default;

const EngineOptions& Engine::options() const { return impl_->options; }

Result<QueryResult> Engine::instant(Queryable& storage, std::string_view expression, Timestamp at,
                                    const QueryOptions& options) {
  return impl_->serve(storage, expression, nullptr, StepGrid{at, 1, 1}, at, false, options);
}

Result<QueryResult> Engine::instant(Queryable& storage, const Expr& expression, Timestamp at,
                                    const QueryOptions& options) {
  return impl_->serve(storage, {}, &expression, StepGrid{at, 1, 1}, at, false, options);
}

namespace {

Result<StepGrid> range_grid(Timestamp start, Timestamp end, Duration step) {
  if (step <= 0) return fail(ErrorCode::kInvalidArgument, "the step of a range query must be positive");
  if (end < start) return fail(ErrorCode::kInvalidArgument, "the end of a range query is before its start");
  return StepGrid{start, step, static_cast<std::size_t>((end - start) / step) + 1};
}

}  // namespace

Result<QueryResult> Engine::range(Queryable& storage, std::string_view expression, Timestamp start, Timestamp end,
                                  Duration step, const QueryOptions& options) {
  VIGIL_TRY(const StepGrid grid, range_grid(start, end, step));
  return impl_->serve(storage, expression, nullptr, grid, end, true, options);
}

Result<QueryResult> Engine::range(Queryable& storage, const Expr& expression, Timestamp start, Timestamp end,
                                  Duration step, const QueryOptions& options) {
  VIGIL_TRY(const StepGrid grid, range_grid(start, end, step));
  return impl_->serve(storage, {}, &expression, grid, end, true, options);
}

std::vector<RunningQuery> Engine::running() const {
  std::vector<RunningQuery> result;
  MutexLock lock(impl_->mutex);
  for (const Entry& entry : impl_->entries) {
    result.push_back(RunningQuery{entry.id, entry.expression, entry.origin, entry.started,
                                  entry.counters.samples.load(std::memory_order_relaxed),
                                  entry.counters.bytes.load(std::memory_order_relaxed)});
  }
  return result;
}

bool Engine::kill(std::uint64_t id) {
  MutexLock lock(impl_->mutex);
  for (Entry& entry : impl_->entries) {
    if (entry.id != id) continue;
    entry.counters.killed.store(true, std::memory_order_relaxed);
    return true;
  }
  return false;
}

}  // namespace vigil::promql
