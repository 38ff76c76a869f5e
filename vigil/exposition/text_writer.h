// Writes a registry as a page for scrapers: Prometheus text 0.0.4 or OpenMetrics 1.0.
//
//   PageWriter page(Format::kOpenMetrics, [&](std::string_view chunk) { return out->write(chunk); });
//   registry.visit(page);
//   page.finish();
//
// The page is streamed in chunks of about 64 KiB and never held as a whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/exposition/format.h"
#include "vigil/metrics/registry.h"

namespace vigil::exposition {

// "text/plain; version=0.0.4; charset=utf-8" and OpenMetrics' counterpart.
std::string_view content_type(Format format);

// The format a client likes best among ours, by the Accept header (RFC 9110 §12.5.1).
// Text where it names neither, or nothing.
Format negotiate(std::string_view accept);

// Takes a chunk; false once nobody reads any more: the rest of the page is dropped.
using ChunkSink = std::function<bool(std::string_view chunk)>;

// One page. May visit several registries; a family name must be in one of them only.
// Thread-safety: one thread.
class PageWriter final : public metrics::Visitor {
 public:
  PageWriter(Format format, ChunkSink sink);

  void begin_family(const metrics::FamilyView& family) override;
  void point(std::string_view labels, const metrics::PointView& value) override;
  void histogram(std::string_view labels, const metrics::HistogramView& value) override;

  // Writes what is left, and "# EOF" in OpenMetrics. Once, at the end.
  void finish();

 private:
  void put(std::string_view text);
  void put_value(double value);
  void put_count(std::uint64_t value);
  void put_escaped(std::string_view help);
  void put_series(std::string_view suffix, std::string_view labels);
  char* room(std::size_t bytes);  // that many bytes at the end of the buffer
  void flush();

  const Format format_;
  const ChunkSink sink_;
  bool gone_ = false;
  std::size_t capacity_;
  std::size_t size_ = 0;
  std::unique_ptr<char[]> buffer_;
  std::string name_;                 // of the family's series
  std::vector<std::string> bounds_;  // `le="0.1"` of each bucket, +Inf last
};

// A whole page as text: for tests and small tools.
std::string page_text(const metrics::Registry& registry, Format format);

}  // namespace vigil::exposition
