// Takes remote write 1.0 requests into a store.
//
// Each request is one commit. Samples that the store refuses (out of order, a second
// value, out of bounds, over a limit) and series without a name are left out and
// counted; the rest is stored, and the answer is 400 with the first refusals, which
// senders do not repeat. A store that cannot write is 503, which they do.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

#include "vigil/api/api.h"
#include "vigil/base/mutex.h"
#include "vigil/metrics/registry.h"
#include "vigil/storage_api/series_cache.h"

namespace vigil::api {

struct WriteStats {
  std::atomic<std::uint64_t> taken{0};         // requests stored, perhaps in part
  std::atomic<std::uint64_t> samples{0};       // stored
  std::atomic<std::uint64_t> refused{0};       // samples left out
  std::atomic<std::uint64_t> bad_requests{0};  // not decodable
  std::atomic<std::uint64_t> failed{0};        // not stored: the sender tries again
};

// Thread-safe.
class WriteReceiver {
 public:
  // `registry` (may be null) shows the counters as vigil_remote_write_*.
  WriteReceiver(Appendable& store, Clock& clock, const Limits& limits, metrics::Registry* registry = nullptr);

  net::Response handle(const net::Request& request);
  const WriteStats& stats() const { return stats_; }

 private:
  // Senders keep their connections and each its share of the series: one cache per
  // connection (by hash) is found in the order it was filled, and is rarely contended.
  static constexpr std::size_t kLanes = 8;
  struct Lane {
    explicit Lane(std::uint64_t seed) : cache(seed) {}
    Mutex mutex;
    SeriesCache cache GUARDED_BY(mutex);
    Timestamp round_began GUARDED_BY(mutex) = 0;
  };
  struct Outcome;

  Result<Outcome> store(std::string_view message, Lane& lane);
  void age(Lane& lane) REQUIRES(lane.mutex);

  Appendable& store_;
  Clock& clock_;
  const Limits limits_;
  WriteStats stats_;
  std::array<std::unique_ptr<Lane>, kLanes> lanes_;
  metrics::Collector requests_shown_;
  metrics::Collector samples_shown_;
};

}  // namespace vigil::api
