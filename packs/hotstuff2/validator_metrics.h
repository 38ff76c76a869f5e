// The validators as this replica sees them: who votes, who leads well, who is trusted.
//
//   ValidatorMetrics validators(registry);
//   validators.set_validators(members);                       // at start and at each change
//   validators.record_view_decided({.view = v, .leader = "a", .outcome = LeaderOutcome::kCommitted,
//                                   .voters = voters});       // once per view
//
// Reputation of a validator over the last 100 decided views: the share of views in which
// its vote was counted, times the share of the views it led that committed (1 if it led
// none). It is 0 from a provable Byzantine act until the set changes or the operator
// clears it. Each replica has its own opinion.
//
// Thread-safety: any thread. A decided view costs O(members) under a lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "packs/hotstuff2/types.h"
#include "vigil/base/mutex.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::hotstuff2 {

struct DecidedView {
  std::uint64_t view = 0;
  ValidatorId leader{};
  LeaderOutcome outcome = LeaderOutcome::kCommitted;
  std::span<const ValidatorId> voters{};  // whose vote was counted
};

class ValidatorMetrics {
 public:
  static constexpr std::size_t kWindow = 100;  // decided views

  explicit ValidatorMetrics(metrics::RegistryRef registry, const HotStuffOptions& options = {});

  // Also sets the quorum n - f with f = (n - 1) / 3. Another set than before starts with a
  // clean record; gauges of members that left disappear.
  void set_validators(std::span<const ValidatorId> members);

  // Views in ascending order; one that is not above the last is ignored (a replica that
  // syncs sees old ones again). Voters and leaders outside the set are ignored.
  void record_view_decided(const DecidedView& decided);

  void mark_byzantine(ValidatorId validator);
  void clear_byzantine(ValidatorId validator);  // by the operator

  const metrics::InstrumentOf<catalog::kValidators> validators;
  const metrics::InstrumentOf<catalog::kQuorumSize> quorum_size;
  const metrics::InstrumentOf<catalog::kValidatorsParticipating> validators_participating;
  const metrics::InstrumentOf<catalog::kLeaderViews> leader_views;
  const metrics::InstrumentOf<catalog::kBlocksSkipped> blocks_skipped;
  const metrics::InstrumentOf<catalog::kValidatorMissedVotes> validator_missed_votes;
  const metrics::InstrumentOf<catalog::kValidatorReputationScore> validator_reputation_score;

 private:
  static constexpr std::size_t kNobody = SIZE_MAX;

  // Counts are over the window.
  struct Member {
    std::string name;
    std::uint32_t voted = 0;
    std::uint32_t led = 0;
    std::uint32_t led_committed = 0;
    bool byzantine = false;
  };
  struct View {
    std::vector<bool> voted;  // by member
    std::size_t leader = kNobody;
    bool committed = false;
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  std::size_t index_of(ValidatorId validator) const REQUIRES(mutex_);
  void add(const View& view, int sign) REQUIRES(mutex_);
  void show_reputation(const Member& member) const REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::vector<Member> members_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> index_ GUARDED_BY(mutex_);
  std::deque<View> window_ GUARDED_BY(mutex_);
  std::optional<std::uint64_t> last_view_ GUARDED_BY(mutex_);
};

}  // namespace vigil::packs::hotstuff2
