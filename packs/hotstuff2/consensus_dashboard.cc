#include "packs/hotstuff2/catalog.h"
#include "packs/hotstuff2/dashboards.h"
#include "vigil/dashboards/shapes.h"

namespace vigil::packs::hotstuff2 {

using dashboards::Color;
using dashboards::Dashboard;
using dashboards::in_unit;
using dashboards::Kind;
using dashboards::percentile;
using dashboards::percentiles;
using dashboards::query;
using dashboards::ratio;
using dashboards::with_mappings;
using dashboards::with_thresholds;

Dashboard consensus_dashboard() {
  Dashboard board{
      .uid = "hotstuff2-consensus",
      .title = "Consensus Performance Dashboard",
      .description =
          "Is the chain safe, and does it move? Health and safety first; blocks, views, votes and validators tell why.",
      .tags = {"hotstuff2", "consensus"},
      .refresh = "5s",
      .alerts = "hotstuff2",
      .links = {{"Network", "hotstuff2-network"}, {"System", "hotstuff2-system"}}};
  board.rows = {
      {"Health",
       {
           {.title = "Health by component",
            .kind = Kind::kStateTimeline,
            .queries = {with_mappings(
                            with_thresholds(
                                in_unit("none", query("status {{component}}", "max by (component) (#1)",
                                                      catalog::kHealthStatus)),
                                {{Color::kGreen}, {Color::kYellow, 1}, {Color::kOrange, 2}, {Color::kRed, 3}}),
                            {{0, "healthy", Color::kGreen},
                             {1, "warning", Color::kYellow},
                             {2, "critical", Color::kOrange},
                             {3, "failing", Color::kRed}}),
                        query("score {{component}}", "min by (component) (#1)", catalog::kHealthScore)},
            .description = "The worst check of each part (0 healthy, 1 warning, 2 critical, 3 failing) and its score "
                           "(1 well, 0 failing). Overall is the worst part: look at the part that is not green first.",
            .unit = "percentunit",
            .thresholds = {{Color::kRed}, {Color::kYellow, 0.5}, {Color::kGreen, 0.8}},
            .min = 0},
       }},
      {"Safety and liveness",
       {
           {.title = "Safety violations",
            .kind = Kind::kStat,
            .queries = {query("{{violation_type}}", "sum by (violation_type) (#1)", catalog::kSafetyViolations),
                        query("in 5 min", "sum(increase(#1[5m]))", catalog::kSafetyViolations)},
            .description = "Must be 0. Anything else: the chain may fork; stop bridges and withdrawals, then see the "
                           "runbook of HotStuffSafetyViolation.",
            .unit = "none",
            .thresholds = {{Color::kGreen}, {Color::kRed, 1}},
            .decimals = 0},
           {.title = "Liveness timeouts",
            .queries = {query("{{instance}}", "sum by (instance) (increase(#1[5m]))", catalog::kLivenessTimeouts)},
            .description = "View timers that expired within 5 minutes, by replica; the alert stands at 10. One "
                           "replica: it is cut off. All: a leader is down or the timer is too short.",
            .thresholds = {{Color::kGreen}, {Color::kRed, 10}},
            .min = 0,
            .decimals = 0},
           {.title = "Byzantine behavior detected",
            .kind = Kind::kTable,
            .queries = {query("", "sum by (behavior_type, validator) (#1)", catalog::kByzantineBehaviorDetected)},
            .description = "Provable misbehaviour by validator since the replicas started. Each name here uses up one "
                           "of the f faulty validators that the network stands.",
            .thresholds = {{Color::kGreen}, {Color::kRed, 1}},
            .decimals = 0},
       }},
      {"Blocks",
       {
           {.title = "Blocks proposed and committed",
            .queries = {query("proposed/s", "sum(rate(#1[1m]))", catalog::kBlocksProposed),
                        query("committed/s", "max(rate(#1[1m]))", catalog::kBlocksCommitted)},
            .description = "Both lines together: every proposal becomes a block. Proposals without commits: quorums do "
                           "not form. Neither: no leader works.",
            .unit = "ops",
            .min = 0},
           {.title = "Block proposal time",
            .queries = percentiles(catalog::kBlockProposalTimeSeconds),
            .description =
                "Time a leader takes to build and send a proposal. Grows with block size, mempool and CPU load.",
            .unit = "s",
            .min = 0},
           {.title = "Block commit time",
            .queries = percentiles(catalog::kBlockCommitTimeSeconds),
            .description = "From the proposal's arrival to the commit. Two quorums of votes lie in between: compare "
                           "with peer latency.",
            .unit = "s",
            .min = 0},
           {.title = "Committed height per node",
            .queries = {query("{{instance}}", "max by (instance) (#1)", catalog::kLastCommittedHeight)},
            .description = "All lines rise together. A flat line is a replica that lags (alert at 10 blocks); all flat "
                           "is a chain that stands still.",
            .unit = "none",
            .decimals = 0},
           {.title = "Proposals by path",
            .kind = Kind::kPie,
            .queries = {query("{{path}}", "sum by (path) (increase(#1[$__range]))", catalog::kBlocksProposed)},
            .description = "responsive: the leader had the last certificate and proposed at once. A growing share of "
                           "delayed is the earliest sign of a bad leader or a slow link."},
       }},
      {"Views",
       {
           {.title = "Current view per node",
            .queries = {query("{{instance}}", "max by (instance) (#1)", catalog::kCurrentView)},
            .description = "Views of all replicas move together. One that stays behind is cut off; all far ahead of "
                           "the committed height means views without blocks.",
            .unit = "none",
            .decimals = 0},
           {.title = "View changes by reason",
            .kind = Kind::kStacked,
            .queries = {query("{{reason}}", "sum by (reason) (rate(#1[5m]))", catalog::kViewChanges)},
            .description = "qc is the happy path. timeout and timeout_certificate cost a timer each (alert above 0.1 a "
                           "second and node), sync is a replica that catches up.",
            .unit = "ops",
            .min = 0},
           {.title = "View change duration",
            .queries = {percentile("p50", catalog::kViewChangeDurationSeconds),
                        percentile("p95", catalog::kViewChangeDurationSeconds),
                        percentile("p99", catalog::kViewChangeDurationSeconds),
                        query("timer", "max(#1)", catalog::kViewTimeoutSeconds)},
            .description = "From the timeout to the first proposal of the new view, beside the timer itself. Durations "
                           "near the timer mean that the next leader fails as well.",
            .unit = "s",
            .min = 0},
       }},
      {"Votes",
       {
           {.title = "Votes sent and received by type",
            .queries = {query("sent {{vote_type}}", "sum by (vote_type) (rate(#1[5m]))", catalog::kVotesSent),
                        query("received {{vote_type}}", "sum by (vote_type) (rate(#1[5m]))", catalog::kVotesReceived)},
            .description = "Prepare and commit votes go together; timeout votes should be rare.",
            .unit = "ops",
            .min = 0},
           {.title = "Votes received per validator",
            .queries = {query("{{validator}}", "sum by (validator) (rate(#1[5m]))", catalog::kVotesReceived)},
            .description = "All lines alike. One at 0 is a silent validator (alert after 100 views), one above the "
                           "others sends duplicates.",
            .unit = "ops",
            .min = 0},
           {.title = "Vote processing time",
            .queries = percentiles(catalog::kVoteProcessingTimeSeconds),
            .description =
                "Checking and adding one vote. Milliseconds mean that the CPU is busy: votes queue before the quorum.",
            .unit = "s",
            .min = 0},
           {.title = "Quorum participation",
            .queries = {query("participating", "min(#1)", catalog::kValidatorsParticipating),
                        query("quorum", "max(#1)", catalog::kQuorumSize),
                        query("validators", "max(#1)", catalog::kValidators)},
            .description = "Validators that voted in the last 100 views against the quorum. When the lines touch, "
                           "nobody may fail any more.",
            .min = 0,
            .decimals = 0},
       }},
      {"Validators",
       {
           ratio({.title = "Validator reputation (lowest 10)",
                  .kind = Kind::kBarGauge,
                  .queries = {query("{{validator}}", "bottomk(10, min by (validator) (#1))",
                                    catalog::kValidatorReputationScore)},
                  .description =
                      "Share of votes given times share of led views that committed, lowest of all replicas. 0: "
                      "provably Byzantine, or away.",
                  .thresholds = {{Color::kRed}, {Color::kYellow, 0.5}, {Color::kGreen, 0.9}}}),
           {.title = "Missed votes (top 10)",
            .queries = {query("{{validator}}", "topk(10, max by (validator) (rate(#1[5m])))",
                              catalog::kValidatorMissedVotes)},
            .description = "Decided views a second in which no vote of a validator was counted. At the rate of views "
                           "it votes never.",
            .unit = "ops",
            .min = 0},
       }},
  };
  return board;
}

}  // namespace vigil::packs::hotstuff2
