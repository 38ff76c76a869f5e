#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "vigil/lab/figures.h"
#include "vigil/lab/pack_check.h"
#include "vigil/lab/vocabulary.h"
#include "vigil/metrics/metrics.h"

namespace vigil::lab {
namespace {

constexpr metrics::GaugeDef<> kPressure{"boiler_pressure_bars", "Pressure."};
constexpr metrics::CounterDef<"result"> kStarts{
    "boiler_starts_total", "Starts.", {.closed = {metrics::closed<"result", "ok", "failed">}}};
constexpr metrics::HistogramDef<> kStartSeconds{"boiler_start_seconds", "Start time.", metrics::buckets<1.0, 5.0>};
constexpr std::array kCatalog{kPressure.describe(), kStarts.describe(), kStartSeconds.describe()};
constexpr std::string_view kForeignLabels[] = {"mode"};
constexpr pack::ForeignMetric kForeign[] = {{"node_cpu_seconds_total", MetricType::kCounter, kForeignLabels}};

TEST(Vocabulary, FindsWhatMakesNoSense) {
  pack::Pack pack;
  pack.name = "boiler";
  pack.catalog = kCatalog;
  pack.foreign = kForeign;
  Vocabulary vocabulary(pack);
  vocabulary.add_recorded("boiler:starts:rate5m");
  struct Case {
    const char* expression;
    const char* problem;  // null: none
  };
  const Case cases[] = {
      {"boiler_pressure_bars > 5", nullptr},
      {"boiler_pressure > 5", "unknown metric boiler_pressure"},
      {"sum by (result) (rate(boiler_starts_total[5m]))", nullptr},
      {"sum by (outcome) (rate(boiler_starts_total[5m]))", "nothing below has the label outcome to group by"},
      {"boiler_starts_total{outcome=\"ok\"}", "boiler_starts_total has no label outcome"},
      {"boiler_starts_total{result=\"good\"}", "label result of boiler_starts_total is never \"good\""},
      {"boiler_starts_total{result=~\"ok|bad\"}", "label result of boiler_starts_total is never \"bad\""},
      {"boiler_starts_total{result=~\"o.*\",job=\"x\",stack=\"boiler\"}", nullptr},
      {"rate(boiler_pressure_bars[5m])", "rate() of the gauge boiler_pressure_bars"},
      {"deriv(boiler_starts_total[5m])", "deriv() of the counter boiler_starts_total"},
      {"histogram_quantile(0.9, sum by (le) (rate(boiler_start_seconds_bucket[5m]))) > 5", nullptr},
      {"(histogram_quantile(0.9, rate(boiler_start_seconds_bucket[5m]))) > 3",
       "the threshold 3 is no bucket bound of boiler_start_seconds_bucket"},
      {"boiler_start_seconds", "unknown metric boiler_start_seconds"},
      {"sum by (le) (boiler_start_seconds_count)", "nothing below has the label le to group by"},
      {"sum by (mode) (rate(node_cpu_seconds_total{stack=\"boiler\"}[5m])) and up == 1", nullptr},
      {"sum by (anything) (boiler:starts:rate5m{x=\"y\"})", nullptr},
      {"sum by (kind) (label_replace(boiler_pressure_bars, \"kind\", \"$1\", \"job\", \"(.*)\"))", nullptr},
      {"sum(", "does not parse: 1:5: parse error: unclosed left parenthesis"},
  };
  for (const Case& c : cases) {
    const auto problems = vocabulary.check(c.expression);
    EXPECT_EQ(problems, c.problem == nullptr ? std::vector<std::string>() : std::vector<std::string>{c.problem})
        << c.expression;
  }
}

// Starts every ten seconds, takes half a second; "stuck" lets the pressure rise.
class Boiler final : public pack::Simulation {
 public:
  explicit Boiler(const pack::SimulationOptions& options) : scheduler_(*options.scheduler), timer_(scheduler_) {
    processes_.push_back({"boiler", "b:1", std::make_unique<metrics::Registry>()});
    pressure_ = std::make_unique<metrics::Gauge<>>(*processes_[0].registry, kPressure);
    starts_ = std::make_unique<metrics::Counter<"result">>(*processes_[0].registry, kStarts);
    duration_ = std::make_unique<metrics::Histogram<>>(*processes_[0].registry, kStartSeconds);
  }
  void start() override { tick(); }
  std::span<pack::Process> processes() override { return processes_; }
  Result<void> inject(std::string_view fault) override {
    if (fault == "down") {
      processes_[0].up = false;
    } else if (fault == "stuck") {
      stuck_ = true;
    } else {
      return std::unexpected(Error(ErrorCode::kNotFound, "no such fault"));
    }
    return {};
  }
  void clear() override {
    stuck_ = false;
    processes_[0].up = true;
  }

 private:
  void tick() {
    pressure_->set(stuck_ ? 9 : 3);
    starts_->with("ok").inc();
    duration_->observe(0.5);
    timer_.arm(scheduler_.clock().now() + 10 * kSecond, [this] { tick(); });
  }
  Scheduler& scheduler_;
  std::vector<pack::Process> processes_;
  std::unique_ptr<metrics::Gauge<>> pressure_;
  std::unique_ptr<metrics::Counter<"result">> starts_;
  std::unique_ptr<metrics::Histogram<>> duration_;
  bool stuck_ = false;
  Timer timer_;
};

constexpr std::string_view kRules = R"(
groups:
  - name: boiler
    rules:
      - alert: BoilerPressureHigh
        expr: boiler_pressure_bars > 5
        for: 1m
        labels: {severity: critical, stack: boiler}
        annotations: {summary: s, description: d, runbook_url: '{{ $externalURL }}/runbooks/boiler/BoilerPressureHigh', dashboard_url: /d/boiler}
      - alert: BoilerDown
        expr: up{job="boiler"} == 0
        labels: {severity: critical, stack: boiler}
        annotations: {summary: s, description: d, runbook_url: '{{ $externalURL }}/runbooks/boiler/BoilerDown'}
)";
constexpr pack::File kFiles[] = {{"boiler.yml", kRules}};
constexpr pack::File kRunbooks[] = {{"BoilerDown", "# BoilerDown\n"}, {"BoilerPressureHigh", "# BoilerPressureHigh\n"}};
constexpr std::string_view kHigh[] = {"BoilerPressureHigh"};
constexpr std::string_view kDown[] = {"BoilerDown"};
constexpr pack::Scenario kScenarios[] = {
    {"healthy", "Nothing.", {}, {}}, {"stuck", "A valve sticks.", kHigh, {}}, {"down", "Out.", kDown, {}}};

std::vector<dashboards::Dashboard> boards() {
  return {{.uid = "boiler",
           .title = "Boiler",
           .variables = {{.name = "instance", .label = "Instance", .query = "label_values(up, instance)"}},
           .rows = {{"",
                     {{.title = "Pressure",
                       .queries = {dashboards::query("", "#1{instance=~\"$instance\"}", kPressure)},
                       .description = "Of the boiler."},
                      {.title = "Failures",
                       .queries = {dashboards::query("", "increase(#1{result=\"failed\"}[$__range])", kStarts)},
                       .description = "Failed starts."}}}}}};
}

pack::Pack boiler() {
  pack::Pack pack;
  pack.name = "boiler";
  pack.title = "Boiler";
  pack.catalog = kCatalog;
  pack.rules = kFiles;
  pack.runbooks = kRunbooks;
  pack.dashboards = &boards;
  pack.scenarios = kScenarios;
  pack.simulate = [](const pack::SimulationOptions& options) -> std::unique_ptr<pack::Simulation> {
    return std::make_unique<Boiler>(options);
  };
  return pack;
}

TEST(Experiment, AFaultFiresItsAlertAndIsResolved) {
  const auto outcome = run(boiler(), kScenarios[1]);
  ASSERT_TRUE(outcome) << outcome.error().message();
  ASSERT_EQ(outcome->alerts.size(), 1U);
  const FiredAlert& alert = outcome->alerts[0];
  EXPECT_EQ(alert.name, "BoilerPressureHigh");
  EXPECT_GE(alert.fired_at, outcome->injected_at + kMinute);
  EXPECT_LE(alert.fired_at, outcome->injected_at + kMinute + 40 * kSecond);
  EXPECT_GT(alert.resolved_at, outcome->cleared_at);
  EXPECT_LT(alert.resolved_at, outcome->cleared_at + kMinute);
  EXPECT_EQ(judge(kScenarios[1], *outcome), std::vector<std::string>());
  EXPECT_EQ(judge(kScenarios[2], *outcome).size(), 2U);  // the wrong one fired, the right one did not
  const auto again = run(boiler(), kScenarios[1]);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->alerts[0].fired_at, alert.fired_at);
  EXPECT_EQ(again->samples, outcome->samples);
}

TEST(PackCheck, AWholePack) {
  const pack::Pack pack = boiler();
  const PackReport report = check_pack(pack);
  EXPECT_EQ(report.problems, std::vector<std::string>());
  EXPECT_EQ(report.alerts, 2U);
  EXPECT_EQ(report.panels, 2U);
  const std::string table = matrix(pack, report);
  EXPECT_NE(table.find("| down | Out. | BoilerDown ("), std::string::npos) << table;
  EXPECT_NE(table.find("| healthy | Nothing. | – | – | – |"), std::string::npos) << table;
}

// Latencies are what they are; everything else on the page is known.
TEST(Figures, SayWhatADayCosts) {
  const pack::Pack pack = boiler();
  auto day = measure(pack, kHour);
  ASSERT_TRUE(day) << day.error().message();
  EXPECT_GT(day->life.samples, 360 * day->life.series / 2);
  EXPECT_GT(day->life.bytes_on_disk, 0U);
  ASSERT_EQ(day->queries.size(), 2U);
  EXPECT_EQ(day->queries[1].key, "boiler / Failures / 1");
  for (const QueryTime& query : day->queries) {
    EXPECT_EQ(query.board, "boiler");
    EXPECT_GT(query.page_seconds, 0) << query.key;
    EXPECT_GT(query.length_seconds, 0) << query.key;
  }
  day->life.samples = 2'000'000;
  day->life.bytes_on_disk = 3'000'000;
  day->queries[0].page_seconds = 0.01, day->queries[0].length_seconds = 0.25;
  day->queries[1].page_seconds = 0.02, day->queries[1].length_seconds = 0.05;
  const std::vector<PackFigures> packs{{&pack, *day, check_pack(pack)}};
  const std::string page = figures_page(packs, "a machine");
  for (const std::string& row :
       {std::string("\n\na machine\n"),
        "| boiler | " + std::to_string(day->life.series) + " | 2000000 | 3.0 MB | 1.50 |",
        std::string("| boiler | 2 | 100.0 % | 50.0 % | boiler / Pressure / 1, 250.0 ms |"),
        std::string("| boiler | `boiler` | 2 | 30.0 ms | 300.0 ms |"), std::string("2 alerts, half of them within "),
        std::string("| BoilerDown | "), std::string(" | `stuck` |")}) {
    EXPECT_NE(page.find(row), std::string::npos) << row << "\n" << page;
  }
}

TEST(PackCheck, SaysWhatIsMissing) {
  pack::Pack pack = boiler();
  pack.scenarios = pack.scenarios.first(2);
  pack.catalog = pack.catalog.subspan(1);
  const PackReport report = check_pack(pack);
  const std::vector<std::string> expected = {
      "pack:boiler/boiler.yml, boiler, BoilerPressureHigh: unknown metric boiler_pressure_bars",
      "dashboard boiler, panel \"Pressure\": unknown metric boiler_pressure_bars",
      "alert BoilerDown: no scenario fires it",
  };
  EXPECT_EQ(report.problems, expected);
}

TEST(PackCheck, LinksLeadToWhatThePackHas) {
  struct Case {
    const char* annotations;
    std::vector<std::string> problems;
  };
  const Case cases[] = {
      {"runbook_url: '{{ $externalURL }}/runbooks/boiler/BoilerDown'", {}},
      {"runbook_url: '{{ $externalURL }}/runbooks/boiler/BoilerOut'", {"there is no runbooks/BoilerOut.md"}},
      {"runbook_url: packs/boiler/runbooks/BoilerDown.md",
       {"its runbook_url is not '{{ $externalURL }}/runbooks/boiler/…'"}},
      {"runbook_url: '{{ $externalURL }}/runbooks/kettle/BoilerDown'",
       {"its runbook_url is not '{{ $externalURL }}/runbooks/boiler/…'"}},
      {"dashboard_url: /d/boiler", {"has no annotation runbook_url"}},
      {"runbook_url: '{{ $externalURL }}/runbooks/boiler/BoilerDown', dashboard_url: /d/kettle",
       {"there is no dashboard kettle"}},
      {"runbook_url: '{{ $externalURL }}/runbooks/boiler/BoilerDown', dashboard_url: 'http://grafana/d/boiler'",
       {"its dashboard_url is not /d/…"}},
  };
  for (const Case& c : cases) {
    const std::string rules =
        "groups: [{name: b, rules: [{alert: Down, expr: 'up == 0', labels: {severity: info, stack: boiler}, "
        "annotations: {summary: s, description: d, " +
        std::string(c.annotations) + "}}]}]";
    const pack::File files[] = {{"boiler.yml", rules}};
    pack::Pack pack = boiler();
    pack.rules = files;
    std::vector<std::string> expected;
    for (const std::string& problem : c.problems) expected.push_back("pack:boiler/boiler.yml, b, Down: " + problem);
    EXPECT_EQ(check_pack(pack, {.run_scenarios = false}).problems, expected) << c.annotations;
  }
}

}  // namespace
}  // namespace vigil::lab
