// Writes a registry as a page, in any format.
//
//   PageWriter page(Format::kOpenMetrics, [&](std::string_view chunk) { return out->write(chunk); });
//   registry.visit(page);
//   page.finish();
//
// The page is streamed in chunks of about 64 KiB and never held as a whole.
//
// What a format shows of a series:
//
// |             | value | created time       | exemplars | native buckets             |
// | ----------- | ----- | ------------------ | --------- | -------------------------- |
// | text        | yes   | –                  | –         | –                          |
// | OpenMetrics | yes   | with created_lines | yes       | –                          |
// | protobuf    | yes   | yes                | yes       | yes                        |
// | JSON        | yes   | yes                | yes       | yes                        |
// | CSV         | yes   | –                  | –         | one row a bucket           |
// | InfluxDB    | yes   | –                  | –         | one field a bucket         |
//
// Text and OpenMetrics show of a histogram without classic buckets its +Inf bucket, sum and count.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "vigil/base/time.h"
#include "vigil/exposition/format.h"
#include "vigil/metrics/registry.h"

namespace vigil::exposition {

namespace internal {
class Encoder;
}

struct PageOptions {
  // OpenMetrics: `foo_created` beside every counter and histogram. Off, because
  // scrapers store each of these lines as a series of its own (prometheus#6541);
  // protobuf carries the same times for nothing.
  bool created_lines = false;
  // Protobuf: a family whose message would be larger is continued in another message
  // of the same name, so that a page of any size needs this much memory. 0: never.
  // Prometheus reads on; a consumer that keys messages by name needs 0.
  std::size_t family_bytes = 256U << 10;
  // InfluxDB: the time of every line; 0: none, the database takes that of arrival.
  Timestamp time = 0;
};

// Takes a chunk; false once nobody reads any more: the rest of the page is dropped.
using ChunkSink = std::function<bool(std::string_view chunk)>;

// One page. May visit several registries; a family name must be in one of them only.
// Thread-safety: one thread.
class PageWriter final : public metrics::Visitor {
 public:
  PageWriter(Format format, ChunkSink sink, PageOptions options = {});
  ~PageWriter() override;

  void begin_family(const metrics::FamilyView& family) override;
  void point(std::string_view labels, const metrics::PointView& value) override;
  void histogram(std::string_view labels, const metrics::HistogramView& value) override;
  void end_family() override;

  // Writes what is left, and the format's end such as "# EOF". Once, at the end.
  void finish();

 private:
  std::unique_ptr<internal::Encoder> encoder_;
};

// A whole page in memory: for tests and small tools.
std::string page_text(const metrics::Registry& registry, Format format, PageOptions options = {});

}  // namespace vigil::exposition
