// A node that watches itself: instruments, store, rules and alerts in one process, with
// no server, no scrape and no text in between.
//
//   embedded_example DIRECTORY     where the store lies
#include <cstdio>
#include <semaphore>

#include "vigil/engine/engine.h"
#include "vigil/metrics/metrics.h"
#include "vigil/rules/rule_file.h"

using namespace vigil;

constexpr std::string_view kRules = R"(
groups:
  - name: node
    rules:
      - {alert: VotesRejected, expr: 'votes_total{vote="no"} > 2', labels: {severity: critical}}
)";

constexpr metrics::ClosedLabel kVote = metrics::closed<"vote", "yes", "no">;
inline constinit metrics::Counter<"vote"> votes{"votes_total", "Votes cast.", {.closed = {kVote}}};

struct Pager final : AlertSink {
  void send(std::span<const Alert> alerts) override {
    for (const Alert& alert : alerts) std::printf("alert %s\n", alert.labels.to_string().c_str());
    rang.release();
  }
  std::counting_semaphore<> rang{0};
};

int main(int argc, char** argv) {
  Pager pager;
  auto engine = Engine::open({.storage = {.directory = argc > 1 ? argv[1] : "data"}, .sinks = {&pager}}).value();
  auto rules = rules::parse_rule_file(kRules, "rules.yml").value();
  engine->apply({.evaluation_interval = 250, .rule_groups = rules.groups}).value();
  engine->attach(metrics::Registry::global(), {.interval = 250, .labels = {{"job", "node"}}}).value();

  votes.with("no").inc(3);  // what the node does all day
  pager.rang.acquire();

  const auto result = engine->query("sum by (job) (votes_total)").value();
  for (const auto& sample : std::get<promql::Vector>(result.value)) {
    std::printf("%s %g\n", sample.labels.to_string().c_str(), sample.point.value);
  }
}
