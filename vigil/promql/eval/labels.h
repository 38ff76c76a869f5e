// Grouping rows by labels, dropping metric names, and keeping label sets unique.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/hash.h"
#include "vigil/model/labels.h"
#include "vigil/promql/eval/table.h"

namespace vigil::promql {

inline constexpr std::string_view kTypeLabel = "__type__";
inline constexpr std::string_view kUnitLabel = "__unit__";

// The labels that say what metric this is: __name__, __type__, __unit__. They go
// whenever the value stops being that metric's.
bool is_metadata_label(std::string_view name);
Labels without_metadata(const Labels& labels);

// A function of the row's values: its name no longer fits. With immediate dropping
// the flag alone makes the labels count as gone; with delayed it is honoured at the end.
inline void mark_name_dropped(Row& row) { row.drop_name = true; }
// The row gets new labels: carries out a pending drop first (immediate dropping only).
void settle_name(const QueryContext& context, Row& row);

struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return hash64(text); }
};

// Numbers the groups that label sets fall into, by kept labels. The work per series is
// one walk over its labels; nothing is allocated unless the group is new.
class LabelGrouper {
 public:
  enum class Keep {
    kOnly,    // by (...), on (...)
    kWithout  // without (...), ignoring (...): all but those given, and but __name__ if `drop_name` was asked for
  };
  // `names` are copied.
  LabelGrouper(const QueryContext& context, Keep keep, std::span<const std::string> names, bool without_name);

  // The number of the group of `row`: 0, 1, … in order of first appearance.
  std::uint32_t group_of(const Row& row);
  std::size_t size() const { return groups_.size(); }
  // The labels kept of `row`.
  Labels kept(const Row& row) const;

 private:
  template <class Visit>
  void visit_kept(const Row& row, Visit visit) const;

  bool delayed_;
  Keep keep_;
  bool without_name_;
  std::vector<std::string> names_;  // sorted
  std::unordered_map<std::string, std::uint32_t, StringHash, std::equal_to<>> groups_;
  std::string key_;
};

// The label set rows are told apart by: what is left after a pending drop with
// immediate dropping, all of it with delayed.
Labels identity(const QueryContext& context, const Row& row);

// Makes rows with equal identity one row. Two samples at one step is the error
// "vector cannot contain metrics with the same labelset".
Result<void> merge_same_labels(QueryContext& context, Table& table);
// After names were marked as dropped, with immediate dropping: two rows left with
// equal labels is that error, at whatever steps they have samples. (With delayed
// dropping nothing happens before the end of the query.)
Result<void> check_unique_after_drop(QueryContext& context, const Table& table);

// The end of a query: carries out all pending drops.
Result<void> finish_names(QueryContext& context, Table& table);

}  // namespace vigil::promql
