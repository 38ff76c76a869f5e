// One metric family: its description and its series, found by label values
// without a lock. Behind the typed instruments of metrics.h; not for callers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/clock.h"
#include "vigil/base/mutex.h"
#include "vigil/metrics/bucket_index.h"
#include "vigil/metrics/cells.h"
#include "vigil/metrics/schema.h"
#include "vigil/metrics/series.h"
#include "vigil/model/sample.h"

namespace vigil::metrics {
class Visitor;
}

namespace vigil::metrics::internal {

// What the families of one registry share.
struct Common {
  const Clock* clock = &Clock::system();
  bool enabled = true;
  std::size_t max_bytes = 0;  // of all series together; 0: no limit
  std::atomic<std::size_t> bytes{0};
  std::atomic<std::uint64_t> overflowed{0};  // counted under "other" instead
  std::atomic<std::uint64_t> rejected{0};    // not a value of a closed label: not counted at all
  std::atomic<std::uint64_t> expired{0};     // label sets that were idle for too long
};

// Thread-safety: any thread. find() never locks; creating takes the family's lock.
//
// A series lives in one of four places:
//   alive     in the list, in the table, with cells
//   tomb      in the list and the table, without cells: revived by its handles and lookups
//   unlinked  in the list only, while a search that began earlier may still look at it
//   free      in the list only: waits for another label set
class Family {
 public:
  Family(const Description& description, std::string name, std::shared_ptr<Common> common);
  ~Family();
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;

  // The series of these label values (as many as labels). At the cap: the overflow
  // series. Without a series for a value that a closed label does not have.
  Target get(std::span<const std::string_view> values);

  // Whether it counts what came above the cap.
  bool is_overflow(const Series& series);

  // Creates each series with these values; nullopt stands for every value of a closed label.
  void prepare(std::span<const std::optional<std::string_view>> values);

  // Takes a label set off the page; true if it was there. Handles of it that are used
  // again start it anew at 0.
  bool remove(std::span<const std::string_view> values);

  // The one series of a family without labels.
  Target only() const { return only_; }

  // Where updates of a handle go whose series is not what it was.
  Target resolve(const Target& old);

  // The exemplars of a series that the caller has announced to use.
  Exemplars* exemplars(Series& series);

  bool same_schema(const Description& description) const;
  void visit(Visitor& visitor, const CellReader& reader);
  // Retires label sets that were idle for Options::expire_after and reuses what removed
  // ones held. Called after each visit.
  void sweep();

  const BucketIndex& buckets() const { return buckets_; }
  bool has_native() const { return layout_.has_native; }
  // Which buckets an observation goes to.
  enum class Buckets : std::uint8_t { kNone, kClassic, kNative, kBoth };
  Buckets observed() const { return observed_; }
  double zero_threshold() const { return layout_.native.zero_threshold; }
  const Clock& clock() const { return *common_->clock; }
  const std::string& name() const { return name_; }
  std::size_t arity() const { return labels_.size(); }
  MetricType type() const { return type_; }
  std::size_t size() const { return count_.load(std::memory_order_relaxed); }

  // Of a histogram series: sum, classic buckets, +Inf; then, of a native one, the
  // observations near 0 and those that are not a number.
  CellId zero_cell(CellId first) const { return first + buckets_.size() + 2; }
  CellId nan_cell(CellId first) const { return first + buckets_.size() + 3; }

  // Sets every series but this one of an info metric aside.
  void clear_others(const Series* kept);

 private:
  struct Table {
    explicit Table(std::size_t slots)
        : mask(slots - 1), tag(new std::atomic<std::uint8_t>[slots]()), slot(new std::atomic<Series*>[slots]()) {}
    // Never 0, which marks a slot that was never used.
    static std::uint8_t tag_of(std::uint32_t hash) { return static_cast<std::uint8_t>(hash >> 24 | 1); }
    std::size_t mask;
    // Of each slot, a part of the hash: most of the others' series are passed by without
    // waiting for their memory.
    std::unique_ptr<std::atomic<std::uint8_t>[]> tag;
    std::unique_ptr<std::atomic<Series*>[]> slot;
  };
  // What a series held when it was removed, until nobody can be updating it.
  struct Remains {
    Series* series = nullptr;
    CellId cells = kNoCell;
    SeriesExtra* extra = nullptr;
  };

  static constexpr std::size_t kMinTombs = 16;

  // Values of a label set. Where their number is part of the type, loops over them are
  // written out: of the instructions of a lookup a fifth is counting labels.
  template <std::size_t N = std::dynamic_extent>
  using Values = std::span<const std::string_view, N>;

  template <std::size_t N>
  static std::uint32_t hash(Values<N> values);
  static Series* deleted();  // marks the slot of a series that was unlinked
  Target target(Series* series) const;
  template <std::size_t N>
  Target find(Values<N> values);
  // For threads that end.
  [[gnu::cold, gnu::noinline]] Target find_locked(Values<> values, std::uint32_t hash);
  template <std::size_t N>
  Series* search(const Table& table, Values<N> values, std::uint32_t hash) const;
  template <std::size_t N>
  bool matches(const Series& series, Values<N> values) const;
  bool matches_escaped(std::string_view text, Values<> values) const;
  Target create(std::span<const std::string_view> values);
  Target overflow(std::span<const std::string_view> values);
  std::uint32_t seconds() const;  // of the family's life
  bool full() const;
  Series* insert(std::span<const std::string_view> values, std::uint32_t hash) REQUIRES(mutex_);
  Series* make_series(std::size_t text_bytes) REQUIRES(mutex_);
  void put(Series* series) REQUIRES(mutex_);
  void enliven(Series& series) REQUIRES(mutex_);
  void kill(Series& series, CellId cells) REQUIRES(mutex_);
  void retire_idle() REQUIRES(mutex_);
  void reclaim() REQUIRES(mutex_);
  void free_remains(const Remains& remains);
  std::uint64_t activity(const Series& series, CellId cells, const CellReader& reader) const;
  std::atomic<std::uint64_t>& last_seen(Series& series) const;  // activity, of a series that is alive
  bool allowed(std::span<const std::string_view> values) const;
  char* take(std::size_t bytes) REQUIRES(mutex_);
  std::uint32_t cells_each() const;
  bool is_gauge() const { return type_ != MetricType::kCounter && type_ != MetricType::kHistogram; }

  const MetricType type_;
  const std::string name_, help_, unit_;
  std::vector<std::string> labels_;
  std::size_t frame_bytes_ = 0;                   // of a label text, what is not a value
  std::vector<std::size_t> name_bytes_;           // of each label: name="
  std::vector<std::vector<std::string>> closed_;  // by label; empty = open
  std::size_t cap_ = 0;                           // of ordinary series; the overflow series come on top
  Duration expire_after_ = 0;
  const Layout layout_;  // but for the bounds, which buckets_ has
  const BucketIndex buckets_;
  const Buckets observed_;
  const std::shared_ptr<Common> common_;
  const Timestamp born_;

  Target only_;
  std::atomic<Table*> table_{nullptr};
  std::atomic<Series*> first_{nullptr};
  std::atomic<std::size_t> count_{0};       // alive, overflow series included
  std::atomic<std::size_t> overflows_{0};   // alive overflow series
  std::size_t bytes_ = 0;                   // under the lock
  std::atomic<std::uint32_t> swept_at_{0};  // seconds()
  std::atomic<bool> unswept_{false};        // removed label sets wait for sweep()

  // Held shared by visits, so that no series they look at becomes another one.
  std::shared_mutex visiting_;
  Mutex mutex_;
  Series* last_ GUARDED_BY(mutex_) = nullptr;
  std::unique_ptr<Table> newest_ GUARDED_BY(mutex_);
  std::size_t used_slots_ GUARDED_BY(mutex_) = 0;  // of the newest table, deleted ones included
  std::vector<std::unique_ptr<Table>> outgrown_ GUARDED_BY(mutex_);
  std::deque<Series*> tombs_ GUARDED_BY(mutex_);  // oldest first
  std::vector<Series*> unlinked_ GUARDED_BY(mutex_);
  std::vector<Series*> free_ GUARDED_BY(mutex_);
  std::vector<Remains> remains_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<char[]>> blocks_ GUARDED_BY(mutex_);
  char* block_end_ GUARDED_BY(mutex_) = nullptr;
  std::size_t block_left_ GUARDED_BY(mutex_) = 0;
  bool warned_ GUARDED_BY(mutex_) = false;
};

// The value of a counter, summed over all threads.
double counter_value(CellId cells, const CellReader& reader);

}  // namespace vigil::metrics::internal
