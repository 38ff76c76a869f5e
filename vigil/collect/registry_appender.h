// Turns the state of a registry into samples of a store in the same process, with
// no page and no text in between.
//
//   RegistryAppender appender(Labels{{"job", "node"}});
//   VIGIL_TRY(Counts counts, appender.record(registry, storage, clock.now()));   // one commit
//
// The series are those that a scrape of the registry's page would store: classic
// histograms as `_bucket`, `_sum` and `_count`, native ones as histogram samples
// under the plain name (an instrument with both is stored as both), label
// conflicts as `exported_…`, and `up` for the registry as a whole.
//
// A counter or histogram that says when it began gets a 0 at that time, so that
// increase() sees its first events and every reset; a store that knows the series
// with later samples refuses it, which is fine (Prometheus' created-timestamp
// zero ingestion).
//
// A registry shows the same series in the same order round after round. So the
// references of the store lie in that order, and a known series costs a comparison of
// its label text: no labels are built and nothing is hashed until the order changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/metrics/registry.h"
#include "vigil/model/labels.h"
#include "vigil/model/sample.h"
#include "vigil/storage_api/appender.h"

namespace vigil::collect {

struct Counts {
  std::size_t samples = 0;  // stored, without the zeros at created times
  std::size_t added = 0;    // series that the round before did not have
  std::size_t ended = 0;    // series that this round does not have any more
  // Samples that the store did not take:
  std::size_t duplicates = 0;
  std::size_t out_of_order = 0;
  std::size_t out_of_bounds = 0;
  std::size_t refused = 0;  // new series beyond a limit of the store
};

// Not thread-safe: one owner, who uses one registry and one store with it.
class RegistryAppender final : private metrics::Visitor {
 public:
  // `labels` are put on every series, as a scrape puts its target's.
  explicit RegistryAppender(Labels labels) : target_(std::move(labels)) {}

  // Stores every value with the time `at`, and staleness markers for the series that are
  // gone, in one transaction. Fails as the store does (kUnavailable …): then nothing is
  // stored, and the next round makes up for the markers.
  Result<Counts> record(const metrics::Registry& registry, Appendable& storage, Timestamp at);

  // The same of whatever shows itself family by family.
  using Visit = std::function<void(metrics::Visitor&)>;
  Result<Counts> record(const Visit& visit, Appendable& storage, Timestamp at);

  // The registry is gone: ends all of its series.
  Result<void> end(Appendable& storage, Timestamp at);

  // Series of the store that the last round wrote.
  std::size_t series() const;

 private:
  // One label set of a family; its references are those at its index times `refs_each`.
  struct Entry {
    std::size_t text = 0;  // where its label text begins
    std::size_t text_size = 0;
    Timestamp created = 0;   // as the registry said last
    Timestamp exemplar = 0;  // time of the newest one stored
  };
  struct Table {
    std::string texts;
    std::vector<Entry> entries;
    std::vector<SeriesRef> refs;  // 0: not resolved
    std::string_view text(std::size_t index) const {
      return std::string_view(texts).substr(entries[index].text, entries[index].text_size);
    }
  };
  struct Family {
    MetricType type = MetricType::kUnknown;
    std::string help, unit;
    std::vector<double> bounds;
    std::vector<std::string> bound_texts;  // of `le`, +Inf last
    std::size_t refs_each = 1;
    bool metadata_stored = false;
    std::uint64_t round = 0;  // the last that showed it
    Table table;
  };
  struct Ended {
    SeriesRef ref = 0;
    bool native = false;
  };
  // What makes up the labels of one series.
  struct Identity {
    std::string_view suffix;  // "_sum"
    std::string_view labels;  // text
    std::string_view bound;   // of `le`
  };

  void begin_family(const metrics::FamilyView& view) override;
  void point(std::string_view labels, const metrics::PointView& value) override;
  void histogram(std::string_view labels, const metrics::HistogramView& value) override;
  void end_family() override;

  void redefine(Family& family, const metrics::FamilyView& view);
  std::size_t find(std::string_view labels);
  void add(std::string_view labels);
  void start_rearranging();
  void end_entry(const Family& family, const Table& table, std::size_t index);
  void end_vanished_families();
  void put_markers();

  // True if the series is there to append to.
  bool resolve(SeriesRef& ref, const Identity& identity);
  template <class Append>
  bool put(SeriesRef& ref, const Identity& identity, Append append);
  void put_value(SeriesRef& ref, const Identity& identity, double value, bool begins, Timestamp created);
  void put_native(SeriesRef& ref, const Identity& identity, const metrics::HistogramView& value, bool begins);
  void put_exemplar(SeriesRef ref, const metrics::ExemplarView& exemplar, Entry& entry);
  bool begins(Entry& entry, Timestamp created) const;
  Labels labels_of(const Identity& identity) const;
  void refuse(const Error& error);
  void forget_uncommitted();

  const Labels target_;
  std::map<std::string, Family, std::less<>> families_;
  std::vector<Ended> ended_;  // to be marked with the next commit that succeeds
  Timestamp last_commit_ = kMinTimestamp;

  // Of the round under way:
  std::uint64_t round_ = 0;
  std::size_t seen_families_ = 0;
  Appender* appender_ = nullptr;
  Timestamp at_ = 0;
  Counts counts_;
  Result<void> failure_;  // of the store as a whole: the rest of the round is skipped
  std::string_view name_;
  Family* family_ = nullptr;
  std::size_t next_ = 0;  // index of the entry that is expected
  bool is_new_ = false;   // the entry found last
  // While the order differs from the round before: the table as it was, and where in it
  // what has not been seen yet lies.
  bool rearranging_ = false;
  Table before_;
  std::unordered_multimap<std::string_view, std::size_t> unseen_;
};

}  // namespace vigil::collect
