#include "packs/zk/simulation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <memory>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "packs/zk/simulated_prover.h"
#include "vigil/sim/tasks.h"

namespace vigil::packs::zk {
namespace {

constexpr Duration kUntilKilled = 15 * kSecond;  // of a proof that no machine has the memory for

std::unique_ptr<metrics::Registry> registry_on(const Clock& clock) {
  metrics::RegistryOptions options;
  options.clock = &clock;
  return std::make_unique<metrics::Registry>(options);
}

// The node exporter beside a prover: what panels and alerts read of it.
class Host {
 public:
  explicit Host(metrics::Registry& registry)
      : cpu_(registry, "node_cpu_seconds_total", "CPU time by mode."),
        available_(registry, "node_memory_MemAvailable_bytes", "Memory available."),
        total_(registry, "node_memory_MemTotal_bytes", "Memory installed."),
        free_(registry, "node_filesystem_avail_bytes", "Free for users."),
        size_(registry, "node_filesystem_size_bytes", "Size.") {}

  void live_through_second(double busy, double memory) {
    for (const std::string_view core : {"0", "1", "2", "3", "4", "5", "6", "7"}) {
      cpu_.with(core, "user").inc(busy);
      cpu_.with(core, "idle").inc(1 - busy);
    }
    constexpr double kMemory = 68e9, kDisk = 500e9;
    total_.set(kMemory);
    available_.set(kMemory - memory - 1.5e9);
    size_.with("/dev/nvme0n1p1", "ext4", "/").set(kDisk);
    free_.with("/dev/nvme0n1p1", "ext4", "/").set(0.6 * kDisk);
  }

 private:
  metrics::Counter<"cpu", "mode"> cpu_;
  metrics::Gauge<> available_, total_;
  metrics::Gauge<"device", "fstype", "mountpoint"> free_, size_;
};

class ProofSystem final : public pack::Simulation {
 public:
  explicit ProofSystem(const pack::SimulationOptions& options)
      : load_(options.load),
        clock_(options.scheduler->clock()),
        random_(options.seed, 1'000),
        tasks_(*options.scheduler) {
    const int count = options.nodes > 0 ? options.nodes : kUsualProvers;
    for (int i = 1; i <= count; ++i) {
      pack::Process& process = add_process("nexuszero-crypto", "prover-" + std::to_string(i) + ":13001");
      provers_.push_back(std::make_unique<SimulatedProver>(i, options.seed, clock_, *process.registry));
    }
    for (int i = 1; i <= count; ++i) {
      hosts_.push_back(std::make_unique<Host>(*add_process("node", "prover-" + std::to_string(i) + ":9100").registry));
    }
  }
  ~ProofSystem() override { tasks_.close(); }

  void start() override {
    tasks_.run([this] { second(); });
    tasks_.run([this] { arrive(); });
  }
  std::span<pack::Process> processes() override { return processes_; }

  Result<void> inject(std::string_view name) override {
    for (const Fault& fault : faults()) {
      if (fault.name != name) continue;
      fault.apply(conditions_);
      if (conditions_.last_prover_down) {
        provers_.back()->up = false;
        put_back(provers_.back()->abandon());
      }
      return {};
    }
    return std::unexpected(Error(ErrorCode::kNotFound, "zk has no fault \"" + std::string(name) + "\""));
  }

  void clear() override {
    const bool hung = conditions_.workers_hang;
    conditions_ = {};
    for (const auto& prover : provers_) {
      prover->up = true;
      if (hung) put_back(prover->abandon());  // workers are restarted
    }
    std::erase_if(queue_, [](const Job& job) { return job.too_large || job.poisoned; });
    dispatch();
  }

 private:
  pack::Process& add_process(std::string job, std::string instance) {
    pack::Process process;
    process.job = std::move(job);
    process.instance = std::move(instance);
    process.registry = registry_on(clock_);
    process.labels = {{"environment", "dev"}};
    processes_.push_back(std::move(process));
    return processes_.back();
  }

  // Jobs a second: more by day than by night.
  double rate() const {
    const double hour = static_cast<double>(clock_.now() % kDay) / static_cast<double>(kHour);
    return load_ * conditions_.extra_jobs * (1.6 - 0.6 * std::cos((hour - 2) / 12 * std::numbers::pi));
  }

  Job new_job() {
    Job job;
    job.accepted = job.available = clock_.now();
    const double kind = random_.unit();
    job.type = kind < 0.5 ? ProofType::kGroth16 : kind < 0.8 ? ProofType::kPlonk : ProofType::kStark;
    const double level = random_.unit();
    job.level = level < 0.75 ? SecurityLevel::kBit128 : level < 0.9 ? SecurityLevel::kBit192 : SecurityLevel::kBit256;
    job.constraints = random_.between(250'000, 800'000);
    if (random_.chance(conditions_.large_circuits)) {
      job.type = ProofType::kStark;
      job.constraints = random_.between(1'550'000, 1'750'000);
    }
    return job;
  }

  void arrive() {
    queue_.push_back(new_job());
    dispatch();
    const double mean = rate();
    tasks_.after(static_cast<Duration>(random_.exponential(1 / std::max(mean, 0.001)) * 1000), [this] { arrive(); });
  }

  // The prover with the most free workers takes the oldest job.
  void dispatch() {
    while (!queue_.empty()) {
      SimulatedProver* best = nullptr;
      for (const auto& prover : provers_) {
        if (prover->takes(conditions_) && (best == nullptr || prover->running() < best->running())) best = prover.get();
      }
      if (best == nullptr) return;
      const Job job = queue_.front();
      queue_.pop_front();
      const auto attempt = best->start(job, conditions_);
      const Duration length = job.too_large ? kUntilKilled : attempt->length;
      tasks_.after(length, [this, best, attempt, life = best->life] {
        // Of a process that was killed meanwhile, or of a worker that hangs.
        if (best->life != life || conditions_.workers_hang) return;
        if (attempt->job.too_large) {
          put_back(best->die());
        } else if (auto again = best->finish(attempt, conditions_)) {
          queue_.push_back(*again);
        }
        dispatch();
      });
    }
  }

  void put_back(const std::vector<Job>& jobs) { queue_.insert(queue_.begin(), jobs.begin(), jobs.end()); }

  void second() {
    ++seconds_;
    if (conditions_.killed_for_memory && seconds_ % 300 == 10) {
      Job job = new_job();
      job.too_large = true;
      queue_.push_front(job);
    }
    if (conditions_.poisoned && seconds_ % 180 == 10) {
      Job job = new_job();
      job.poisoned = true;
      queue_.push_front(job);
    }
    std::array<std::uint64_t, catalog::kProofTypes.size()> waiting{};
    Timestamp oldest = clock_.now();
    for (const Job& job : queue_) {
      ++waiting[static_cast<std::size_t>(job.type)];
      oldest = std::min(oldest, job.accepted);
    }
    for (std::size_t i = 0; i < provers_.size(); ++i) {
      SimulatedProver& prover = *provers_[i];
      if (!prover.up && !(conditions_.last_prover_down && i + 1 == provers_.size())) {
        prover.up = clock_.now() >= prover.back_at;
      }
      processes_[i].up = prover.up;
      hosts_[i]->live_through_second(prover.up ? prover.cpu() : 0.02, prover.up ? prover.memory() : 1e9);
      if (prover.up) prover.live_through_second(conditions_);
    }
    // The queue is shared; its first prover tells about it.
    ZkMetrics& teller = provers_.front()->metrics;
    for (std::size_t type = 0; type < waiting.size(); ++type) {
      teller.update_queue_depth(static_cast<ProofType>(type), waiting[type]);
    }
    teller.update_queue_oldest_age(Seconds(static_cast<double>(clock_.now() - oldest) / 1000));
    dispatch();
    tasks_.after(kSecond, [this] { second(); });
  }

  const double load_;
  const Clock& clock_;
  sim::Random random_;
  std::vector<pack::Process> processes_;  // provers, then their hosts
  std::vector<std::unique_ptr<SimulatedProver>> provers_;
  std::vector<std::unique_ptr<Host>> hosts_;
  Conditions conditions_;
  std::deque<Job> queue_;
  std::uint64_t seconds_ = 0;
  sim::TaskScope tasks_;
};

}  // namespace

std::unique_ptr<pack::Simulation> simulate(const pack::SimulationOptions& options) {
  return std::make_unique<ProofSystem>(options);
}

}  // namespace vigil::packs::zk
