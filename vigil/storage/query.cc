// Queriers: series from the index, samples from chunk files and memory.
#include <algorithm>
#include <set>

#include "vigil/storage/core.h"

namespace vigil::storage {
namespace {

// What reading a series needs of its querier.
struct Snapshot {
  Core& core;
  Pins::Guard pin;
  std::shared_ptr<const ChunkFiles> files;  // as of the beginning: they stay readable when deleted
  std::uint64_t files_version = 0;
};

Result<void> read_file(const ChunkFile& file, SeriesId series, Timestamp mint, Timestamp maxt, Timestamp before,
                       SampleColumns& out) {
  if (file.maxt() < mint || file.mint() > maxt) return {};
  for (std::uint32_t i = file.find(series); i < file.chunks(); ++i) {
    const ChunkFile::Entry entry = file.entry(i);
    if (entry.series != series || entry.mint > maxt || entry.mint >= before) break;
    if (entry.maxt < mint) continue;
    VIGIL_TRY(const std::string_view chunk, file.chunk(i));
    VIGIL_TRY_VOID(decode_chunk(chunk, mint, maxt, out));
  }
  return {};
}

Result<void> read_series(const Snapshot& snapshot, Series& series, Timestamp mint, Timestamp maxt, SampleColumns& out) {
  thread_local MemoryView memory;
  series.view(snapshot.pin.snapshot(), mint, maxt, memory);
  // Memory first, then the list of files: a chunk on its way from the one to the other is
  // seen at least once, and `memory.first` keeps it from being seen twice.
  if (mint < memory.first) {
    const Timestamp newest = std::min(maxt, memory.visible_until);
    for (const auto& file : *snapshot.files) {
      VIGIL_TRY_VOID(read_file(*file, series.id(), mint, newest, memory.first, out));
    }
    if (snapshot.core.files_version.load(std::memory_order_acquire) != snapshot.files_version) {
      const auto current = snapshot.core.current_files();
      const std::uint32_t known = snapshot.files->empty() ? 0 : snapshot.files->back()->number();
      for (const auto& file : *current) {
        if (file->number() <= known) continue;
        VIGIL_TRY_VOID(read_file(*file, series.id(), mint, newest, memory.first, out));
      }
    }
  }
  return memory.decode(mint, maxt, out);
}

class StoreSeriesSet final : public SeriesSet {
 public:
  StoreSeriesSet(std::shared_ptr<const Snapshot> snapshot, std::vector<Series*> series)
      : snapshot_(std::move(snapshot)), series_(std::move(series)) {}

  std::size_t size() const override { return series_.size(); }
  const Labels& labels(std::size_t i) const override { return snapshot_->core.index.labels(*series_[i]); }
  Result<void> read(std::size_t i, Timestamp mint, Timestamp maxt, SampleColumns& out) const override {
    return read_series(*snapshot_, *series_[i], mint, maxt, out);
  }

 private:
  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<Series*> series_;
};

class StoreQuerier final : public Querier {
 public:
  StoreQuerier(Core& core, Timestamp mint, Timestamp maxt) : core_(core), mint_(mint), maxt_(maxt) {
    // The pin first: what it can see is then in memory or in the list of files.
    auto pin = core.pins.pin_snapshot(core.watermark);
    const std::uint64_t version = core.files_version.load(std::memory_order_acquire);
    snapshot_ = std::make_shared<const Snapshot>(Snapshot{core, std::move(pin), core.current_files(), version});
  }

  Result<std::unique_ptr<SeriesSet>> select(std::span<const Matcher> matchers, const SelectHints& hints) override {
    if (matchers.empty()) return fail(ErrorCode::kInvalidArgument, "a selection needs at least one matcher");
    VIGIL_TRY(auto series, find(matchers, hints.stop));
    const auto& index = core_.index;
    if (hints.sorted) {
      std::sort(series.begin(), series.end(),
                [&](Series* a, Series* b) { return index.labels(*a) < index.labels(*b); });
    }
    if (hints.limit != 0 && series.size() > hints.limit) series.resize(hints.limit);
    return std::make_unique<StoreSeriesSet>(snapshot_, std::move(series));
  }

  Result<std::vector<std::string>> label_names(std::span<const Matcher> matchers, std::size_t limit) override {
    if (matchers.empty()) return limited(core_.index.names(), limit);
    VIGIL_TRY(const auto series, find(matchers, {}));
    std::set<std::string_view> names;
    for (const Series* one : series) {
      for (const PairId pair : one->pairs()) names.insert(core_.index.pair(pair).name);
    }
    return limited({names.begin(), names.end()}, limit);
  }

  Result<std::vector<std::string>> label_values(std::string_view name, std::span<const Matcher> matchers,
                                                std::size_t limit) override {
    if (matchers.empty()) return limited(core_.index.values(name), limit);
    VIGIL_TRY(const auto series, find(matchers, {}));
    return limited(core_.index.values(name, series), limit);
  }

 private:
  static std::vector<std::string> limited(std::vector<std::string> list, std::size_t limit) {
    if (limit != 0 && list.size() > limit) list.resize(limit);
    return list;
  }

  Result<std::vector<Series*>> find(std::span<const Matcher> matchers, const std::stop_token& stop) {
    VIGIL_TRY(const Postings ids, core_.index.select(matchers, stop));
    std::vector<Series*> found;
    found.reserve(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      // Dropped since the selection: had nothing in any range that is kept.
      Series* series = core_.index.get(ids[i]);
      if (series == nullptr || series->last_time() < mint_ || series->first_time() > maxt_) continue;
      found.push_back(series);
    }
    return found;
  }

  Core& core_;
  Timestamp mint_;
  Timestamp maxt_;
  std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace

std::unique_ptr<Querier> make_querier(Core& core, Timestamp mint, Timestamp maxt) {
  return std::make_unique<StoreQuerier>(core, mint, maxt);
}

}  // namespace vigil::storage
