#include <array>

#include "packs/zerostate/node_sim.h"

namespace vigil::packs::zerostate {
namespace {

constexpr std::size_t kSlots = 16;
constexpr double kTasksPerSecond = 0.25;
constexpr double kDeadline = 10;        // seconds, of tasks that wait for a host call
constexpr double kGuildLifetime = 240;  // seconds, on average
constexpr std::array<std::string_view, 3> kHostFunctions{"storage_read", "storage_write", "http_fetch"};

}  // namespace

const std::vector<FinishedTask>& Tasks::step(const Moment& now) {
  ExecutionMetrics& execution = metrics_.execution;
  finished_.clear();
  std::erase_if(running_, [&](const Running& task) {
    if (task.ends > static_cast<double>(now.second)) return false;
    finish(task);
    return true;
  });

  // Tasks come by auction: without peers there is none.
  for (int n = links_.in_touch() ? dice_.count(kTasksPerSecond * now.load) : 0; n > 0; --n) {
    const auto bids = dice_.below(8);
    metrics_.economic.record_auction(bids == 0 ? AuctionOutcome::kNoBid : AuctionOutcome::kAwarded, bids);
    if (dice_.chance(0.01)) {
      execution.record_task_rejected(TaskRejection::kPrice);
      continue;
    }
    execution.record_task_submitted();
    queue_.push_back(now.second);
  }
  while (!queue_.empty() && running_.size() < kSlots) {
    start(now, static_cast<double>(now.second - queue_.front()));
    queue_.pop_front();
  }
  keep_guilds(now);

  escrow_ = 0;
  for (const Running& task : running_) escrow_ += task.outcome.cost;
  execution.update_task_queue_length(queue_.size());
  execution.update_capacity_slots(kSlots);
  execution.update_module_cache_size(CacheTier::kMemory, 96U << 20);
  execution.update_module_cache_size(CacheTier::kFs, 700U << 20);
  return finished_;
}

void Tasks::start(const Moment& now, double waited) {
  const Conditions& conditions = *now.conditions;
  ExecutionMetrics& execution = metrics_.execution;
  execution.record_task_started(Seconds(waited));
  if (dice_.chance(0.9)) {
    execution.record_module_cache_hit(dice_.chance(0.7) ? CacheTier::kMemory : CacheTier::kFs);
  } else {
    execution.record_module_cache_miss();
    execution.record_wasm_compile(Seconds(dice_.lognormal(0.4, 0.5)));
  }
  execution.record_wasm_instantiate(Seconds(dice_.lognormal(0.002, 0.4)));
  for (const std::string_view function : kHostFunctions) {
    if (dice_.chance(0.5)) execution.record_host_call(function);
  }

  Running task;
  task.waited = waited;
  task.duration = std::min(dice_.lognormal(2, 0.85), 24.0);
  // A few peers do most of the work.
  const double u = dice_.unit();
  task.outcome.peer = static_cast<std::size_t>(u * u * u * Money::kKnownPeers);
  task.outcome.cost = dice_.lognormal(0.5, 0.6);
  double memory = std::min(dice_.lognormal(20e6, 0.55), 99e6);
  if (dice_.chance(conditions.hungry_tasks)) memory = dice_.between(104e6, 130e6);
  if (dice_.chance(conditions.slow_tasks)) task.duration = dice_.between(conditions.slow_from, conditions.slow_to);

  const double fate = dice_.unit();
  if (fate < conditions.task_traps) {
    task.result = TaskResult::kFailure;
    execution.record_wasm_trap(dice_.chance(0.7) ? Trap::kUnreachable : Trap::kOutOfFuel);
    execution.record_error(ExecutionStage::kRun);
    metrics_.system.record_error(Layer::kExecution);
  } else if (fate < conditions.task_traps + conditions.task_failures) {
    task.result = TaskResult::kFailure;
    execution.record_wasm_exit(1);
    execution.record_error(dice_.chance(0.5) ? ExecutionStage::kInstantiate : ExecutionStage::kRun);
    metrics_.system.record_error(Layer::kExecution);
  } else if (fate < conditions.task_traps + conditions.task_failures + conditions.task_hangs) {
    task.result = TaskResult::kTimeout;
    task.duration = kDeadline;
    execution.record_wasm_exit(124);
  } else {
    execution.record_wasm_exit(0);
  }
  execution.record_wasm_run(static_cast<std::uint64_t>(memory), static_cast<std::uint64_t>(task.duration * 1e8));
  task.outcome.success = task.result == TaskResult::kSuccess;
  task.ends = static_cast<double>(now.second) + task.duration;
  running_.push_back(task);
}

void Tasks::finish(const Running& task) {
  ExecutionMetrics& execution = metrics_.execution;
  execution.record_task_finished(task.result, Seconds(task.duration));
  metrics_.system.record_request(Layer::kExecution, Seconds(task.waited + task.duration));
  if (task.outcome.success) {
    execution.record_task_cost(task.outcome.cost);
    execution.record_receipt_generated();
    execution.record_receipt_verified(ReceiptResult::kValid);
  }
  finished_.push_back(task.outcome);
}

void Tasks::keep_guilds(const Moment& now) {
  const bool forming = links_.in_touch() && !now.conditions->no_guilds;
  for (int n = forming ? dice_.count(0.012) : 0; n > 0; --n) {
    metrics_.execution.record_guild_formed(3 + dice_.below(6), Seconds(dice_.lognormal(0.4, 0.5)));
    ++guilds_;
  }
  const double lifetime = now.conditions->no_guilds ? 60 : kGuildLifetime;
  for (int n = std::min(guilds_, dice_.count(guilds_ / lifetime)); n > 0; --n) {
    metrics_.execution.record_guild_dissolved(now.conditions->no_guilds ? GuildEnd::kTimeout : GuildEnd::kCompleted);
    --guilds_;
  }
  metrics_.execution.update_guilds_active(static_cast<std::uint64_t>(guilds_));
}

}  // namespace vigil::packs::zerostate
