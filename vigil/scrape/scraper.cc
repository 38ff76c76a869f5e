#include "vigil/scrape/scraper.h"

#include <algorithm>
#include <set>
#include <utility>

#include "vigil/base/log.h"
#include "vigil/base/strings.h"

namespace vigil::scrape {

Scraper::Scraper(Options options)
    : metrics_(options.registry),
      context_{options.storage, options.client, options.scheduler,
               metrics_,        options.seed,   std::move(options.user_agent)},
      discovery_(options.scheduler, options.files,
                 [this](const std::string& job, std::vector<discovery::TargetGroup> groups) {
                   update(job, std::move(groups));
                 }),
      file_failures_(options.registry, MetricType::kCounter, "vigil_scrape_target_file_failures_total",
                     "Target files that could not be read or parsed.", {},
                     [this](metrics::CollectorSink& sink) { sink.point(static_cast<double>(discovery_.failures())); }) {
}

Scraper::~Scraper() { stop(); }

Result<void> Scraper::apply(std::vector<ScrapeConfig> configs) {
  std::map<std::string, discovery::Config> discoveries;
  std::map<std::string, std::shared_ptr<const ScrapeConfig>> jobs;
  for (ScrapeConfig& config : configs) {
    discoveries[config.job_name] = config.discovery;
    std::string name = config.job_name;
    if (!jobs.emplace(name, std::make_shared<ScrapeConfig>(std::move(config))).second) {
      return fail(ErrorCode::kInvalidArgument, "found multiple scrape configs with job name " + go_quote(name));
    }
  }
  {
    MutexLock lock(mutex_);
    if (stopped_) return fail(ErrorCode::kUnavailable, "the scraper is stopped");
    for (auto pool = pools_.begin(); pool != pools_.end();) {
      if (jobs.contains(pool->first)) {
        ++pool;
        continue;
      }
      for (auto& [identity, loop] : pool->second.loops) retire(std::move(loop));
      metrics_.targets.with(pool->first).clear();
      metrics_.failed_targets.with(pool->first).clear();
      pool = pools_.erase(pool);
    }
  }
  std::vector<std::string> changed;
  {
    MutexLock lock(mutex_);
    for (auto& [name, config] : jobs) {
      Pool& pool = pools_[name];
      if (pool.config != nullptr && !config->fingerprint.empty() && pool.config->fingerprint == config->fingerprint)
        continue;
      pool.config = std::move(config);
      ++pool.version;
      if (pool.groups != nullptr) changed.push_back(name);
    }
  }
  // New settings for targets already known; discovery only calls for those that change.
  for (const std::string& name : changed) sync(name);
  discovery_.apply(discoveries);
  return {};
}

void Scraper::update(const std::string& job, std::vector<discovery::TargetGroup> groups) {
  {
    MutexLock lock(mutex_);
    const auto pool = pools_.find(job);
    if (pool == pools_.end()) return;
    pool->second.groups = std::make_shared<std::vector<discovery::TargetGroup>>(std::move(groups));
    ++pool->second.version;
  }
  sync(job);
}

// Relabels outside the lock and installs the result unless something newer has come
// meanwhile. Loops are made and changed under the lock: they take no lock of ours,
// and none of this waits for a scrape.
void Scraper::sync(const std::string& job) {
  std::shared_ptr<const ScrapeConfig> config;
  std::shared_ptr<const std::vector<discovery::TargetGroup>> groups;
  std::uint64_t version = 0;
  {
    MutexLock lock(mutex_);
    const auto pool = pools_.find(job);
    if (stopped_ || pool == pools_.end()) return;
    config = pool->second.config;
    groups = pool->second.groups;
    version = pool->second.version;
  }
  JobTargets found = make_targets(*config, *groups);

  std::optional<Error> forced_error;
  if (config->target_limit > 0 && found.targets.size() > config->target_limit) {
    forced_error = Error(ErrorCode::kLimitExceeded,
                         "target_limit exceeded (number of targets: " + std::to_string(found.targets.size()) +
                             ", limit: " + std::to_string(config->target_limit) + ")");
  }
  MutexLock lock(mutex_);
  const auto at = pools_.find(job);
  if (stopped_ || at == pools_.end() || at->second.version != version) return;
  Pool& pool = at->second;
  std::map<std::string, std::shared_ptr<TargetLoop>> loops;
  for (Target& target : found.targets) {
    std::string identity = target.identity();
    const auto known = pool.loops.find(identity);
    const bool is_new = known == pool.loops.end();
    auto loop = is_new ? std::make_shared<TargetLoop>(context_, config, target) : std::move(known->second);
    if (!is_new) pool.loops.erase(known);
    loop->reconfigure(config, std::move(target), forced_error);
    if (is_new) loop->start();
    loops.emplace(std::move(identity), std::move(loop));
  }
  for (auto& [identity, loop] : pool.loops) retire(std::move(loop));
  pool.loops = std::move(loops);

  pool.dropped_count = found.dropped.size();
  found.dropped.resize(std::min(found.dropped.size(), kMaxDroppedShown));
  pool.dropped = std::move(found.dropped);
  pool.errors.clear();
  for (const Error& error : found.errors) {
    log::warn("scrape", "a discovered target cannot be scraped", {{"job", job}, {"error", error.message()}});
    pool.errors.push_back(error.message());
  }
  metrics_.targets.with(job).set(static_cast<double>(pool.loops.size()));
  metrics_.failed_targets.with(job).set(static_cast<double>(pool.errors.size()));
}

void Scraper::retire(std::shared_ptr<TargetLoop> loop) {
  std::erase_if(retiring_, [](const auto& retiring) { return retiring->finished(); });
  loop->retire();
  retiring_.push_back(std::move(loop));
}

void Scraper::stop() {
  std::vector<std::shared_ptr<TargetLoop>> loops;
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    for (const auto& [name, pool] : pools_) {
      for (const auto& [identity, loop] : pool.loops) loops.push_back(loop);
    }
    loops.insert(loops.end(), retiring_.begin(), retiring_.end());
  }
  discovery_.stop();
  for (const auto& loop : loops) loop->stop();
}

std::vector<PoolStatus> Scraper::pools(std::optional<std::string_view> job) const {
  std::vector<PoolStatus> out;
  MutexLock lock(mutex_);
  for (const auto& [name, pool] : pools_) {
    if (job && *job != name) continue;
    PoolStatus& status = out.emplace_back();
    status.job = name;
    for (const auto& [identity, loop] : pool.loops) status.active.push_back(loop->status());
    std::sort(status.active.begin(), status.active.end(),
              [](const TargetStatus& a, const TargetStatus& b) { return a.target.url < b.target.url; });
    status.dropped = pool.dropped;
    status.dropped_count = pool.dropped_count;
    status.errors = pool.errors;
  }
  return out;
}

std::vector<TargetMetadataView> Scraper::metadata() const {
  std::vector<std::shared_ptr<TargetLoop>> loops;
  {
    MutexLock lock(mutex_);
    for (const auto& [name, pool] : pools_) {
      for (const auto& [identity, loop] : pool.loops) loops.push_back(loop);
    }
  }
  std::vector<TargetMetadataView> out;
  out.reserve(loops.size());
  for (const auto& loop : loops) out.push_back({loop->status().target.labels, loop->metadata()});
  return out;
}

}  // namespace vigil::scrape
