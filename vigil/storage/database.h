// The time series database: Appendable and Queryable over one directory.
//
//   VIGIL_TRY(auto db, Database::open({.directory = "data", .scheduler = &scheduler}));
//   auto appender = db->appender();
//   VIGIL_TRY(auto series, appender->resolve(Labels{{"__name__", "up"}, {"job", "node"}}));
//   VIGIL_TRY_VOID(appender->append(series, now, 1));
//   VIGIL_TRY_VOID(appender->commit());
//
// Durability:    see Appender; the log is replayed at open, from the last checkpoint on.
// Isolation:     a Querier sees the commits that had returned when it was made.
// Order:         samples of a series must ascend in time (kOutOfOrder, kAlreadyExists).
// Full disk:     a failed write makes the store read-only (state()); queries go on, and it
//                tries again every maintenance_interval until it can write.
// Damage:        files that fail their checks are kept under the name *.damaged and
//                reported in stats(); the rest is served.
// Thread-safety: all members may be called from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "vigil/storage/index/series_index.h"
#include "vigil/storage/options.h"
#include "vigil/storage/statistics.h"
#include "vigil/storage_api/appender.h"
#include "vigil/storage_api/queryable.h"

namespace vigil::storage {

struct Core;

enum class State {
  kReady,     // reads and writes
  kReadOnly,  // writes are refused with kUnavailable, see the reason
  kClosed,
};

struct StateReport {
  State state = State::kReady;
  std::string reason;  // empty when ready
  Timestamp since = 0;
};

struct SeriesExemplars {
  Labels series;
  std::vector<Exemplar> exemplars;  // ascending in time
};

class Database final : public Appendable, public Queryable {
 public:
  // kUnavailable if another process has the directory; kIo if it cannot be read.
  static Result<std::unique_ptr<Database>> open(Options options);
  // Closes. Appenders and queriers must be gone.
  ~Database() override;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Refuses further commits and makes a checkpoint, so that the next open() replays
  // nothing. Idempotent.
  Result<void> close();

  std::unique_ptr<Appender> appender() override;
  Result<std::unique_ptr<Querier>> querier(Timestamp mint, Timestamp maxt) override;

  // Exemplars of series that match, at most max_exemplars of the newest are known.
  std::vector<SeriesExemplars> exemplars(std::span<const Matcher> matchers, Timestamp mint, Timestamp maxt);
  // By metric family, sorted. Empty `metric` means all; limit 0 = all.
  std::vector<std::pair<std::string, MetricMetadata>> metadata(std::string_view metric = {}, std::size_t limit = 0);

  // What the timer does by itself, now: writes what is due, applies the retention,
  // tries to recover from read-only.
  void maintain();
  // Writes a checkpoint and drops the log before it.
  Result<void> checkpoint();

  StateReport state() const;
  // Without a walk over all series: for a metrics page. `samples`, `open_samples`,
  // `series_bytes` and `index` stay 0; `bytes_per_series` is of the last retention pass,
  // a minute ago at most.
  Stats figures() const;
  // Everything. Walks over all series: for pages and people, not for hot paths. `top`: length of the
  // lists of largest metrics and labels; 0 leaves them and the label counts out.
  Stats stats(std::size_t top = 10) const;

 private:
  explicit Database(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace vigil::storage
