// One series in memory: who it is, and its samples that are not in a chunk file yet.
//
// A sample goes through three stages, each cheaper per sample than the one before:
//   raw     up to 16 samples as they are
//   packed  small chunks of those 16, one after another in one buffer
//   sealed  a chunk of kChunkSamples, waiting to be written to a chunk file
//
// Isolation: timestamps of a series ascend, so "what a query may see" is a point in
//   time. The series remembers, for the last commit that touched it (and for earlier
//   ones while a query still looks at the state before them), its newest timestamp
//   before that commit.
// Thread-safety: members take the series' own lock, except where noted. Memory that
//   readers may hold is given back to the caller, who retires it through Pins.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "vigil/model/labels.h"
#include "vigil/model/native_histogram.h"
#include "vigil/storage/chunk/chunk.h"
#include "vigil/storage/head/spin_lock.h"

namespace vigil::storage {

using SeriesId = std::uint32_t;  // 0 is none; never used twice in one directory
using PairId = std::uint32_t;    // of a (label name, value) pair, see index/label_pairs.h

inline constexpr std::size_t kRawSamples = 16;
inline constexpr std::size_t kHistogramChunkSamples = 64;

// A full chunk in memory. Immutable except for the link.
struct SealedChunk {
  Timestamp mint = 0;
  Timestamp maxt = 0;
  std::uint32_t samples = 0;
  std::uint32_t size = 0;
  std::unique_ptr<char[]> data;
  SealedChunk* older = nullptr;
  std::string_view bytes() const { return {data.get(), size}; }
};

// What a query takes out of a series under its lock.
struct MemoryView {
  Timestamp visible_until = kMaxTimestamp;  // newer samples are not for this query
  Timestamp first = kMaxTimestamp;          // oldest sample in memory: older ones are in files
  std::vector<const SealedChunk*> sealed;   // newest first
  std::string packed;
  std::size_t raw_count = 0;
  std::array<Timestamp, kRawSamples> raw_times;
  std::array<double, kRawSamples> raw_values;
  std::vector<std::pair<Timestamp, HistogramPtr>> histograms;

  void clear();
  // Appends the samples in [mint, min(maxt, visible_until)], all stages in order.
  Result<void> decode(Timestamp mint, Timestamp maxt, SampleColumns& out) const;
};

// Size of the samples of one series in memory.
struct SeriesFootprint {
  std::size_t samples = 0;
  std::size_t sealed_chunks = 0;
  std::size_t sealed_bytes = 0;
  std::size_t sealed_samples = 0;
  std::size_t heap_bytes = 0;
};

class Series {
 public:
  static std::unique_ptr<Series> create(SeriesId id, std::span<const PairId> pairs);
  static void operator delete(void* memory) { ::operator delete(memory); }
  ~Series();
  Series(const Series&) = delete;
  Series& operator=(const Series&) = delete;

  SeriesId id() const { return id_; }
  std::span<const PairId> pairs() const { return {reinterpret_cast<const PairId*>(this + 1), pair_count_}; }

  // Without lock; kMinTimestamp while there is no sample. Exact when no commit is running.
  Timestamp last_time() const { return last_time_.load(std::memory_order_acquire); }
  std::uint64_t last_bits() const { return last_bits_.load(std::memory_order_relaxed); }
  Timestamp first_time() const { return first_time_.load(std::memory_order_relaxed); }
  bool equals_last(const NativeHistogram& histogram);

  // The store is about to drop this series: appenders must resolve it again.
  std::atomic<bool> doomed = false;
  // Set while the series is in the store's list of series with sealed chunks. Guarded by that list's lock.
  bool listed_as_sealed = false;
  // Empty at the last retention pass. Only for that pass.
  bool seen_empty = false;

  // `oldest_query`: the oldest commit a running query looks at.
  struct Commit {
    std::uint64_t sequence = 0;
    std::uint64_t oldest_query = ~std::uint64_t{0};
  };
  struct Outcome {
    bool stored = false;                  // false: not newer than the last sample
    const SealedChunk* sealed = nullptr;  // a chunk became full
  };
  Outcome append(Timestamp timestamp, double value, const Commit& commit);
  Outcome append(Timestamp timestamp, const HistogramPtr& histogram, const Commit& commit);
  // Fetches into the cache what append() will touch.
  void prefetch() const;

  // Samples of commits up to `snapshot` that may lie in [mint, maxt].
  void view(std::uint64_t snapshot, Timestamp mint, Timestamp maxt, MemoryView& out);

  // The sealed chunks, oldest first. They stay until take_sealed().
  std::vector<const SealedChunk*> sealed();
  // Unlinks the sealed chunks up to and including `newest`, which are in file `file` now.
  // The caller owns what is returned, linked by `older`.
  SealedChunk* take_sealed(const SealedChunk* newest, std::uint32_t file);
  // Unlinks the sealed chunks that end before `cutoff`; for the caller to free as above.
  SealedChunk* take_expired(Timestamp cutoff);
  // Seals what is open, for a series that went quiet.
  const SealedChunk* seal_now();

  Timestamp memory_first();                               // oldest sample in memory, kMaxTimestamp if there is none
  std::uint32_t last_file() const { return last_file_; }  // newest chunk file with samples of it; maintenance only

  // State in a checkpoint, without identity. restore() is for a series no other thread sees.
  void save(std::string& out);
  Result<void> restore(ByteReader& in);
  // At start: everything up to `maxt` is in chunk file `file`; forgets it here.
  void drop_through(Timestamp maxt, std::uint32_t file);

  // The cached label set; built by `make` at its first use.
  template <class Make>
  const Labels& labels(Make make) {
    if (!has_labels_.load(std::memory_order_acquire)) {
      Labels made = make();
      const std::lock_guard lock(lock_);
      if (!has_labels_.load(std::memory_order_relaxed)) {
        labels_ = std::move(made);
        has_labels_.store(true, std::memory_order_release);
      }
    }
    return labels_;
  }

  SeriesFootprint footprint();

 private:
  struct RawBuffer {
    Timestamp base = 0;
    std::uint32_t count = 0;
    std::array<std::int32_t, kRawSamples> offsets;
    std::array<double, kRawSamples> values;
  };
  struct HistogramBuffer {
    std::vector<std::pair<Timestamp, HistogramPtr>> samples;
    HistogramPtr last;
  };
  struct Past {  // before commit `sequence` the newest sample was at `newest`
    std::uint64_t sequence;
    Timestamp newest;
  };

  Series(SeriesId id, std::span<const PairId> pairs);
  // All below: with the lock.
  void begin_commit(const Commit& commit);
  void sample_stored(Timestamp timestamp, std::uint64_t bits);
  void pack_raw();
  const SealedChunk* seal_packed();
  const SealedChunk* seal_histograms();
  const SealedChunk* push_sealed(Timestamp mint, Timestamp maxt, std::size_t samples, std::string_view bytes);
  void add_packed(Timestamp maxt, std::string_view chunk);

  SeriesId id_;
  std::uint16_t pair_count_;
  SpinLock lock_;
  std::atomic<bool> has_labels_ = false;
  std::uint32_t last_file_ = 0;
  std::uint16_t packed_samples_ = 0;
  std::uint16_t seal_at_;  // packed samples that make a full chunk
  std::atomic<Timestamp> last_time_ = kMinTimestamp;
  std::atomic<std::uint64_t> last_bits_ = 0;
  std::atomic<Timestamp> first_time_ = kMaxTimestamp;
  Past past_ = {0, kMinTimestamp};
  std::unique_ptr<std::vector<Past>> more_past_;  // older than past_, only while queries need it
  std::unique_ptr<RawBuffer> raw_;
  std::unique_ptr<HistogramBuffer> histograms_;
  std::unique_ptr<char[]> packed_;
  std::uint32_t packed_bytes_ = 0;
  SealedChunk* sealed_ = nullptr;         // newest first
  Timestamp open_first_ = kMaxTimestamp;  // oldest sample that is not sealed
  Labels labels_;
};

}  // namespace vigil::storage
