// Alerts on error budgets: rules/slo.yml and rules/tests/slo.yml of each pack are what its
// objectives say. With VIGIL_REWRITE=1 in the environment both are written anew.
//
// The minute at which an alert must fire is worked out here, from the shares that went wrong
// and without PromQL; vigil and two promtools must come to the same minute.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "packs/all/all.h"
#include "vigil/base/file_system.h"
#include "vigil/rules/rule_file.h"
#include "vigil/rules/unit_test.h"
#include "vigil/tuning/overrides.h"
#include "vigil/tuning/slo.h"

namespace vigil::packs {
namespace {

// A series behind an objective. Counters rise while requests go well, badly, or both; of
// gauges some never fail.
struct Input {
  std::string_view series;
  bool when_good, when_bad;
};
struct Traffic {
  std::string_view slo;
  bool gauge;
  std::array<Input, 2> inputs;
};
constexpr Traffic kTraffic[] = {
    {"zk_proof_success",
     false,
     {{{"zk_proofs_generated_total{status=\"success\"}", true, false},
       {"zk_proofs_generated_total{status=\"failure\"}", false, true}}}},
    {"zk_verification_latency",
     false,
     {{{"zk_verification_duration_seconds_bucket{le=\"0.1\"}", true, false},
       {"zk_verification_duration_seconds_count", true, true}}}},
    {"zerostate_payment_success",
     false,
     {{{"economic_payments_total{result=\"success\"}", true, false},
       {"economic_payments_total{result=\"failure\"}", false, true}}}},
    {"zerostate_availability",
     true,
     {{{"up{stack=\"zerostate\",role=\"relay\"}", true, true},
       {"up{stack=\"zerostate\",role=\"bootnode\"}", true, false}}}},
    {"l2_rpc_availability",
     true,
     {{{"l2_rpc_up{chain=\"l2\",endpoint=\"sequencer\"}", true, true},
       {"l2_rpc_up{chain=\"l2\",endpoint=\"replica\"}", true, false}}}},
    {"l2_data_submission",
     false,
     {{{"celestia_submissions_total{result=\"success\"}", true, false},
       {"celestia_submissions_total{result=\"failure\"}", false, true}}}},
    {"mpc_transaction_success",
     false,
     {{{"mpc_transactions_total{state=\"approved\"}", true, false},
       {"mpc_transactions_total{state=\"failed\"}", false, true}}}},
    {"mpc_signature_latency",
     false,
     {{{"mpc_signature_duration_seconds_bucket{le=\"5.0\"}", true, false},
       {"mpc_signature_duration_seconds_count", true, true}}}},
    {"hotstuff2_finality_latency",
     false,
     {{{"hotstuff_block_finalization_latency_seconds_bucket{le=\"0.5\"}", true, false},
       {"hotstuff_block_finalization_latency_seconds_count", true, true}}}},
    {"hotstuff2_view_success",
     false,
     {{{"hotstuff_leader_views_total{outcome=\"committed\"}", true, false},
       {"hotstuff_leader_views_total{outcome=\"timed_out\"}", false, true}}}},
};

constexpr int kPerMinute = 10'000;  // requests
constexpr int kGood = 360;          // minutes before trouble
constexpr double kSteady = 4.5;     // times the budget: too much for a month, too little for the fast alert

// Minutes in which this share of the requests fails; of gauges, 1 is the second target down.
struct Phase {
  int minutes;
  double failing;
};

// --- when alerts must fire ----------------------------------------------------

struct Burn {
  int long_window, short_window;  // minutes
  double factor;
};
constexpr std::array kFast{Burn{60, 5, 14.4}, Burn{360, 30, 6}};
constexpr std::array kSlow{Burn{1440, 120, 3}, Burn{4320, 360, 1}};
constexpr int kFastHold = 2, kSlowHold = 60;

// The share that failed at each minute, the first sample being minute 0.
std::vector<double> failing_minutes(const Traffic& traffic, const std::vector<Phase>& phases) {
  std::vector<double> minutes{0};
  for (const Phase& phase : phases) {
    const double share = traffic.gauge ? phase.failing / 2 : phase.failing;  // one of two targets
    minutes.insert(minutes.end(), static_cast<std::size_t>(phase.minutes), share);
  }
  return minutes;
}

// Over the samples of a window that ends at `now`. Prometheus 2 counts the sample on its left
// edge, Prometheus 3 does not.
double ratio(const std::vector<double>& minutes, int now, int window, bool gauge, bool left_open) {
  // A counter's increase lies between two samples: one less than there are samples.
  const int first = std::max(now - window + (left_open ? 1 : 0) + (gauge ? 0 : 1), gauge ? 0 : 1);
  double sum = 0;
  for (int at = first; at <= now; ++at) sum += minutes[static_cast<std::size_t>(at)];
  return first > now ? 0 : sum / (now - first + 1);
}

struct Firing {
  int from = -1, until = -1;  // first and last minute
};

Firing firing(const std::vector<double>& minutes, std::span<const Burn> burns, int hold, double budget, bool gauge,
              bool left_open) {
  Firing result;
  int pending_since = -1;
  for (int now = 0; now < static_cast<int>(minutes.size()); ++now) {
    const bool burning = std::ranges::any_of(burns, [&](const Burn& burn) {
      return ratio(minutes, now, burn.short_window, gauge, left_open) > burn.factor * budget &&
             ratio(minutes, now, burn.long_window, gauge, left_open) > burn.factor * budget;
    });
    if (!burning) pending_since = -1;
    if (burning && pending_since < 0) pending_since = now;
    if (burning && now - pending_since >= hold) {
      if (result.from < 0) result.from = now;
      result.until = now;
    }
  }
  return result;
}

// --- the file ------------------------------------------------------------------

std::string time_of(int minutes) { return format_duration(minutes * kMinute); }

class Tests {
 public:
  Tests(const pack::Pack& pack, const std::vector<rules::GroupDefinition>& rules) : rules_(rules) {
    out_ = fmt::format(
        "# promtool test rules: error budgets, {} requests a minute. Generated from the pack's objectives;\n"
        "# a test keeps this file equal to them. Written anew by VIGIL_REWRITE=1 pack_reference_test.\n"
        "rule_files: [../slo.yml]\n"
        "evaluation_interval: 1m\n"
        "group_eval_order: [{}-slo-ratios, {}-slo-alerts]\n"
        "tests:\n",
        kPerMinute, pack.name, pack.name);
  }

  void add(const pack::Slo& slo, const Traffic& traffic) { slos_.push_back({&slo, &traffic}); }

  std::string finish() {
    outage();
    half_from_the_start();
    leak();
    scenario(
        "12 hours at half the budget", [&] { phases({{720, traffic_->gauge ? 0 : budget() / 2}}); },
        [&] { silent({2, 30, 61, 181, 720}); });
    scenario(
        "two scrapes are missing, then the counters begin at 0", [&] { restart(); },
        [&] { silent({120, 123, 125, 130, 240}); });
    scenario(
        "nothing is asked for",
        [&] {
          for (const Input& input : traffic_->inputs) series(input, "1x120");
        },
        [&] { silent({2, 61, 120}); });
    scenario(
        "the first failure of all, counted from 0; a target more", [&] { first_event(true); },
        [&] { silent({120, 121, 122, 125, 183}); });
    scenario(
        "the first failure of all, of a new series; a target less", [&] { first_event(false); },
        [&] { silent({120, 121, 122, 125, 183}); });
    out_ += "  - name: 'no data'\n    interval: 1m\n    input_series:\n";
    out_ += "      - {series: 'up{stack=\"other\"}', values: '1x120'}\n";
    out_ += "    promql_expr_test:\n";
    for (const int at : {1, 61, 120}) {
      out_ += fmt::format("      - {{expr: 'ALERTS or slo:sli_error:ratio_rate5m', eval_time: {}, exp_samples: []}}\n",
                          time_of(at));
    }
    return std::move(out_);
  }

 private:
  double budget() const { return 1 - slo_->objective; }
  std::string alert(bool fast) const { return fmt::format("{}BudgetBurn{}", slo_->alert, fast ? "Fast" : "Slow"); }

  // One test with the series of every objective, then what it expects of each.
  void scenario(std::string_view name, const std::function<void()>& inputs, const std::function<void()>& alerts,
                const std::function<void()>& queries = {}) {
    out_ += fmt::format("  - name: '{}'\n    interval: 1m\n    input_series:\n", name);
    each(inputs);
    if (queries) {
      out_ += "    promql_expr_test:\n";
      each(queries);
    }
    out_ += "    alert_rule_test:\n";
    each(alerts);
  }
  void each(const std::function<void()>& step) {
    for (const auto& [slo, traffic] : slos_) {
      slo_ = slo, traffic_ = traffic;
      step();
    }
  }
  void series(const Input& input, std::string_view values) {
    out_ += fmt::format("      - {{series: '{}', values: '{}'}}\n", input.series, values);
  }

  // Everything fails: the alert whose long window is an hour or six.
  void outage() {
    const std::vector<Phase> life{{kGood, 0}, {20, 1}, {90, 0}};
    const auto minutes = [&] {
      std::vector<double> failing = failing_minutes(*traffic_, life);
      if (traffic_->gauge) {
        for (double& share : failing) share *= 2;  // both targets
      }
      return failing;
    };
    scenario(
        "everything fails for 20 minutes after 6 good hours",
        [&] {
          for (const Input& input : traffic_->inputs) {
            series(input, traffic_->gauge ? fmt::format("1x{} 0x19 1x89", kGood) : counter(input, life));
          }
        },
        [&] {
          silent_around(true, minutes());
          texts(true, kGood + 15, "100%");
        },
        [&] { fires(true, minutes()); });
  }

  // Both alerts; their texts say how much.
  void half_from_the_start() {
    scenario(
        "half fails from the start", [&] { phases({{120, traffic_->gauge ? 1 : 0.5}}); },
        [&] {
          texts(true, 120, "50%");
          texts(false, 120, "50%");
        });
  }

  // Too little for the fast alert, too much for a month.
  void leak() {
    const auto life = [&] {
      return traffic_->gauge ? std::vector<Phase>{{kGood, 0}, {1, 1}, {489, 0}}
                             : std::vector<Phase>{{kGood, 0}, {170, kSteady * budget()}, {320, 0}};
    };
    const auto minutes = [&] { return failing_minutes(*traffic_, life()); };
    scenario(
        "after 6 good hours 170 minutes at 4.5 times the budget; one of two targets is away for a minute",
        [&] { phases(life()); },
        [&] {
          silent_around(false, minutes());
          EXPECT_EQ(firing(minutes(), kFast, kFastHold, budget(), traffic_->gauge, false).from, -1) << slo_->name;
          silent_rows(true, {1, kGood + 1, kGood + 60, kGood + 169, kGood + 300});
        },
        [&] { fires(false, minutes()); });
  }

  // The first failure ever, of a counter that was there at 0 or was not. Of gauges a target
  // comes, or goes.
  void first_event(bool at_zero) {
    for (const Input& input : traffic_->inputs) {
      if (traffic_->gauge) {
        series(input, input.when_bad ? "1x185" : at_zero ? "_x120 1x65" : "1x120 stale");
      } else if (input.when_good) {
        // What counts the good ones alone lacks the one that failed.
        series(input, input.when_bad ? "0+10000x185" : "0+10000x120 1209999+10000x64");
      } else {
        series(input, at_zero ? "0x120 1x65" : "_x121 1x65");
      }
    }
  }

  std::string counter(const Input& input, const std::vector<Phase>& life) const {
    std::string values;
    std::int64_t now = 0;
    for (const Phase& phase : life) {
      const auto failed = static_cast<std::int64_t>(phase.failing * kPerMinute + 0.5);
      const std::int64_t step = (input.when_good ? kPerMinute - failed : 0) + (input.when_bad ? failed : 0);
      const bool first = values.empty();
      const std::int64_t start = first ? now : now + step;
      if (!first) values += " ";
      values += step == 0 ? fmt::format("{}x{}", start, phase.minutes - (first ? 0 : 1))
                          : fmt::format("{}+{}x{}", start, step, phase.minutes - (first ? 0 : 1));
      now += step * phase.minutes;
    }
    return values;
  }

  void phases(const std::vector<Phase>& life) {
    for (const Input& input : traffic_->inputs) {
      if (!traffic_->gauge) {
        series(input, counter(input, life));
        continue;
      }
      std::string values;
      for (const Phase& phase : life) {
        const bool up = input.when_bad || phase.failing == 0;
        // The first phase has the sample at minute 0 besides.
        values += fmt::format("{}{}x{}", values.empty() ? "" : " ", up ? 1 : 0,
                              values.empty() ? phase.minutes : phase.minutes - 1);
      }
      series(input, values);
    }
  }

  void restart() {
    for (const Input& input : traffic_->inputs) {
      const int step = input.when_good ? kPerMinute : 0;
      series(input, traffic_->gauge ? "1x120 _x2 1x120" : fmt::format("0+{0}x120 _x2 0+{0}x120", step));
    }
  }

  // Neither alert at these minutes.
  void silent(const std::vector<int>& minutes) {
    silent_rows(true, minutes);
    silent_rows(false, minutes);
  }
  void silent_rows(bool fast, const std::vector<int>& minutes) {
    for (const int at : minutes) {
      out_ += fmt::format("      - {{eval_time: {}, alertname: {}, exp_alerts: []}}\n", time_of(at), alert(fast));
    }
  }

  // The first minute at which the alert fires, and one at which it no longer does.
  struct Span {
    int from, over;
  };
  Span span_of(bool fast, const std::vector<double>& minutes) const {
    const std::span<const Burn> burns = fast ? kFast : kSlow;
    const int hold = fast ? kFastHold : kSlowHold;
    const Firing two = firing(minutes, burns, hold, budget(), traffic_->gauge, false);
    const Firing three = firing(minutes, burns, hold, budget(), traffic_->gauge, true);
    EXPECT_GT(two.from, kGood) << slo_->name;
    EXPECT_EQ(two.from, three.from) << slo_->name << ": whether a window's left edge counts must not matter here";
    const int over = std::max(two.until, three.until) + 2;
    EXPECT_LT(over, static_cast<int>(minutes.size())) << slo_->name << ": does not end";
    return {two.from, over};
  }

  void fires(bool fast, const std::vector<double>& minutes) {
    const rules::RuleDefinition& rule = definition(fast);
    std::string labels = fmt::format("alertname=\"{}\",alertstate=\"firing\"", rule.name);
    for (const auto& label : rule.labels) labels += fmt::format(",{}=\"{}\"", label.name, label.value.text());
    out_ += fmt::format(
        "      - expr: 'ALERTS{{alertname=\"{}\",alertstate=\"firing\"}}'\n"
        "        eval_time: {}\n"
        "        exp_samples: [{{labels: 'ALERTS{{{}}}', value: 1}}]\n",
        rule.name, time_of(span_of(fast, minutes).from), labels);
  }
  void silent_around(bool fast, const std::vector<double>& minutes) {
    const Span span = span_of(fast, minutes);
    silent_rows(fast, {kGood, span.from - 1, span.over});
  }

  void texts(bool fast, int at, std::string_view value) {
    const rules::RuleDefinition& rule = definition(fast);
    std::string labels;
    for (const auto& label : rule.labels) {
      labels += fmt::format("{}{}: {}", labels.empty() ? "" : ", ", label.name, label.value.text());
    }
    out_ += fmt::format("      - eval_time: {}\n        alertname: {}\n        exp_alerts:\n", time_of(at), rule.name);
    out_ += fmt::format("          - exp_labels: {{{}}}\n            exp_annotations:\n", labels);
    for (const auto& annotation : rule.annotations) {
      std::string text(annotation.value.text());
      // promtool knows no external URL.
      for (const auto& [written, read] : {std::pair<std::string_view, std::string_view>{"{{ $externalURL }}", ""},
                                          {"{{ $value | humanizePercentage }}", value}}) {
        if (const std::size_t place = text.find(written); place != std::string::npos) {
          text.replace(place, written.size(), read);
        }
      }
      EXPECT_EQ(text.find_first_of("{'"), std::string::npos) << text;
      out_ += fmt::format("              {}: '{}'\n", annotation.name, text);
    }
  }

  const rules::RuleDefinition& definition(bool fast) const {
    for (const auto& group : rules_) {
      for (const auto& rule : group.rules) {
        if (rule.name == alert(fast)) return rule;
      }
    }
    ADD_FAILURE() << "no rule " << alert(fast);
    return rules_.at(0).rules.at(0);
  }

  const std::vector<rules::GroupDefinition>& rules_;
  std::vector<std::pair<const pack::Slo*, const Traffic*>> slos_;
  const pack::Slo* slo_ = nullptr;  // the one being written
  const Traffic* traffic_ = nullptr;
  std::string out_;
};

void expect_file(const std::string& file, const std::string& text) {
  FileSystem& files = FileSystem::real();
  if (std::getenv("VIGIL_REWRITE") != nullptr) {
    ASSERT_TRUE(files.write_file_atomically(file, text));
  }
  const auto committed = files.read_file(file);
  ASSERT_TRUE(committed) << committed.error().message();
  EXPECT_TRUE(*committed == text) << file << " is not what the objectives say: run this test with VIGIL_REWRITE=1";
}

class BudgetAlerts : public ::testing::TestWithParam<const pack::Pack*> {};

// rules/slo.yml is for who loads the rules into a Prometheus; vigil generates the same.
TEST_P(BudgetAlerts, FilesAreTheObjectives) {
  const pack::Pack& pack = *GetParam();
  ASSERT_FALSE(pack.slos.empty());
  const std::string folder = std::string(VIGIL_SOURCE_DIR) + "/packs/" + std::string(pack.name) + "/rules/";
  expect_file(folder + "slo.yml", tuning::slo_rules(pack.name, pack.slos));
  const auto rules = tuning::rule_groups(pack);
  ASSERT_TRUE(rules) << rules.error().message();
  Tests tests(pack, *rules);
  for (const pack::Slo& slo : pack.slos) {
    const auto traffic = std::ranges::find(kTraffic, slo.name, &Traffic::slo);
    ASSERT_NE(traffic, std::end(kTraffic)) << slo.name << " has no series in this test";
    tests.add(slo, *traffic);
  }
  expect_file(folder + "tests/slo.yml", tests.finish());
}

TEST_P(BudgetAlerts, FireAtTheirMinuteAndAreSilentElse) {
  const std::string file =
      std::string(VIGIL_SOURCE_DIR) + "/packs/" + std::string(GetParam()->name) + "/rules/tests/slo.yml";
  const rules::UnitTestReport report = rules::run_unit_tests(FileSystem::real(), file);
  EXPECT_TRUE(report.passed()) << report.to_string();
  EXPECT_EQ(report.cases.size(), 9U);
}

INSTANTIATE_TEST_SUITE_P(Packs, BudgetAlerts, ::testing::ValuesIn(all().begin(), all().end()),
                         [](const auto& each) { return std::string(each.param->name); });

}  // namespace
}  // namespace vigil::packs
