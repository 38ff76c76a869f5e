// Every (label name, value) pair is kept once and has a number; a series is the list of
// its pairs' numbers, and each pair has the list of its series.
//
// Thread-safety: get() from anywhere for pairs of a live series; all else under the
// index's lock.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "vigil/base/mutex.h"
#include "vigil/storage/head/paged_table.h"
#include "vigil/storage/head/pins.h"
#include "vigil/storage/head/series.h"
#include "vigil/storage/index/postings.h"

namespace vigil::storage {

struct LabelName;

struct LabelPair {
  const LabelName* name = nullptr;
  std::string value;
  Postings series;
  PairId id = 0;
  std::uint32_t place = 0;  // in name->pairs
};

struct LabelName {
  std::string text;
  std::vector<PairId> pairs;  // in no order
};

class LabelPairs {
 public:
  LabelPairs() = default;
  ~LabelPairs();
  LabelPairs(const LabelPairs&) = delete;
  LabelPairs& operator=(const LabelPairs&) = delete;

  const LabelPair* get(PairId id) const { return table_.get(id); }
  LabelPair* get(PairId id) { return table_.get(id); }
  const LabelPair* find(std::string_view name, std::string_view value) const;
  LabelPair* find_or_create(std::string_view name, std::string_view value);
  const LabelName* find_name(std::string_view name) const;
  // Forgets a pair without series; its memory is retired through `pins`.
  void remove(LabelPair* pair, Pins& pins);

  const std::unordered_map<std::string_view, std::unique_ptr<LabelName>>& names() const { return names_; }
  std::size_t size() const { return used_; }
  std::size_t heap_bytes() const;

 private:
  std::size_t slot_of(std::string_view name, std::string_view value) const;
  void grow();
  PairId new_id();

  PagedTable<LabelPair> table_;
  std::unordered_map<std::string_view, std::unique_ptr<LabelName>> names_;
  std::vector<PairId> slots_ = std::vector<PairId>(64);  // open addressing; 0 is free
  Mutex free_mutex_;                                     // ids come back from whichever thread ends the last pin
  std::vector<PairId> free_ids_ GUARDED_BY(free_mutex_);
  PairId last_id_ = 0;
  std::size_t used_ = 0;
};

}  // namespace vigil::storage
