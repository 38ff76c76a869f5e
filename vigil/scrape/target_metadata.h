// Types, helps and units that one target's pages declare.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/mutex.h"
#include "vigil/exposition/page_parser.h"
#include "vigil/model/sample.h"
#include "vigil/storage_api/appender.h"

namespace vigil::scrape {

struct FamilyMetadata {
  std::string name;
  MetricMetadata metadata;
};
using MetadataSnapshot = std::shared_ptr<const std::vector<FamilyMetadata>>;

// Thread-safety: one thread observes and publishes; snapshot() from any.
// Pages repeat themselves: a line equal to that of the last page costs two comparisons.
class TargetMetadata {
 public:
  // What a page may declare is bounded: more families are ignored, longer texts cut.
  static constexpr std::size_t kMaxFamilies = 100'000;
  static constexpr std::size_t kMaxTextBytes = 4096;
  // Families that no page has named for so many scrapes are forgotten.
  static constexpr std::uint32_t kMaxAge = 10;

  void begin_page() { ++round_; }
  void observe(exposition::PageParser::Event event, const exposition::MetadataView& line, exposition::Format format);
  // Makes what was observed visible and hands what changed to the store.
  void publish(Appender& appender);

  MetadataSnapshot snapshot() const;

 private:
  struct Family {
    std::string raw_name, raw_help, raw_unit;  // as written, for comparing
    FamilyMetadata content;
    std::uint32_t round = 0;
    bool changed = false;
  };
  Family* family(std::string_view raw_name);

  std::uint32_t round_ = 0;
  std::size_t last_ = 0;  // index of the family found last
  std::vector<Family> families_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  bool changed_ = false;
  mutable Mutex mutex_;
  MetadataSnapshot snapshot_ GUARDED_BY(mutex_) = std::make_shared<std::vector<FamilyMetadata>>();
};

}  // namespace vigil::scrape
