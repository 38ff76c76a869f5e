#include <array>
#include <string_view>

#include "packs/hotstuff2/faults.h"
#include "packs/hotstuff2/simulation.h"

namespace vigil::packs::hotstuff2 {
namespace {

using Seconds = std::chrono::duration<double>;
using Names = std::span<const std::string_view>;

constexpr Fault kFaults[] = {
    {"slow_blocks", [](Weather& w, Condition&, Condition&) { w.execution = Seconds(2.1); }},
    {"empty_blocks", [](Weather& w, Condition&, Condition&) { w.max_block = 20; }},
    {"view_change_storm", [](Weather& w, Condition&, Condition&) { w.delay = Seconds(0.8); }},
    {"leader_failure", [](Weather&, Condition& last, Condition&) { last.running = false; }},
    {"mute_leader", [](Weather&, Condition& last, Condition&) { last.mute = true; }},
    {"isolated_replica", [](Weather&, Condition& last, Condition&) { last.isolated = true; }},
    {"silent_validator", [](Weather&, Condition& last, Condition&) { last.silent = true; }},
    {"quorum_lost", [](Weather&, Condition& last, Condition& before) { last.running = before.running = false; }},
    {"partition", [](Weather& w, Condition&, Condition&) { w.split = true; }},
    {"flapping_links", [](Weather&, Condition& last, Condition&) { last.flapping = true; }},
    {"packet_loss", [](Weather&, Condition& last, Condition&) { last.loss = 0.1; }},
    {"slow_link", [](Weather&, Condition& last, Condition&) { last.link_delay = Seconds(0.35); }},
    {"slow_disk", [](Weather&, Condition& last, Condition&) { last.disk_delay = Seconds(0.4); }},
    {"busy_cpu", [](Weather&, Condition& last, Condition&) { last.busy = 0.75; }},
    {"memory_leak", [](Weather&, Condition& last, Condition&) { last.leaks = true; }},
    {"disk_fills", [](Weather&, Condition& last, Condition&) { last.fills_disk = true; }},
    {"equivocation", [](Weather&, Condition& last, Condition&) { last.equivocates = true; }},
    {"safety_violation", [](Weather& w, Condition&, Condition&) { w.forks = true; }},
    {"diverged_state", [](Weather& w, Condition&, Condition&) { w.diverged = true; }},
    {"transaction_flood", [](Weather& w, Condition&, Condition&) { w.unfit = 4000; }},
    {"metrics_lost", [](Weather& w, Condition&, Condition&) { w.scraped = false; }},
};

constexpr std::string_view kBlockTime[] = {"HotStuffBlockTimeHigh"};
constexpr std::string_view kThroughput[] = {"HotStuffThroughputLow"};
constexpr std::string_view kMempool[] = {"HotStuffMempoolNearFull"};
constexpr std::string_view kStorm[] = {"HotStuffViewChangeFrequencyHigh", "HotStuffLivenessTimeouts",
                                       "HotStuffBlockTimeHigh", "HotStuffNetworkLatencyHigh"};
constexpr std::string_view kLeaderDown[] = {"HotStuffViewChangeFrequencyHigh", "HotStuffLivenessTimeouts",
                                            "HotStuffBlockTimeHigh", "HotStuffValidatorSilent", "HotStuffQuorumAtRisk"};
constexpr std::string_view kMuteLeader[] = {"HotStuffViewChangeFrequencyHigh", "HotStuffLivenessTimeouts",
                                            "HotStuffBlockTimeHigh"};
constexpr std::string_view kIsolated[] = {
    "HotStuffViewChangeFrequencyHigh", "HotStuffLivenessTimeouts", "HotStuffBlockTimeHigh",
    "HotStuffValidatorSilent",         "HotStuffQuorumAtRisk",     "HotStuffNodeLagging"};
constexpr std::string_view kSilent[] = {"HotStuffValidatorSilent", "HotStuffQuorumAtRisk"};
constexpr std::string_view kNoQuorum[] = {"HotStuffNoCommits", "HotStuffLivenessTimeouts", "HotStuffThroughputLow"};
// Nothing leaves the pool; after the fault the first interval is as long as the fault was.
constexpr std::string_view kStandstill[] = {"HotStuffMempoolNearFull", "HotStuffBlockTimeHigh", "HotStuffNodeLagging"};
constexpr std::string_view kDisconnections[] = {"HotStuffPeerDisconnectionRateHigh"};
constexpr std::string_view kLoss[] = {"HotStuffMessageLossHigh"};
constexpr std::string_view kLatency[] = {"HotStuffNetworkLatencyHigh"};
constexpr std::string_view kLagging[] = {"HotStuffNodeLagging"};
constexpr std::string_view kCpu[] = {"HotStuffCpuUsageHigh"};
constexpr std::string_view kMemory[] = {"HotStuffMemoryUsageHigh"};
constexpr std::string_view kDisk[] = {"HotStuffDiskUsageHigh"};
constexpr std::string_view kByzantine[] = {"HotStuffByzantineBehavior"};
constexpr std::string_view kSafety[] = {"HotStuffSafetyViolation", "HotStuffByzantineBehavior",
                                        "HotStuffForkHeightMismatch"};
constexpr std::string_view kFork[] = {"HotStuffForkHeightMismatch"};
constexpr std::string_view kMissing[] = {"HotStuffCommitGaugeMissing"};

constexpr pack::Scenario kScenarios[] = {
    {"healthy", "Four replicas commit two blocks a second.", {}, {}},
    {"slow_blocks", "Blocks take two seconds to execute.", kBlockTime, {}},
    {"empty_blocks", "Leaders take 20 transactions a block while thousands wait.", kThroughput, kMempool},
    {"view_change_storm", "Every link is so slow that views need more than their timer.", kStorm, {}},
    {"leader_failure", "A validator is down; every view it should lead times out.", kLeaderDown, {}},
    {"mute_leader", "A validator votes and never proposes.", kMuteLeader, {}},
    {"isolated_replica", "A replica runs and reaches nobody.", kIsolated, {}},
    {"silent_validator", "A validator proposes and never votes.", kSilent, {}},
    {"quorum_lost", "Two of four validators are down: no quorum.", kNoQuorum, kStandstill},
    {"partition", "The network falls into two halves without a quorum.", kNoQuorum, kStandstill},
    {"flapping_links", "One replica's connections break and come back all the time.", kDisconnections, {}},
    {"packet_loss", "One replica loses a tenth of its messages.", kLoss, {}},
    {"slow_link", "One replica is 700 ms away.", kLatency, {}},
    {"slow_disk", "One replica's fsync takes 400 ms: it executes less than the network commits.", kLagging, {}},
    {"busy_cpu", "Another process takes three quarters of a replica's CPU.", kCpu, {}},
    {"memory_leak", "One replica leaks memory.", kMemory, {}},
    {"disk_fills", "One replica's disk fills up.", kDisk, {}},
    {"equivocation", "A leader proposes two blocks in one view, once a minute.", kByzantine, {}},
    {"safety_violation", "Two validators vote twice and two blocks are committed at one height.", kSafety, {}},
    {"diverged_state", "One replica's database differs from the others.", kFork, {}},
    {"transaction_flood", "Transactions that no block can take fill the pool.", kMempool, {}},
    {"metrics_lost", "No replica answers its scrapes.", kMissing, {}},
};

}  // namespace

std::span<const Fault> faults() { return kFaults; }
std::span<const pack::Scenario> scenarios() { return kScenarios; }

}  // namespace vigil::packs::hotstuff2
