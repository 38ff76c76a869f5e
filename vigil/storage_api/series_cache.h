// From the raw bytes of a series, as they came in a scraped line or a write
// request, straight to its SeriesRef: one hash, no label objects.
//
//   auto [entry, is_new] = cache.find_or_add(raw);
//   if (is_new) entry.ref = resolve(labels_of(raw));
//   appender.append(entry.ref, timestamp, value);
//
// Keys are 128-bit hashes with a secret seed; the bytes themselves are not kept. Two
// different series share a key with probability 2^-128 per pair, and nobody who does
// not know the seed can do better.
//
// Rounds (a scrape, a minute of write requests) tell which entries are still in use:
// begin_round(), look-ups, then erase_if() on the entries' `round`.
//
// Thread-safety: none; the owner locks, or has one per thread.
// Cost: senders repeat their order, so the entry after the last one found is tried
// first: a hit there touches no other memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "vigil/base/hash.h"
#include "vigil/model/labels.h"
#include "vigil/storage_api/appender.h"

namespace vigil {

class SeriesCache {
 public:
  struct Entry {
    Hash128 key;
    SeriesRef ref = 0;        // 0: known, but not stored (dropped by relabelling)
    Labels labels;            // for resolving again when the store has dropped the series
    std::uint32_t round = 0;  // the last round it was looked up in
    bool alive = false;       // for the owner: its last stored sample is no staleness marker
    bool tracked = false;     // for the owner: it becomes alive if this round is stored
    bool repeated = false;    // looked up more than once in `round`
  };

  explicit SeriesCache(std::uint64_t seed) : seed_(seed) {}

  void begin_round() { ++round_; }
  std::uint32_t round() const { return round_; }

  // The entry, marked as used in this round, and whether it is new (then `ref` is 0
  // and `labels` empty, for the caller to fill). Valid until the next call of any member.
  std::pair<Entry&, bool> find_or_add(std::string_view raw);

  // Undoes find_or_add() of a new entry, which must be the newest.
  void remove_newest();

  std::size_t size() const { return entries_.size(); }
  // In the order they were first seen.
  std::vector<Entry>& entries() { return entries_; }
  const std::vector<Entry>& entries() const { return entries_; }

  // Forgets the entries for which `predicate` is true; returns how many. Keeps the order.
  template <class Predicate>
  std::size_t erase_if(Predicate predicate) {
    const std::size_t erased = std::erase_if(entries_, predicate);
    if (erased > 0) rebuild();
    return erased;
  }

  // Bytes on the heap, without those of labels (which the store shares).
  std::size_t byte_size() const {
    return entries_.capacity() * sizeof(Entry) + slots_.capacity() * sizeof(std::uint32_t);
  }

 private:
  static constexpr std::uint32_t kEmpty = 0xFFFFFFFF;

  std::size_t slot_of(const Hash128& key) const;  // where the key is or would go
  void rebuild();

  std::uint64_t seed_;
  std::uint32_t round_ = 0;
  std::size_t next_ = 0;  // index behind the entry found last
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // open addressing: indexes into entries_; a power of two
};

}  // namespace vigil
