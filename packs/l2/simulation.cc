#include "packs/l2/simulation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "packs/l2/sim/account_model.h"
#include "packs/l2/sim/availability_model.h"
#include "packs/l2/sim/rollup_model.h"
#include "packs/l2/sim/scenario_faults.h"
#include "packs/l2/sim/service_model.h"

namespace vigil::packs::l2 {
namespace {

constexpr double kPeakTransactions = 25;  // a second
constexpr double kBytesOfTransaction = 2500;

// In the order of the ports in scrape.yml.
enum class Target : std::uint8_t {
  kChain,
  kAccounts,
  kCelestia,
  kUpkeep,
  kSequencerHost,
  kServicesHost,
  kPostgres,
  kRedis,
  kContainers,
  kGateway,
  kBundler,
  kExplorer,
  kCount,
};
struct Name {
  const char* job;
  const char* instance;
  Duration interval;
};
constexpr std::array<Name, static_cast<std::size_t>(Target::kCount)> kTargets{{
    {"chain", "chain-exporter:9545", 10 * kSecond},
    {"erc4337", "contract-exporter:9546", 10 * kSecond},
    {"celestia", "celestia-exporter:9547", 10 * kSecond},
    {"upkeep", "services:9548", 60 * kSecond},
    {"node", "sequencer:9100", 15 * kSecond},
    {"node", "services:9100", 15 * kSecond},
    {"postgres", "services:9187", 15 * kSecond},
    {"redis", "services:9121", 15 * kSecond},
    {"cgroup", "services:8081", 15 * kSecond},
    {"blackbox", "http://gateway:8545", 15 * kSecond},
    {"blackbox", "http://bundler:4337", 15 * kSecond},
    {"blackbox", "http://explorer:4000", 15 * kSecond},
}};

std::vector<pack::Process> make_processes(const Clock& clock) {
  std::vector<pack::Process> all;
  metrics::RegistryOptions options;
  options.clock = &clock;
  for (const Name& name : kTargets) {
    all.push_back({.job = name.job,
                   .instance = name.instance,
                   .registry = std::make_unique<metrics::Registry>(options),
                   .up = true,
                   .interval = name.interval});
  }
  return all;
}

class Stack final : public pack::Simulation {
 public:
  explicit Stack(const pack::SimulationOptions& options)
      : scheduler_(*options.scheduler),
        load_(options.load),
        random_(options.seed),
        processes_(make_processes(scheduler_.clock())),
        chain_(registry(Target::kChain), sim::Random(options.seed, 1), now()),
        accounts_(registry(Target::kAccounts), sim::Random(options.seed, 2)),
        celestia_(registry(Target::kCelestia), sim::Random(options.seed, 3), chain_.head()),
        upkeep_(registry(Target::kUpkeep), now()),
        sequencer_host_(registry(Target::kSequencerHost), sim::Random(options.seed, 4)),
        services_host_(registry(Target::kServicesHost), sim::Random(options.seed, 5)),
        postgres_(registry(Target::kPostgres)),
        redis_(registry(Target::kRedis)),
        containers_(registry(Target::kContainers), now()),
        gateway_(registry(Target::kGateway), sim::Random(options.seed, 6)),
        bundler_(registry(Target::kBundler), sim::Random(options.seed, 7)),
        explorer_(registry(Target::kExplorer), sim::Random(options.seed, 8)),
        timer_(scheduler_) {}

  void start() override { tick(); }
  std::span<pack::Process> processes() override { return processes_; }

  Result<void> inject(std::string_view name) override {
    VIGIL_TRY(const Fault fault, fault_named(name));
    clear();
    fault_ = fault;
    since_ = now();
    chain_.begin(fault);
    accounts_.begin(fault);
    celestia_.begin(fault);
    if (fault == Fault::kDiskLow) sequencer_host_.write(disk_written_ = 520e9);
    process(Target::kAccounts).up = fault != Fault::kExporterDown;
    process(Target::kChain).up = fault != Fault::kChainExporterDown;
    return {};
  }

  void clear() override {
    if (fault_ == Fault::kNone) return;
    accounts_.end(fault_);
    celestia_.end();
    if (fault_ == Fault::kBackupsStopped) upkeep_.back_up(now());  // by hand
    sequencer_host_.write(-std::exchange(disk_written_, 0));
    for (pack::Process& process : processes_) process.up = true;
    fault_ = Fault::kNone;
  }

 private:
  Timestamp now() const { return scheduler_.clock().now(); }
  pack::Process& process(Target target) { return processes_[static_cast<std::size_t>(target)]; }
  metrics::Registry& registry(Target target) { return *process(target).registry; }

  // Quiet at 3:00, busiest at 15:00, and never quite the same.
  double demand(Timestamp time) {
    mood_ += 0.01 * (0 - mood_) + random_.between(-0.01, 0.01);
    const double hour = static_cast<double>(time % kDay) / static_cast<double>(kHour);
    const double curve = 0.55 + 0.45 * std::sin((hour - 9) / 24 * 2 * std::numbers::pi);
    return kPeakTransactions * load_ * curve * (1 + mood_);
  }

  void tick() {
    const Timestamp time = now();
    const double transactions = demand(time);
    const double used = transactions / kPeakTransactions;
    const double busy = fault_ == Fault::kHostBusy ? 0.96 : 0.2 + 0.2 * std::min(used, 2.0);

    chain_.set_topup_balance(accounts_.topup_balance());
    chain_.tick(time, fault_, transactions, celestia_.covered(), busy);
    accounts_.tick(time, fault_, chain_);
    celestia_.tick(time, fault_, chain_);
    tick_services(time, transactions, busy);
    upkeep_.tick(time, fault_);

    next_ = std::max(next_ + kSecond, time / kSecond * kSecond + kSecond);
    timer_.arm(next_, [this] { tick(); });
  }

  void tick_services(Timestamp time, double transactions, double busy) {
    const double minutes = static_cast<double>(time - since_) / static_cast<double>(kMinute);
    const double included = static_cast<double>(chain_.transactions_in_last_tick());
    const double leak = fault_ == Fault::kMemoryLeak ? std::min(0.1 * minutes, 0.5) : 0;
    if (fault_ == Fault::kDiskFilling) {
      constexpr double kLogs = 60e9 / 3600;
      disk_written_ += kLogs;
      sequencer_host_.write(kLogs);
    }
    // Chain data: about 1 GB a day.
    sequencer_host_.write(included * 600);
    sequencer_host_.tick(busy, 0.5, transactions * kBytesOfTransaction);
    services_host_.tick(0.15 + 0.5 * (busy > 0.9 ? 0.4 : busy), 0.45 + leak, transactions * kBytesOfTransaction / 2);

    const bool database = fault_ != Fault::kPostgresDown;
    postgres_.tick(database, included, fault_ == Fault::kConnectionLeak ? std::min(40 * minutes, 150.0) : 1);
    redis_.tick(fault_ != Fault::kRedisDown, 20 + 6 * transactions);
    containers_.tick(time, fault_);
    // Without its cache the gateway asks the node each time.
    const double slow = (fault_ == Fault::kRedisDown ? 4 : 1) * (busy > 0.9 ? 4 : 1);
    gateway_.tick(fault_ != Fault::kGatewayDown, 0.012 * slow);
    bundler_.tick(true, 0.02 * slow);
    explorer_.tick(database, 0.15);
  }

  Scheduler& scheduler_;
  const double load_;
  sim::Random random_;
  double mood_ = 0;
  Fault fault_ = Fault::kNone;
  Timestamp since_ = 0;      // of the fault
  double disk_written_ = 0;  // by the fault
  Timestamp next_ = 0;

  std::vector<pack::Process> processes_;
  RollupModel chain_;
  AccountModel accounts_;
  AvailabilityModel celestia_;
  UpkeepModel upkeep_;
  HostModel sequencer_host_, services_host_;
  PostgresModel postgres_;
  RedisModel redis_;
  ContainerModel containers_;
  ProbeModel gateway_, bundler_, explorer_;
  Timer timer_;
};

}  // namespace

std::unique_ptr<pack::Simulation> simulate(const pack::SimulationOptions& options) {
  return std::make_unique<Stack>(options);
}

}  // namespace vigil::packs::l2
