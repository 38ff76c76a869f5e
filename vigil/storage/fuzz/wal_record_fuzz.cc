// Any bytes as a record of the database's log.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vigil/storage/wal_records.h"

namespace {

struct Visitor {
  std::size_t seen = 0;
  void series(vigil::storage::SeriesId, const std::vector<vigil::LabelView>& labels) { seen += labels.size(); }
  void sample(vigil::storage::SeriesId, vigil::Timestamp, double) { ++seen; }
  void histogram(vigil::storage::SeriesId, vigil::Timestamp, const vigil::HistogramPtr&) { ++seen; }
  void metadata(std::string_view, const vigil::MetricMetadata&) { ++seen; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Visitor visitor;
  static_cast<void>(vigil::storage::read_record({reinterpret_cast<const char*>(data), size}, visitor));
  if (visitor.seen > size) __builtin_trap();
  return 0;
}
