// A small store in memory: sorted vectors behind the storage interfaces. For test
// files, unit tests of rules and benchmarks; no limits, nothing is ever dropped.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "vigil/base/mutex.h"
#include "vigil/model/labels.h"
#include "vigil/storage_api/appender.h"
#include "vigil/storage_api/queryable.h"

namespace vigil::promql {

// Thread-safe. Queriers see the state of their creation: a commit replaces the series
// it changes and publishes a new list.
class MemoryStorage final : public Appendable, public Queryable {
 public:
  MemoryStorage();
  ~MemoryStorage() override;

  std::unique_ptr<Appender> appender() override;
  Result<std::unique_ptr<Querier>> querier(Timestamp mint, Timestamp maxt) override;

  // Forgets everything; open queriers keep what they see.
  void clear();
  std::size_t series_count() const;

 private:
  struct Series;
  struct State;
  class MemoryAppender;
  class MemoryQuerier;
  class MemorySeriesSet;

  std::shared_ptr<const State> state() const;

  mutable Mutex mutex_;
  std::shared_ptr<const State> state_ GUARDED_BY(mutex_);
  // Labels by ref - 1. Refs stay valid for the life of the store.
  std::vector<Labels> refs_ GUARDED_BY(mutex_);
  std::unordered_map<Labels, SeriesRef, LabelsHash> ref_of_ GUARDED_BY(mutex_);
};

}  // namespace vigil::promql
