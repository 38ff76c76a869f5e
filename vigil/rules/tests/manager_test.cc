#include "vigil/rules/manager.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "vigil/base/scheduler.h"
#include "vigil/base/strings.h"
#include "vigil/base/virtual_scheduler.h"
#include "vigil/promql/engine.h"
#include "vigil/promql/memory_storage.h"

namespace vigil::rules {
namespace {

constexpr Timestamp kStart = 1'700'000'000'000;

struct RecordingSink final : AlertSink {
  struct Sent {
    Timestamp at;
    Alert alert;
  };
  explicit RecordingSink(Clock& used_clock) : clock(used_clock) {}
  void send(std::span<const Alert> alerts) override {
    for (const Alert& alert : alerts) sent.push_back(Sent{clock.now(), alert});
  }
  Clock& clock;
  std::vector<Sent> sent;
};

// A process with a store that outlives it, in virtual time.
class World {
 public:
  World() : scheduler(kStart), engine({}, scheduler.clock()), sink(scheduler.clock()) { boot(); }

  void boot() {
    manager = std::make_unique<Manager>(
        ManagerOptions{{engine_query(engine, storage), &storage, &storage, &sink, nullptr}, scheduler, nullptr});
  }
  void load(std::string_view text, const Settings& settings = {}) {
    auto file = parse_rule_file(text, "r.yml");
    ASSERT_TRUE(file.has_value()) << file.error().message();
    manager->update(std::move(file->groups), settings);
  }
  void set(const Labels& labels, double value) { values[labels] = value; }
  void drop(const Labels& labels) {
    if (values.erase(labels) > 0) append(labels, scheduler.clock().now() + 1, stale_nan());
  }
  // Time passes; every value is stored each 10 seconds.
  void advance(Duration by) {
    for (const Timestamp end = scheduler.clock().now() + by; scheduler.clock().now() < end;) {
      scheduler.advance(10 * kSecond);
      for (const auto& [labels, value] : values) append(labels, scheduler.clock().now(), value);
    }
  }
  void append(const Labels& labels, Timestamp at, double value) {
    const auto appender = storage.appender();
    ASSERT_TRUE(appender->append(appender->resolve(labels).value(), at, value).has_value());
    ASSERT_TRUE(appender->commit().has_value());
  }
  // The instant value now, as text: "{a="b"} 1; …".
  std::string query(std::string_view expression) {
    auto result = engine.instant(storage, expression, scheduler.clock().now());
    if (!result) return result.error().message();
    std::string out;
    for (const auto& sample : std::get<promql::Vector>(result->value)) {
      out += (out.empty() ? "" : "; ") + sample.labels.to_string() + " " + format_float(sample.point.value);
    }
    return out;
  }
  RuleView rule(std::size_t index = 0) { return manager->groups().at(0).rules.at(index); }
  std::string states() {
    std::string out;
    for (const AlertView& alert : rule().alerts) out += (out.empty() ? "" : " ") + std::string(to_string(alert.state));
    return out;
  }

  VirtualScheduler scheduler;
  promql::MemoryStorage storage;
  promql::Engine engine;
  RecordingSink sink;
  std::map<Labels, double> values;
  std::unique_ptr<Manager> manager;
};

const Labels kUp{{"__name__", "up"}, {"job", "a"}};
const char* const kAlert = R"(
groups:
- name: g
  interval: 1m
  rules:
  - alert: Down
    expr: up == 0
    for: 5m
    labels: {severity: page, v: '{{ $value }}'}
    annotations: {summary: '{{ $labels.job }} is down ({{ $externalLabels.dc }})'}
)";

TEST(Manager, RecordsAndEndsSeries) {
  World world;
  world.set(kUp, 1);
  world.load(R"(
groups:
- name: g
  interval: 1m
  labels: {team: x}
  rules:
  - {record: "job:up:sum", expr: sum by (job) (up)}
  - {record: twice, expr: '2 * job:up:sum', labels: {l: v}}
  - {record: one, expr: 1}
)");
  world.advance(2 * kMinute);
  // Later rules of a group see the results of earlier ones.
  EXPECT_EQ(world.query("twice"), "twice{job=\"a\", l=\"v\", team=\"x\"} 2");
  EXPECT_EQ(world.query("one"), "one{team=\"x\"} 1");
  EXPECT_EQ(world.rule().health, Health::kOk);
  EXPECT_EQ(world.rule().samples, 1U);
  world.drop(kUp);
  world.advance(kMinute);
  EXPECT_EQ(world.query("job:up:sum"), "");
  EXPECT_EQ(world.query("twice"), "");
  EXPECT_EQ(world.query("one"), "one{team=\"x\"} 1");
}

TEST(Manager, SlotsAreStableAndAligned) {
  World world;
  world.load(
      "groups:\n- {name: a, interval: 1m, rules: [{record: ta, expr: time()}]}\n"
      "- {name: b, interval: 1m, rules: [{record: tb, expr: time()}]}\n");
  world.advance(5 * kMinute);
  const auto groups = world.manager->groups();
  for (const GroupView& group : groups) {
    EXPECT_EQ(group.evaluations, 5U);
    EXPECT_EQ(group.missed_slots, 0U);
  }
  EXPECT_NE(groups[0].last_evaluation % kMinute, groups[1].last_evaluation % kMinute);
  // The same after a restart.
  const Timestamp before = groups[0].last_evaluation;
  world.boot();
  world.load("groups:\n- {name: a, interval: 1m, rules: [{record: ta, expr: time()}]}\n");
  world.advance(3 * kMinute);
  EXPECT_EQ((world.manager->groups()[0].last_evaluation - before) % kMinute, 0);
}

TEST(Manager, AlertGoesThroughItsStates) {
  World world;
  world.set(kUp, 1);
  Settings settings;
  settings.external_labels = Labels{{"dc", "eu"}};
  settings.external_url = "http://h:9090";
  world.load(kAlert, settings);
  world.advance(2 * kMinute);
  EXPECT_EQ(world.states(), "");
  EXPECT_EQ(world.query("ALERTS"), "");

  world.set(kUp, 0);
  world.advance(2 * kMinute);
  EXPECT_EQ(world.states(), "pending");
  EXPECT_EQ(world.query("ALERTS"),
            "ALERTS{alertname=\"Down\", alertstate=\"pending\", job=\"a\", severity=\"page\", v=\"0\"} 1");
  EXPECT_TRUE(world.sink.sent.empty());

  world.advance(6 * kMinute);
  EXPECT_EQ(world.states(), "firing");
  EXPECT_EQ(world.query("ALERTS"),
            "ALERTS{alertname=\"Down\", alertstate=\"firing\", job=\"a\", severity=\"page\", v=\"0\"} 1");
  ASSERT_FALSE(world.sink.sent.empty());
  const RecordingSink::Sent first = world.sink.sent.front();
  EXPECT_EQ(first.alert.labels.to_string(), "{alertname=\"Down\", job=\"a\", severity=\"page\", v=\"0\"}");
  EXPECT_EQ(first.alert.annotations.get("summary"), "a is down (eu)");
  EXPECT_EQ(first.alert.starts_at, first.at);
  EXPECT_EQ(first.alert.ends_at, first.at + 4 * kMinute);
  EXPECT_EQ(first.alert.generator_url, "http://h:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1");
  EXPECT_EQ(
      world.query("ALERTS_FOR_STATE{job=\"a\"} * 1000 - " + std::to_string(first.at - 5 * kMinute) + " > -1000 < 1000"),
      "{alertname=\"Down\", job=\"a\", severity=\"page\", v=\"0\"} " +
          format_float(static_cast<double>(-((first.at - 5 * kMinute) % 1000))));

  // Sent again at the first evaluation later than a minute after the last time.
  const std::size_t sent = world.sink.sent.size();
  world.advance(4 * kMinute);
  EXPECT_EQ(world.sink.sent.size(), sent + 2);

  world.set(kUp, 1);
  world.advance(kMinute);
  EXPECT_EQ(world.states(), "");
  const RecordingSink::Sent resolved = world.sink.sent.back();
  EXPECT_EQ(resolved.alert.ends_at, resolved.at);
  EXPECT_EQ(resolved.alert.starts_at, first.alert.starts_at);
  EXPECT_EQ(world.query("ALERTS"), "");
  // Resolved alerts are sent for 15 minutes.
  world.advance(20 * kMinute);
  EXPECT_EQ(world.sink.sent.back().alert.ends_at, resolved.alert.ends_at);
  EXPECT_LE(world.sink.sent.back().at, resolved.at + 16 * kMinute);
}

TEST(Manager, KeepFiringForHoldsTheAlert) {
  World world;
  world.set(kUp, 0);
  world.load("groups:\n- {name: g, interval: 1m, rules: [{alert: Down, expr: up == 0, keep_firing_for: 3m}]}\n");
  world.advance(2 * kMinute);
  EXPECT_EQ(world.states(), "firing");
  world.set(kUp, 1);
  world.advance(3 * kMinute);
  EXPECT_EQ(world.states(), "firing");
  EXPECT_NE(world.rule().alerts.at(0).keep_firing_since, kNever);
  world.advance(2 * kMinute);
  EXPECT_EQ(world.states(), "");
}

TEST(Manager, LimitDropsState) {
  World world;
  world.set(kUp, 0);
  world.set(Labels{{"__name__", "up"}, {"job", "b"}}, 0);
  world.load(
      "groups:\n- {name: g, interval: 1m, limit: 1, rules: [{alert: Down, expr: up == 0}, {record: r, expr: up}]}\n");
  world.advance(2 * kMinute);
  EXPECT_EQ(world.rule(0).health, Health::kBad);
  EXPECT_EQ(world.rule(0).last_error, "exceeded limit of 1 with 2 alerts");
  EXPECT_EQ(world.rule(1).last_error, "exceeded limit of 1 with 2 series");
  EXPECT_EQ(world.states(), "");
  EXPECT_TRUE(world.sink.sent.empty());
}

TEST(Manager, EqualLabelsAreAnError) {
  World world;
  world.set(kUp, 0);
  world.set(Labels{{"__name__", "up"}, {"job", "b"}}, 0);
  world.load("groups:\n- {name: g, interval: 1m, rules: [{alert: Down, expr: up == 0, labels: {job: x}}]}\n");
  world.advance(2 * kMinute);
  EXPECT_TRUE(world.rule().last_error.starts_with("vector contains metrics with the same labelset"));
}

TEST(Manager, QueryOffsetShiftsQueryAndSamples) {
  World world;
  world.set(kUp, 7);
  world.load("groups:\n- {name: g, interval: 1m, query_offset: 2m, rules: [{record: r, expr: timestamp(up)}]}\n");
  world.advance(6 * kMinute);
  const double now = static_cast<double>(world.manager->groups()[0].last_evaluation) / 1000;
  auto result = world.engine.instant(world.storage, "timestamp(r)", world.scheduler.clock().now());
  EXPECT_EQ(std::get<promql::Vector>(result->value).at(0).point.value, now - 120);
}

TEST(Manager, ReloadKeepsStateOfWhatDidNotChange) {
  World world;
  world.set(kUp, 0);
  world.load(kAlert);
  world.advance(3 * kMinute);
  const Timestamp active = world.rule().alerts.at(0).active_at;
  world.load(kAlert);  // the same: undisturbed
  EXPECT_EQ(world.rule().alerts.at(0).active_at, active);
  // A changed group continues the alerts of rules that are still there.
  std::string changed = kAlert;
  changed.replace(changed.find("interval: 1m"), 12, "interval: 30s");
  world.load(changed);
  EXPECT_EQ(world.rule().alerts.at(0).active_at, active);
  world.advance(3 * kMinute);
  EXPECT_EQ(world.states(), "firing");
  // A longer `for` sends it back.
  changed.replace(changed.find("for: 5m"), 7, "for: 1h");
  world.load(changed);
  world.advance(kMinute);
  EXPECT_EQ(world.states(), "pending");
}

TEST(Manager, RemovedRulesAndGroupsEndTheirSeries) {
  World world;
  world.set(kUp, 1);
  world.load(
      "groups:\n- {name: g, interval: 1m, rules: [{record: a, expr: up}, {record: b, expr: up}]}\n"
      "- {name: h, interval: 1m, rules: [{record: c, expr: up}, {record: d, expr: up}]}\n");
  world.advance(2 * kMinute);
  EXPECT_EQ(world.query("count({__name__=~'[abcd]'})"), "{} 4");
  // b goes, and group h with c; d moves to g.
  world.load("groups:\n- {name: g, interval: 1m, rules: [{record: a, expr: up}, {record: d, expr: up}]}\n");
  world.advance(kMinute);
  EXPECT_EQ(world.query("sum by (__name__) ({__name__=~'[abcd]'})").find("b{"), std::string::npos);
  world.advance(2 * kMinute);
  EXPECT_EQ(world.query("count(a)") + world.query("count(b)") + world.query("count(c)") + world.query("count(d)"),
            "{} 1{} 1");
}

TEST(Manager, RestartRestoresPendingAndFiringAlerts) {
  World world;
  world.set(kUp, 0);
  world.load(kAlert);
  world.advance(4 * kMinute);
  EXPECT_EQ(world.states(), "pending");
  // Down for two minutes: they do not count.
  world.manager.reset();
  world.advance(2 * kMinute);
  world.boot();
  world.load(kAlert);
  world.advance(4 * kMinute);
  EXPECT_EQ(world.states(), "firing");

  const Timestamp fired = world.sink.sent.back().alert.starts_at;
  world.manager.reset();
  world.advance(kMinute);
  world.sink.sent.clear();
  world.boot();
  world.load(kAlert);
  world.advance(3 * kMinute + 10 * kSecond);
  EXPECT_EQ(world.states(), "firing");
  ASSERT_FALSE(world.sink.sent.empty());
  EXPECT_LT(std::abs(world.sink.sent.back().alert.starts_at - fired), 3 * kMinute);
}

TEST(Manager, RestartResolvesWhatEndedMeanwhile) {
  World world;
  world.set(kUp, 0);
  world.load(kAlert);
  world.advance(8 * kMinute);
  EXPECT_EQ(world.states(), "firing");
  world.manager.reset();
  world.sink.sent.clear();
  world.set(kUp, 1);
  world.advance(kMinute);
  world.boot();
  world.load(kAlert);
  world.advance(4 * kMinute);
  ASSERT_FALSE(world.sink.sent.empty());
  EXPECT_TRUE(world.sink.sent.back().alert.resolved_at(world.scheduler.clock().now()));
  EXPECT_EQ(world.sink.sent.back().alert.annotations.get("summary"), "a is down ()");
  EXPECT_EQ(world.states(), "");
}

TEST(Manager, EvaluatesAtOnceWhenAsked) {
  World world;
  world.set(kUp, 0);
  world.load("groups:\n- {name: g, interval: 1h, rules: [{alert: Down, expr: up == 0}]}\n");
  world.advance(10 * kSecond);
  EXPECT_FALSE(world.manager->evaluate_now("r.yml;nope"));
  EXPECT_TRUE(world.manager->evaluate_now("r.yml;g"));
  world.scheduler.run_due();
  EXPECT_EQ(world.states(), "firing");
  world.advance(kHour);
  EXPECT_EQ(world.manager->groups()[0].evaluations, 2U);
}

TEST(Manager, FailingQueryIsReportedAndWritesNothing) {
  World world;
  world.set(kUp, 1);
  world.set(Labels{{"__name__", "up"}, {"job", "b"}}, 1);
  world.load("groups:\n- {name: g, interval: 1m, rules: [{record: r, expr: up * on() up}]}\n");
  world.advance(2 * kMinute);
  EXPECT_EQ(world.rule().health, Health::kBad);
  EXPECT_NE(world.rule().last_error.find("many-to-many"), std::string::npos) << world.rule().last_error;
}

// Slots, reloads, wake-ups and readers on real threads; for the sanitizers.
TEST(Manager, RunsOnThreads) {
  const auto scheduler = make_thread_scheduler(3);
  promql::MemoryStorage storage;
  promql::Engine engine({}, scheduler->clock());
  Manager manager({{engine_query(engine, storage), &storage, &storage, nullptr, nullptr}, *scheduler, nullptr});
  const auto load = [&](const char* hold) {
    const std::string text =
        std::string(
            "groups:\n"
            "- {name: a, interval: 3ms, rules: [{record: x, expr: time()}, {alert: A, expr: x > 0, for: ") +
        hold + "}]}\n- {name: b, interval: 5ms, rules: [{record: y, expr: x}]}\n";
    manager.update(parse_rule_file(text, "r.yml").value().groups, Settings());
  };
  load("0s");
  for (int round = 0; round < 20; ++round) {
    load(round % 2 == 0 ? "1ms" : "0s");
    EXPECT_TRUE(manager.evaluate_now("r.yml;b"));
    const auto evaluations = [&] { return manager.groups().at(1).evaluations; };
    for (const auto before = evaluations(); evaluations() < before + 3;) std::this_thread::yield();
  }
  manager.stop();
  const auto after = manager.groups();
  EXPECT_EQ(after.at(0).rules.at(0).last_error, "");
  EXPECT_FALSE(manager.evaluate_now("r.yml;b"));
}

}  // namespace
}  // namespace vigil::rules
