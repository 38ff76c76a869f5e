#include "packs/hotstuff2/simulation.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "packs/hotstuff2/simulated_replica.h"
#include "vigil/sim/tasks.h"

namespace vigil::packs::hotstuff2 {
namespace {

using std::chrono::milliseconds;

constexpr Seconds kPace = milliseconds(500);  // a leader waits so long for transactions
constexpr double kFirstTimer = 3, kLongestTimer = 16, kBackOff = 1.5;
constexpr Seconds kDelta = milliseconds(120);  // a leader's wait for locks after a timeout
constexpr double kPoolCapacity = 1'000'000;

Duration to_duration(Seconds time) { return static_cast<Duration>(std::llround(time.count() * 1000)); }

class Network final : public pack::Simulation {
 public:
  explicit Network(const pack::SimulationOptions& options)
      : load_(options.load),
        clock_(options.scheduler->clock()),
        random_(options.seed, 1'000),
        tasks_(*options.scheduler) {
    const int count = options.nodes > 0 ? options.nodes : kUsualReplicas;
    for (int i = 0; i < count; ++i) names_.push_back("validator-" + std::to_string(i + 1));
    for (int i = 0; i < count; ++i) {
      pack::Process process;
      process.job = "hotstuff2";
      process.instance = "replica-" + std::to_string(i + 1) + ":9464";
      metrics::RegistryOptions registry;
      registry.clock = &clock_;
      process.registry = std::make_unique<metrics::Registry>(registry);
      replicas_.push_back(std::make_unique<SimulatedReplica>(i, names_, options.seed, clock_, *process.registry));
      processes_.push_back(std::move(process));
    }
  }
  ~Network() override { tasks_.close(); }

  void start() override {
    tasks_.run([this] { second(); });
    tasks_.run([this] { begin_view(); });
  }
  std::span<pack::Process> processes() override { return processes_; }

  Result<void> inject(std::string_view name) override {
    for (const Fault& fault : faults()) {
      if (fault.name != name) continue;
      SimulatedReplica& last = *replicas_.back();
      SimulatedReplica& before = *replicas_[replicas_.size() > 1 ? replicas_.size() - 2 : 0];
      fault.apply(weather_, last.condition, before.condition);
      since_misbehaviour_ = 60;
      show_processes();
      return {};
    }
    return std::unexpected(Error(ErrorCode::kNotFound, "hotstuff2 has no fault \"" + std::string(name) + "\""));
  }

  void clear() override {
    weather_ = {};
    for (const auto& replica : replicas_) {
      replica->recover();
      // The operator has looked at the evidence.
      for (const std::string& name : names_) replica->metrics.validators.clear_byzantine(name);
    }
    show_processes();
  }

 private:
  int count() const { return static_cast<int>(replicas_.size()); }
  int quorum() const { return count() - (count() - 1) / 3; }
  SimulatedReplica& replica(int id) { return *replicas_[static_cast<std::size_t>(id)]; }
  bool alive(int id) { return replica(id).condition.running; }

  bool reaches(int a, int b) {
    if (a == b) return alive(a);
    if (!alive(a) || !alive(b) || replica(a).condition.isolated || replica(b).condition.isolated) return false;
    return !weather_.split || (a < count() / 2) == (b < count() / 2);
  }
  std::vector<int> heard_by(int id) {
    std::vector<int> all;
    for (int other = 0; other < count(); ++other) {
      if (reaches(id, other)) all.push_back(other);
    }
    return all;
  }
  bool has_quorum(int id) { return static_cast<int>(heard_by(id).size()) >= quorum(); }

  void show_processes() {
    for (int i = 0; i < count(); ++i) {
      processes_[static_cast<std::size_t>(i)].up = weather_.scraped && alive(i);
    }
  }

  // One way. Farther numbers are farther away; what is lost is sent again.
  Seconds hop(int from, int to) {
    const Condition& a = replica(from).condition;
    const Condition& b = replica(to).condition;
    double seconds = 0.004 + 0.003 * std::abs(from - to) + random_.exponential(0.002);
    seconds += weather_.delay.count() + a.link_delay.count() + b.link_delay.count();
    if (random_.chance(a.loss + b.loss)) seconds += 0.2;
    return Seconds(seconds);
  }

  Seconds time_to_vote(int id) {
    SimulatedReplica& voter = replica(id);
    return Seconds(0.003 + 0.02 * voter.cpu() * voter.cpu()) + voter.write_time();
  }

  // When the quorum's last vote is with the leader; `counted` are those until then.
  Seconds certificate(const View& view, Seconds work, std::vector<int>& counted) {
    std::vector<std::pair<Seconds, int>> arrivals;
    for (const int voter : view.votes) {
      // The leader votes by proposing.
      const Seconds arrival = voter == view.leader
                                  ? Seconds(0)
                                  : hop(view.leader, voter) + work + time_to_vote(voter) + hop(voter, view.leader);
      arrivals.emplace_back(arrival, voter);
    }
    std::ranges::sort(arrivals);
    counted.clear();
    for (int i = 0; i < quorum(); ++i) counted.push_back(arrivals[static_cast<std::size_t>(i)].second);
    return arrivals[static_cast<std::size_t>(quorum()) - 1].first;
  }

  void begin_view() {
    View view;
    view.number = view_;
    view.leader = static_cast<int>(view_ % static_cast<std::uint64_t>(count()));
    view.timer = Seconds(timer_);
    view.participants = heard_by(view.leader);
    for (const int id : view.participants) {
      if (!replica(id).condition.silent) view.votes.push_back(id);
    }
    SimulatedReplica& leader = replica(view.leader);
    const bool proposes = alive(view.leader) && !leader.condition.isolated && !leader.condition.mute;
    Seconds length = view.timer;
    if (proposes && static_cast<int>(view.votes.size()) >= quorum()) {
      view.transactions = static_cast<std::uint64_t>(std::min(fit_, weather_.max_block));
      view.delayed = after_timeout_;
      view.wait = view.delayed ? kDelta * random_.between(0.5, 1) : Seconds(0);
      view.build = Seconds(0.002 + static_cast<double>(view.transactions) * 2e-6) + leader.write_time();
      view.prepare = certificate(view, weather_.execution, view.counted);
      std::vector<int> again;
      view.commit = certificate(view, Seconds(0), again);
      const Seconds needed = view.wait + view.build + view.prepare + view.commit;
      view.committed = needed < view.timer;
      if (view.committed) length = needed;
    }
    tasks_.after(to_duration(length), [this, view = std::move(view), length]() mutable { end_view(view, length); });
  }

  void end_view(View& view, Seconds length) {
    if (view.committed) {
      commit(view, length);
    } else {
      give_up(view);
    }
    for (const auto& each : replicas_) {
      if (!each->condition.running) continue;
      if (has_quorum(each->id)) {
        each->synchronise(view_);
        each->execute();
      }
    }
    const Seconds rest = view.committed ? std::max(kPace - length, Seconds(0)) : Seconds(0);
    tasks_.after(to_duration(rest), [this] { begin_view(); });
  }

  void commit(const View& view, Seconds length) {
    timer_ = kFirstTimer;
    after_timeout_ = false;
    ++view_;
    fit_ -= static_cast<double>(view.transactions);
    for (const int id : view.participants) replica(id).take_part(view, names_);
    const Block block{.height = ++height_, .view = view.number, .transactions = view.transactions, .latency = length};
    for (const auto& each : replicas_) each->enqueue(block);
    if (replica(view.leader).condition.equivocates && since_misbehaviour_ >= 60) {
      since_misbehaviour_ = 0;
      for (const int id : view.participants) {
        if (id != view.leader) {
          replica(id).metrics.consensus.record_byzantine_behavior(ByzantineBehaviorType::kEquivocation,
                                                                  names_[static_cast<std::size_t>(view.leader)]);
        }
      }
    }
  }

  void give_up(View& view) {
    // Everybody's timer expires; the view ends for those who can gather a quorum of timeouts.
    bool certificate = false;
    for (int id = 0; id < count(); ++id) {
      if (!alive(id) || replica(id).condition.isolated) continue;
      view.participants = heard_by(id);
      certificate = static_cast<int>(view.participants.size()) >= quorum();
      replica(id).time_out(view, certificate, names_);
    }
    if (certificate) ++view_;
    after_timeout_ = true;
    timer_ = std::min(timer_ * kBackOff, kLongestTimer);
  }

  // More by day than by night, and never quite even.
  double arrivals() {
    const double hour = static_cast<double>(clock_.now() % kDay) / static_cast<double>(kHour);
    const double day = 1000 - 400 * std::cos((hour - 2) / 12 * std::numbers::pi);
    return load_ * day * random_.between(0.85, 1.15);
  }

  void second() {
    Second now;
    now.pool = fit_ + unfit_;
    const double wanted = arrivals();
    now.arrivals = wanted + weather_.unfit;
    if (weather_.unfit == 0) unfit_ *= 0.95;  // they expire
    // Who pays more displaces who pays less.
    fit_ = std::min(fit_ + wanted, kPoolCapacity);
    unfit_ += weather_.unfit;
    now.refused = std::max(0.0, fit_ + unfit_ - kPoolCapacity);
    unfit_ -= now.refused;
    now.mismatch = weather_.diverged || weather_.forks;
    since_misbehaviour_ += 1;
    if (weather_.forks && since_misbehaviour_ >= 60) fork();
    for (const auto& each : replicas_) {
      if (!each->condition.running) continue;
      now.round_trips.clear();
      for (const int peer : heard_by(each->id)) {
        if (peer != each->id) now.round_trips.emplace(peer, hop(each->id, peer) + hop(peer, each->id));
      }
      now.quorum = has_quorum(each->id);
      each->live_through(now, names_);
    }
    tasks_.after(kSecond, [this] { second(); });
  }

  // What more than f conspirators could do.
  void fork() {
    since_misbehaviour_ = 0;
    for (const auto& each : replicas_) {
      each->metrics.consensus.record_safety_violation(SafetyViolationType::kConflictingCommit, view_);
      for (int liar = count() - 2; liar < count(); ++liar) {
        each->metrics.consensus.record_byzantine_behavior(ByzantineBehaviorType::kDoubleVote,
                                                          names_[static_cast<std::size_t>(liar)]);
      }
    }
  }

  const double load_;
  const Clock& clock_;
  sim::Random random_;
  std::vector<std::string> names_;
  std::vector<pack::Process> processes_;
  std::vector<std::unique_ptr<SimulatedReplica>> replicas_;
  Weather weather_;
  std::uint64_t view_ = 1, height_ = 0;
  double timer_ = kFirstTimer;
  bool after_timeout_ = false;
  double fit_ = 800, unfit_ = 0;  // waiting transactions, by whether a block can take them
  double since_misbehaviour_ = 0;
  sim::TaskScope tasks_;
};

}  // namespace

std::unique_ptr<pack::Simulation> simulate(const pack::SimulationOptions& options) {
  return std::make_unique<Network>(options);
}

}  // namespace vigil::packs::hotstuff2
