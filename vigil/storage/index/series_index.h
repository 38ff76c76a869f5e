// From labels to series: which exist, and which match.
//
// Thread-safety: all members may be called from any thread; lookups share a lock,
// changes take it alone. Series found stay valid for whoever is pinned (head/pins.h).
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/model/labels.h"
#include "vigil/model/matcher.h"
#include "vigil/storage/head/series.h"
#include "vigil/storage/index/label_pairs.h"

namespace vigil::storage {

struct NamedCount {
  std::string name;
  std::uint64_t count = 0;
};

// What /api/v1/status/tsdb shows of the index: the largest of each kind.
struct IndexStats {
  std::vector<NamedCount> series_by_metric;
  std::vector<NamedCount> values_by_label;
  std::vector<NamedCount> bytes_by_label;  // of all values
  std::vector<NamedCount> series_by_pair;  // "name=value"
  std::uint64_t label_names = 0;
  std::uint64_t label_pairs = 0;
};

class SeriesIndex {
 public:
  explicit SeriesIndex(Pins& pins) : pins_(pins) {}
  ~SeriesIndex();
  SeriesIndex(const SeriesIndex&) = delete;
  SeriesIndex& operator=(const SeriesIndex&) = delete;

  // nullptr if there is none. Pinned threads only, as all that return series.
  Series* get(SeriesId id) const { return table_.get(id); }
  Series* find(const Labels& labels);

  // The series with these labels; a new one if there is none, after `admit` allowed it.
  // `admit` and `created` run under the lock, so that `created` can order things.
  // A doomed series is saved by being asked for.
  Result<Series*> find_or_create(const Labels& labels, const std::function<Result<void>()>& admit,
                                 const std::function<void(Series&)>& created);
  // At start: a series with an id given; its pairs in ascending order of their names.
  PairId intern(std::string_view name, std::string_view value);
  Series* restore(SeriesId id, std::span<const PairId> pairs);
  SeriesId last_id() const { return last_id_.load(std::memory_order_relaxed); }
  void reserve_ids(SeriesId last);  // at start: ids up to `last` have been used

  // Drops those of `candidates` that `still_dead` confirms under the lock. Returns how many.
  std::size_t drop(std::span<Series* const> candidates, const std::function<bool(Series&)>& still_dead);

  // Ids of the series that match all matchers; all series for none. Ascending.
  Result<Postings> select(std::span<const Matcher> matchers, const std::stop_token& stop = {}) const;
  const Labels& labels(Series& series) const;
  LabelView pair(PairId id) const;         // of a live series
  std::vector<std::string> names() const;  // sorted
  // Sorted: all values of a label, or those that some live series have.
  std::vector<std::string> values(std::string_view name) const;
  std::vector<std::string> values(std::string_view name, std::span<Series* const> series) const;

  std::size_t size() const { return count_.load(std::memory_order_relaxed); }
  std::size_t heap_bytes() const;
  IndexStats stats(std::size_t limit) const;

 private:
  std::size_t slot_of(std::span<const PairId> pairs, std::uint32_t hash) const;
  Series* find_locked(const Labels& labels) const;
  Series* insert_locked(SeriesId id, std::span<const PairId> pairs);
  Postings matching(const Matcher& matcher, bool invert) const;
  std::vector<std::string> sorted_values(std::span<const PairId> ids) const;
  void erase_slot(const Series& series);
  void grow();

  struct Slot {
    std::uint32_t hash = 0;
    SeriesId id = 0;  // 0 is free
  };

  Pins& pins_;
  mutable std::shared_mutex mutex_;
  LabelPairs pairs_;
  PagedTable<Series> table_;
  std::vector<Slot> slots_ = std::vector<Slot>(256);  // by pairs; open addressing
  Postings all_;
  std::atomic<std::size_t> count_ = 0;
  std::atomic<SeriesId> last_id_ = 0;
};

}  // namespace vigil::storage
