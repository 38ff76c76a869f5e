#include "vigil/rules/unit_test.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "vigil/base/fake_clock.h"
#include "vigil/base/glob.h"
#include "vigil/base/strings.h"
#include "vigil/promql/engine.h"
#include "vigil/promql/memory_storage.h"
#include "vigil/promql/test_values.h"
#include "vigil/rules/group.h"
#include "vigil/rules/manager.h"
#include "vigil/rules/unit_test_file.h"
#include "vigil/template/value.h"

namespace vigil::rules {
namespace {

std::string indent(std::string_view text, std::string_view by) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '\n') out += by;
  }
  return out;
}

// As promtool prints a list of alerts.
std::string show(const std::vector<ExpectedAlert>& alerts) {
  if (alerts.empty()) return "[]";
  std::string out = "[\n";
  for (std::size_t i = 0; i < alerts.size(); ++i) {
    if (i > 0) out += ",\n";
    out +=
        fmt::format("{}:", i) +
        indent("\nLabels:" + alerts[i].labels.to_string() + "\nAnnotations:" + alerts[i].annotations.to_string(), "  ");
  }
  return out + "\n]";
}

struct ParsedSample {
  Labels labels;
  double value = 0;
  HistogramPtr histogram;
  bool hint_given = false;
};

std::string show(const std::vector<ParsedSample>& samples) {
  if (samples.empty()) return "nil";
  std::string out;
  for (const ParsedSample& sample : samples) {
    if (!out.empty()) out += ", ";
    out += sample.labels.to_string() + " " +
           (sample.histogram ? to_string(*sample.histogram) : templates::format_go_float(sample.value, 'E', -1));
  }
  return out;
}

void sort_by_labels(std::vector<ParsedSample>& samples) {
  std::stable_sort(samples.begin(), samples.end(), [](const auto& a, const auto& b) { return a.labels < b.labels; });
}

bool same_value(double expected, double actual, bool fuzzy) {
  if (std::isnan(expected) && std::isnan(actual)) return true;
  if (expected == actual) return true;
  return fuzzy && (std::nextafter(expected, -INFINITY) == actual || std::nextafter(expected, INFINITY) == actual);
}

// A counter histogram that nothing decreased in since the one before.
bool continues(const NativeHistogram& before, const NativeHistogram& now) {
  const auto none_less = [](const std::vector<double>& a, const std::vector<double>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) { return y >= x; });
  };
  return before.schema == now.schema && before.zero_threshold == now.zero_threshold && now.count >= before.count &&
         now.zero_count >= before.zero_count && before.positive_spans == now.positive_spans &&
         before.negative_spans == now.negative_spans && before.custom_values == now.custom_values &&
         none_less(before.positive_buckets, now.positive_buckets) &&
         none_less(before.negative_buckets, now.negative_buckets);
}

// Gives histograms the counter-reset hints that a Prometheus store returns them with.
void add_hints(std::vector<promql::TestValue>& values) {
  const NativeHistogram* before = nullptr;
  HistogramPtr holder;
  for (promql::TestValue& value : values) {
    if (value.omitted) continue;
    const HistogramPtr original = value.histogram;
    if (original != nullptr && before != nullptr && !value.hint_given && continues(*before, *original)) {
      auto marked = std::make_shared<NativeHistogram>(*original);
      marked->reset_hint = NativeHistogram::ResetHint::kNotReset;
      value.histogram = std::move(marked);
    }
    holder = original;
    before = holder.get();
  }
}

// The input series of a test, appended as time goes on: rules must not see the future.
class Input {
 public:
  Result<void> parse(const TestGroup& test) {
    interval_ = test.interval;
    for (const InputSeries& each : test.input) {
      VIGIL_TRY(Labels labels, promql::parse_labels(each.series));
      VIGIL_TRY(auto values, promql::parse_test_values(each.values));
      add_hints(values);
      series_.push_back(promql::TestSeries{std::move(labels), std::move(values)});
    }
    return {};
  }

  // Everything up to and including `until`.
  Result<void> load(Appendable& store, Timestamp until) {
    const auto appender = store.appender();
    const auto end = until < 0 ? 0 : static_cast<std::size_t>(until / interval_) + 1;
    for (const promql::TestSeries& series : series_) {
      if (loaded_ >= std::min(end, series.values.size())) continue;
      VIGIL_TRY(const SeriesRef ref, appender->resolve(series.labels));
      for (std::size_t i = loaded_; i < std::min(end, series.values.size()); ++i) {
        const promql::TestValue& value = series.values[i];
        if (value.omitted) continue;
        const Timestamp at = static_cast<Timestamp>(i) * interval_;
        VIGIL_TRY_VOID(value.histogram ? appender->append_histogram(ref, at, value.histogram)
                                       : appender->append(ref, at, value.value));
      }
    }
    loaded_ = std::max(loaded_, end);
    return appender->commit();
  }

 private:
  Duration interval_ = kMinute;
  std::vector<promql::TestSeries> series_;
  std::size_t loaded_ = 0;
};

class TestRun {
 public:
  TestRun(const UnitTestFile& file, const TestGroup& test, const std::vector<GroupDefinition>& definitions,
          const promql::ParserOptions& parser)
      : file_(file), test_(test), parser_(parser), engine_(engine_options(file, parser), clock_) {
    surroundings_.query = engine_query(engine_, storage_);
    surroundings_.appendable = &storage_;
    surroundings_.clock = &clock_;
    Settings settings;
    settings.interval = test.interval;
    settings.external_labels = test.external_labels;
    settings.external_url = test.external_url;
    for (const GroupDefinition& definition : definitions) {
      groups_.push_back(std::make_unique<Group>(definition, settings, surroundings_, /*restore=*/false));
    }
    order_groups();
  }

  std::vector<std::string> run() {
    Input input;
    if (auto parsed = input.parse(test_); !parsed) return {"    " + parsed.error().message()};
    const Duration step = file_.evaluation_interval;
    const Duration end = test_.last_eval_time();
    for (Timestamp at = 0; at <= end; at += step) {
      clock_.set(at);
      if (auto loaded = input.load(storage_, at); !loaded) return {"    " + loaded.error().message()};
      if (!evaluate_rules(at)) return std::move(failures_);
      for (const AlertTest& each : test_.alerts) {
        if (each.eval_time >= at && each.eval_time < at + step) check(each);
      }
    }
    if (auto loaded = input.load(storage_, end); !loaded) return {"    " + loaded.error().message()};
    for (const ExpressionTest& each : test_.expressions) check(each);
    return std::move(failures_);
  }

 private:
  static promql::EngineOptions engine_options(const UnitTestFile& file, const promql::ParserOptions& parser) {
    promql::EngineOptions options;
    options.default_subquery_step = file.evaluation_interval;
    options.experimental_functions = parser.experimental_functions;
    options.extended_range_selectors = parser.extended_range_selectors;
    options.binop_fill_modifiers = parser.binop_fill_modifiers;
    options.duration_expressions = parser.duration_expressions;
    return options;
  }

  // Groups of group_eval_order first, the rest as in the files.
  void order_groups() {
    const auto rank = [&](const std::unique_ptr<Group>& group) {
      const auto& order = file_.group_eval_order;
      return std::find(order.begin(), order.end(), group->definition().name) - order.begin();
    };
    std::stable_sort(groups_.begin(), groups_.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  }

  bool evaluate_rules(Timestamp at) {
    bool good = true;
    for (const auto& group : groups_) {
      group->evaluate(at);
      for (const RuleView& rule : group->view().rules) {
        if (rule.last_error.empty()) continue;
        failures_.push_back(
            fmt::format("    rule: {}, time: {}, err: {}", rule.name, format_duration(at), rule.last_error));
        good = false;
      }
    }
    return good;
  }

  void check(const AlertTest& test) {
    std::vector<ExpectedAlert> actual;
    for (const auto& group : groups_) {
      for (const RuleView& rule : group->view().rules) {
        if (!rule.alerting || rule.name != test.alertname) continue;
        for (const AlertView& alert : rule.alerts) {
          if (alert.state == AlertState::kFiring) actual.push_back(ExpectedAlert{alert.labels, alert.annotations});
        }
      }
    }
    std::vector<ExpectedAlert> expected = test.expected;
    std::sort(expected.begin(), expected.end());
    std::sort(actual.begin(), actual.end());
    if (expected == actual) return;
    failures_.push_back(fmt::format("{}    alertname: {}, time: {}, \n        exp:{}, \n        got:{}", test_name(),
                                    test.alertname, format_duration(test.eval_time),
                                    indent(show(expected), "            "), indent(show(actual), "            ")));
  }

  void check(const ExpressionTest& test) {
    const auto fail_with = [&](std::string_view message) {
      failures_.push_back(fmt::format("    expr: {}, time: {}, err: {}", go_quote(test.expression),
                                      format_duration(test.eval_time), message));
    };
    auto parsed = promql::parse(test.expression, parser_);
    if (!parsed) return fail_with(parsed.error().message());
    auto vector = surroundings_.query(**parsed, test.eval_time, "test");
    if (!vector) return fail_with(vector.error().message());
    std::vector<ParsedSample> actual;
    for (promql::InstantSample& sample : *vector) {
      actual.push_back(ParsedSample{sample.labels, sample.point.value, sample.point.histogram, false});
    }
    std::vector<ParsedSample> expected;
    for (const ExpectedSample& sample : test.expected) {
      auto read = parse_expected(sample);
      if (!read) return fail_with(read.error().message());
      expected.push_back(*std::move(read));
    }
    sort_by_labels(expected);
    sort_by_labels(actual);
    const bool equal = std::equal(expected.begin(), expected.end(), actual.begin(), actual.end(),
                                  [&](const ParsedSample& want, const ParsedSample& have) { return same(want, have); });
    if (equal) return;
    failures_.push_back(fmt::format("{}    expr: {}, time: {},\n        exp: {}\n        got: {}", test_name(),
                                    go_quote(test.expression), format_duration(test.eval_time), show(expected),
                                    show(actual)));
  }

  bool same(const ParsedSample& expected, const ParsedSample& actual) const {
    if (expected.labels != actual.labels || (expected.histogram == nullptr) != (actual.histogram == nullptr))
      return false;
    if (expected.histogram == nullptr) return same_value(expected.value, actual.value, file_.fuzzy_compare);
    return promql::histograms_nearly_equal(*expected.histogram, *actual.histogram, expected.hint_given);
  }

  static Result<ParsedSample> parse_expected(const ExpectedSample& sample) {
    ParsedSample out;
    if (!sample.labels.empty()) {
      auto labels = promql::parse_labels(sample.labels);
      if (!labels)
        return fail(labels.error().code(),
                    fmt::format("labels {}: {}", go_quote(sample.labels), labels.error().message()));
      out.labels = *std::move(labels);
    }
    out.value = sample.value;
    if (sample.histogram.empty()) return out;
    VIGIL_TRY(const auto values, promql::parse_test_values(sample.histogram));
    if (values.size() != 1 || values[0].histogram == nullptr) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("histogram {}: expected one histogram", go_quote(sample.histogram)));
    }
    out.histogram = values[0].histogram;
    out.hint_given = values[0].hint_given;
    return out;
  }

  std::string test_name() const { return test_.name.empty() ? "" : fmt::format("    name: {},\n", test_.name); }

  const UnitTestFile& file_;
  const TestGroup& test_;
  const promql::ParserOptions& parser_;
  FakeClock clock_;
  promql::MemoryStorage storage_;
  promql::Engine engine_;
  Surroundings surroundings_;
  std::vector<std::unique_ptr<Group>> groups_;
  std::vector<std::string> failures_;
};

Result<void> run_file(FileSystem& file_system, const UnitTestOptions& options, UnitTestReport& report) {
  std::vector<std::unique_ptr<RE2>> patterns;
  for (const std::string& pattern : options.run) {
    patterns.push_back(std::make_unique<RE2>(pattern, RE2::Quiet));
    if (!patterns.back()->ok()) return fail(ErrorCode::kInvalidArgument, "bad pattern: " + patterns.back()->error());
  }
  VIGIL_TRY(const std::string text, file_system.read_file(report.file));
  VIGIL_TRY(const UnitTestFile file, parse_unit_test_file(text, report.file, options.ignore_unknown_fields));
  std::vector<std::string> rule_files;
  for (const std::string& pattern : file.rule_files) {
    VIGIL_TRY(const auto found,
              expand_glob((std::filesystem::path(report.file).parent_path() / pattern).lexically_normal().string(),
                          file_system));
    if (found.empty()) report.warnings.push_back("no file match pattern " + pattern);
    rule_files.insert(rule_files.end(), found.begin(), found.end());
  }
  RuleFileOptions rule_options;
  rule_options.parser = options.parser;
  rule_options.ignore_unknown_fields = options.ignore_unknown_fields;
  VIGIL_TRY(const auto definitions, load_rule_files(file_system, rule_files, rule_options));
  int number = 0;
  for (const TestGroup& test : file.tests) {
    const std::string name = test.name.empty() ? fmt::format("unnamed#{}", number) : test.name;
    ++number;
    const bool wanted = patterns.empty() || std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) {
                          return RE2::PartialMatch(test.name, *pattern);
                        });
    if (wanted) report.cases.push_back(UnitTestCase{name, TestRun(file, test, definitions, options.parser).run()});
  }
  return {};
}

}  // namespace

bool UnitTestReport::passed() const {
  return error.empty() &&
         std::all_of(cases.begin(), cases.end(), [](const auto& each) { return each.failures.empty(); });
}

std::string UnitTestReport::to_string() const {
  std::string out = "Unit Testing:  " + file + "\n";
  for (const std::string& warning : warnings) out += "  WARNING: " + warning + "\n";
  if (passed()) return out + "  SUCCESS\n";
  out += "  FAILED:\n";
  if (!error.empty()) out += "    " + indent(error, "    ") + "\n";
  for (const UnitTestCase& each : cases) {
    for (const std::string& failure : each.failures) out += failure + "\n";
  }
  return out;
}

UnitTestReport run_unit_tests(FileSystem& file_system, const std::string& file, const UnitTestOptions& options) {
  UnitTestReport report;
  report.file = file;
  if (auto done = run_file(file_system, options, report); !done) report.error = done.error().message();
  return report;
}

}  // namespace vigil::rules
