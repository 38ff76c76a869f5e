#include "vigil/exposition/page_writer.h"

#include <utility>

#include "vigil/base/error.h"
#include "vigil/exposition/encoder.h"

namespace vigil::exposition {
namespace {

std::unique_ptr<internal::Encoder> make_encoder(Format format, ChunkSink sink, const PageOptions& options) {
  switch (format) {
    case Format::kText:
    case Format::kOpenMetrics: return internal::make_text_encoder(format, std::move(sink), options);
    case Format::kProtobuf: return internal::make_protobuf_encoder(std::move(sink), options);
    case Format::kJson: return internal::make_json_encoder(std::move(sink));
    case Format::kCsv: return internal::make_csv_encoder(std::move(sink));
    case Format::kInflux: return internal::make_influx_encoder(std::move(sink), options);
  }
  return nullptr;
}

}  // namespace

PageWriter::PageWriter(Format format, ChunkSink sink, PageOptions options)
    : encoder_(make_encoder(format, std::move(sink), options)) {
  VIGIL_CHECK(encoder_ != nullptr);
}

PageWriter::~PageWriter() = default;

void PageWriter::begin_family(const metrics::FamilyView& family) { encoder_->begin_family(family); }

void PageWriter::point(std::string_view labels, const metrics::PointView& value) {
  if (encoder_->wanted()) encoder_->point(labels, value);
}

void PageWriter::histogram(std::string_view labels, const metrics::HistogramView& value) {
  if (encoder_->wanted()) encoder_->histogram(labels, value);
}

void PageWriter::end_family() { encoder_->end_family(); }

void PageWriter::finish() { encoder_->finish(); }

std::string page_text(const metrics::Registry& registry, Format format, PageOptions options) {
  std::string text;
  PageWriter page(
      format,
      [&](std::string_view chunk) {
        text += chunk;
        return true;
      },
      options);
  registry.visit(page);
  page.finish();
  return text;
}

}  // namespace vigil::exposition
