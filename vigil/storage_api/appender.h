// How samples get into a store.
#pragma once

#include <cstdint>
#include <memory>

#include "vigil/base/error.h"
#include "vigil/model/labels.h"
#include "vigil/model/native_histogram.h"
#include "vigil/model/sample.h"

namespace vigil {

// Names a series of one store while that store is open; 0 means none. A ref whose
// series has been dropped gives kNotFound: resolve the labels again.
using SeriesRef = std::uint64_t;

// One transaction: a scrape, a rule result, a write request.
//
// Atomicity:     queries see all of it or nothing; nothing before commit() returns.
// Durability:    after commit() the samples survive a kill of the process (they are
//                with the kernel; fsync per commit is an option of the store).
// Thread-safety: one thread uses one appender; many appenders may be open.
// Errors:        an append that fails (kOutOfOrder, kOutOfBounds, kAlreadyExists for a
//                second value at one timestamp, kLimitExceeded, kNotFound for a dead ref)
//                leaves the transaction usable; the caller counts and goes on. Appending
//                the value that is there already succeeds and stores nothing.
class Appender {
 public:
  virtual ~Appender() = default;  // rolls back what was not committed

  // Finds or creates the series. `labels` must have a metric name or other label,
  // be valid UTF-8 and within the store's limits (kInvalidArgument, kLimitExceeded).
  virtual Result<SeriesRef> resolve(const Labels& labels) = 0;

  virtual Result<void> append(SeriesRef series, Timestamp timestamp, double value) = 0;
  virtual Result<void> append_histogram(SeriesRef series, Timestamp timestamp, HistogramPtr histogram) = 0;
  virtual Result<void> append_exemplar(SeriesRef series, const Exemplar& exemplar) = 0;
  // Metadata of a metric family, by its name; the newest wins.
  virtual Result<void> set_metadata(std::string_view metric, const MetricMetadata& metadata) = 0;

  // kUnavailable when the store is read-only (disk full) or closed: nothing was stored.
  virtual Result<void> commit() = 0;
  virtual void rollback() = 0;
};

class Appendable {
 public:
  virtual ~Appendable() = default;
  virtual std::unique_ptr<Appender> appender() = 0;
};

}  // namespace vigil
