#include "vigil/promql/test_file.h"

#include <algorithm>
#include <array>
#include <utility>

#include "vigil/promql/functions.h"
#include "vigil/promql/memory_storage.h"
#include "vigil/promql/parser.h"
#include "vigil/promql/test_command.h"
#include "vigil/promql/test_compare.h"
#include "vigil/promql/test_core.h"
#include "vigil/promql/test_load.h"

namespace vigil::promql {
namespace {

class MemoryTestStore final : public TestStore {
 public:
  Appendable& appendable() override { return storage_; }
  Queryable& queryable() override { return storage_; }

 private:
  MemoryStorage storage_;
};

// Calls whose value changes when the query is evaluated at another time, whatever @ says.
bool depends_on_time(std::string_view function) {
  static constexpr std::array<std::string_view, 15> kNames = {
      "days_in_month",  "day_of_month", "day_of_week", "day_of_year", "hour", "minute", "month", "year",
      "predict_linear", "time",         "timestamp",   "start",       "end",  "range",  "step"};
  return std::ranges::find(kNames, function) != kNames.end();
}

// Puts `@ at` on every selector and subquery that has none; what is inside a subquery
// follows the subquery. False if that would not fix the value.
bool pin(Expr& expr, Timestamp at) {
  const auto pin_place = [at](AtKind& kind, Timestamp& timestamp) {
    if (kind == AtKind::kStart || kind == AtKind::kEnd) return false;
    if (kind == AtKind::kNone) {
      kind = AtKind::kTimestamp;
      timestamp = at;
    }
    return true;
  };
  return std::visit(
      [&](auto& node) -> bool {
        using Node = std::decay_t<decltype(node)>;
        if constexpr (std::is_same_v<Node, VectorSelector>) {
          return pin_place(node.at, node.at_timestamp);
        } else if constexpr (std::is_same_v<Node, MatrixSelector>) {
          return pin(*node.selector, at);
        } else if constexpr (std::is_same_v<Node, Subquery>) {
          // Calls inside see the subquery's own times; their being unsafe counts still.
          ExprPtr probe = clone(*node.expr);
          return pin(*probe, at) && pin_place(node.at, node.at_timestamp);
        } else if constexpr (std::is_same_v<Node, Unary> || std::is_same_v<Node, Paren>) {
          return pin(*node.expr, at);
        } else if constexpr (std::is_same_v<Node, Binary>) {
          return pin(*node.lhs, at) && pin(*node.rhs, at);
        } else if constexpr (std::is_same_v<Node, Aggregate>) {
          return pin(*node.expr, at) && (!node.param || pin(*node.param, at));
        } else if constexpr (std::is_same_v<Node, Call>) {
          return !depends_on_time(node.function->name) &&
                 std::ranges::all_of(node.args, [&](ExprPtr& arg) { return pin(*arg, at); });
        } else {
          return true;
        }
      },
      expr.node);
}

std::string at_time(Timestamp time) { return std::to_string(static_cast<double>(time) / 1000) + "s"; }

class FileRun {
 public:
  FileRun(std::string_view name, const TestFileOptions& options)
      : options_(options), engine_(options.engine, *options.clock) {
    result_.name = name;
  }

  TestFileResult run(std::string_view content) {
    std::vector<TestCommand> commands;
    std::size_t error_line = 0;
    const auto read = read_test_commands(content, commands, error_line);
    if (!fresh_store(1)) return std::move(result_);
    for (const TestCommand& command : commands) {
      if (!run_command(command)) return std::move(result_);
    }
    if (!read) add_failure(error_line, read.error().message(), true);
    return std::move(result_);
  }

 private:
  void add_failure(std::size_t line, std::string message, bool core) {
    result_.failures.push_back(TestFileFailure{line, std::move(message), core});
    ++result_.failed;
    if (core) ++result_.core_failed;
  }

  bool fresh_store(std::size_t line) {
    store_.reset();
    auto made = options_.make_store ? options_.make_store()
                                    : Result<std::unique_ptr<TestStore>>(std::make_unique<MemoryTestStore>());
    if (made) {
      store_ = std::move(*made);
    } else {
      add_failure(line, "no store: " + made.error().message(), true);
    }
    return made.has_value();
  }

  // False ends the file.
  bool run_command(const TestCommand& command) {
    if (const auto* load = std::get_if<TestLoad>(&command.what)) {
      classifier_.load(*load);
      const auto loaded = load_test_series(*load, store_->appendable());
      if (!loaded) add_failure(command.line, "load: " + loaded.error().message(), true);
      return loaded.has_value();
    }
    const auto* eval = std::get_if<TestEval>(&command.what);
    if (eval == nullptr) {
      classifier_.clear();
      return fresh_store(command.line);
    }
    const bool core = classifier_.is_core(*eval);
    const auto outcome = eval->is_range ? run_range(*eval) : run_instant(*eval);
    if (outcome) {
      ++result_.passed;
      if (core) ++result_.core_passed;
    } else {
      add_failure(command.line, eval->expression + ": " + outcome.error().message(), core);
    }
    return true;
  }

  Result<void> run_range(const TestEval& eval) {
    const auto result = engine_.range(store_->queryable(), eval.expression, eval.start, eval.end, eval.step);
    return check(eval, result);
  }

  Result<void> check(const TestEval& eval, const Result<QueryResult>& result) const {
    if (eval.fail) {
      if (result) return fail(ErrorCode::kExecution, "expected a failure, the query succeeded");
      return check_failure(*eval.fail, result.error());
    }
    if (!result) return std::unexpected(result.error());
    VIGIL_TRY_VOID(check_annotations(eval, result->annotations));
    return check_value(eval, result->value);
  }

  Result<void> run_instant(const TestEval& eval) {
    const EngineOptions& options = engine_.options();
    VIGIL_TRY(const ExprPtr expr,
              parse(eval.expression, ParserOptions{options.experimental_functions, options.extended_range_selectors,
                                                   options.binop_fill_modifiers, options.duration_expressions}));
    VIGIL_TRY_VOID(run_instant_at(eval, *expr, eval.start));
    if (!options_.reruns) return {};
    const ExprPtr pinned = clone(*expr);
    if (!pin(*pinned, eval.start)) return {};
    const Timestamp t = eval.start;
    const std::array<Timestamp, 5> times = {-10 * t, 0, t / 5, t, 10 * t};
    const std::array<Timestamp, 3> times_of_zero = {-1000, 0, 1000};
    for (const Timestamp at : t == 0 ? std::span<const Timestamp>(times_of_zero) : std::span<const Timestamp>(times)) {
      if (const auto again = run_instant_at(eval, *pinned, at); !again) {
        return std::unexpected(again.error().with_context("with @, evaluated at " + at_time(at)));
      }
    }
    return {};
  }

  // As an instant query, and as the middle of a range query.
  Result<void> run_instant_at(const TestEval& eval, const Expr& expr, Timestamp at) {
    QueryOptions query_options;
    query_options.text = eval.expression;
    const auto result = engine_.instant(store_->queryable(), expr, at, query_options);
    VIGIL_TRY_VOID(check(eval, result));
    if (!options_.reruns || eval.fail || eval.ordered || eval.text || eval.range_vector) return {};
    for (const std::string_view bound : {"start()", "end()", "range()", "step()"}) {
      if (eval.expression.contains(bound)) return {};
    }
    const auto range = engine_.range(store_->queryable(), expr, at - kMinute, at + kMinute, kMinute, query_options);
    if (!range) return std::unexpected(range.error().with_context("as a range query at " + at_time(at)));
    if (const auto checked = check_middle_step(eval, std::get<Matrix>(range->value), at); !checked) {
      return std::unexpected(checked.error().with_context("as a range query at " + at_time(at)));
    }
    return {};
  }

  const TestFileOptions& options_;
  Engine engine_;
  std::unique_ptr<TestStore> store_;
  CoreClassifier classifier_;
  TestFileResult result_;
};

}  // namespace

TestFileOptions::TestFileOptions() {
  engine.max_samples = 10'000;
  engine.timeout = 100 * kSecond;
  engine.delayed_name_removal = true;
  engine.experimental_functions = true;
  engine.extended_range_selectors = true;
  engine.binop_fill_modifiers = true;
}

TestFileResult run_test_file(std::string_view name, std::string_view content, const TestFileOptions& options) {
  return FileRun(name, options).run(content);
}

}  // namespace vigil::promql
