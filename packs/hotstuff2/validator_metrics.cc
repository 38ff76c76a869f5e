#include "packs/hotstuff2/validator_metrics.h"

#include <algorithm>

namespace vigil::packs::hotstuff2 {

using metrics::each;

ValidatorMetrics::ValidatorMetrics(metrics::RegistryRef registry, const HotStuffOptions& options)
    : validators(registry, catalog::kValidators),
      quorum_size(registry, catalog::kQuorumSize),
      validators_participating(registry, catalog::kValidatorsParticipating),
      leader_views(registry, with_max_validators(catalog::kLeaderViews, options.max_validators)),
      blocks_skipped(registry, catalog::kBlocksSkipped),
      validator_missed_votes(registry, with_max_validators(catalog::kValidatorMissedVotes, options.max_validators)),
      validator_reputation_score(registry,
                                 with_max_validators(catalog::kValidatorReputationScore, options.max_validators)) {}

void ValidatorMetrics::set_validators(std::span<const ValidatorId> members) {
  for (const ValidatorId member : members) {
    leader_views.prepare(member, each);
    validator_missed_votes.prepare(member);
  }
  MutexLock lock(mutex_);
  std::vector<std::string> names(members.begin(), members.end());
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  validators.set(static_cast<double>(names.size()));
  const std::size_t faults = names.empty() ? 0 : (names.size() - 1) / 3;
  quorum_size.set(static_cast<double>(names.size() - faults));
  if (std::ranges::equal(names, members_, {}, {}, &Member::name)) return;

  for (const Member& old : members_) {
    if (!std::ranges::binary_search(names, old.name)) validator_reputation_score.with(old.name).clear();
  }
  members_.clear();
  index_.clear();
  window_.clear();
  for (std::string& name : names) {
    index_.emplace(name, members_.size());
    members_.push_back({.name = std::move(name)});
  }
}

std::size_t ValidatorMetrics::index_of(ValidatorId validator) const {
  const auto found = index_.find(validator);
  return found == index_.end() ? kNobody : found->second;
}

void ValidatorMetrics::add(const View& view, int sign) {
  const auto amount = static_cast<std::uint32_t>(sign);  // -1 wraps, and so does the sum
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (view.voted[i]) members_[i].voted += amount;
  }
  if (view.leader == kNobody) return;
  members_[view.leader].led += amount;
  if (view.committed) members_[view.leader].led_committed += amount;
}

void ValidatorMetrics::show_reputation(const Member& member) const {
  double score = 0;
  if (!member.byzantine && !window_.empty()) {
    score = static_cast<double>(member.voted) / static_cast<double>(window_.size());
    if (member.led > 0) score *= static_cast<double>(member.led_committed) / static_cast<double>(member.led);
  }
  validator_reputation_score.with(member.name).set(score);
}

void ValidatorMetrics::record_view_decided(const DecidedView& decided) {
  MutexLock lock(mutex_);
  if (last_view_ && decided.view <= *last_view_) return;
  last_view_ = decided.view;

  View view{.voted = std::vector<bool>(members_.size()),
            .leader = index_of(decided.leader),
            .committed = decided.outcome == LeaderOutcome::kCommitted};
  for (const ValidatorId voter : decided.voters) {
    if (const std::size_t i = index_of(voter); i != kNobody) view.voted[i] = true;
  }
  if (view.leader != kNobody) leader_views.with(decided.leader, to_string(decided.outcome)).inc();
  if (!view.committed) blocks_skipped.inc();

  add(view, 1);
  window_.push_back(std::move(view));
  if (window_.size() > kWindow) {
    add(window_.front(), -1);
    window_.pop_front();
  }
  std::size_t participating = 0;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const Member& member = members_[i];
    if (!window_.back().voted[i]) validator_missed_votes.with(member.name).inc();
    if (member.voted > 0) ++participating;
    show_reputation(member);
  }
  validators_participating.set(static_cast<double>(participating));
}

void ValidatorMetrics::mark_byzantine(ValidatorId validator) {
  MutexLock lock(mutex_);
  const std::size_t i = index_of(validator);
  if (i == kNobody) return;
  members_[i].byzantine = true;
  show_reputation(members_[i]);
}

void ValidatorMetrics::clear_byzantine(ValidatorId validator) {
  MutexLock lock(mutex_);
  const std::size_t i = index_of(validator);
  if (i == kNobody || !members_[i].byzantine) return;
  members_[i].byzantine = false;
  if (!window_.empty()) show_reputation(members_[i]);
}

}  // namespace vigil::packs::hotstuff2
