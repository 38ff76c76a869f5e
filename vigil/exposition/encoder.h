// One format's way to write a page. Internal to this module.
#pragma once

#include <memory>

#include "vigil/exposition/format.h"
#include "vigil/exposition/output.h"
#include "vigil/exposition/page_writer.h"
#include "vigil/metrics/registry.h"

namespace vigil::exposition::internal {

class Encoder : public metrics::Visitor {
 public:
  explicit Encoder(ChunkSink sink) : out_(std::move(sink)) {}

  virtual void finish() = 0;

  // False once nobody reads any more.
  bool wanted() const { return !out_.gone(); }

 protected:
  Output out_;
};

std::unique_ptr<Encoder> make_text_encoder(Format format, ChunkSink sink, const PageOptions& options);
std::unique_ptr<Encoder> make_protobuf_encoder(ChunkSink sink, const PageOptions& options);
std::unique_ptr<Encoder> make_json_encoder(ChunkSink sink);
std::unique_ptr<Encoder> make_csv_encoder(ChunkSink sink);
std::unique_ptr<Encoder> make_influx_encoder(ChunkSink sink, const PageOptions& options);

}  // namespace vigil::exposition::internal
