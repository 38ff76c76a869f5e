#include "vigil/ui/assets.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include <zlib.h>

// The compressed bytes, defined in the generated ui_assets.S.
#define ASSET(n, ...)                                 \
  extern "C" const unsigned char vigil_ui_##n##_gz[]; \
  extern "C" const unsigned char vigil_ui_##n##_br[];
#include "ui_assets.inc"
#undef ASSET

namespace vigil::ui {
namespace {

std::span<const std::byte> bytes(const unsigned char* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}

const Asset kAssets[] = {
#define ASSET(n, path, type, tag, immutable, size, gzip_size, brotli_size) \
  {path, type, tag, immutable, size, bytes(vigil_ui_##n##_gz, gzip_size), bytes(vigil_ui_##n##_br, brotli_size)},
#include "ui_assets.inc"
#undef ASSET
};

}  // namespace

std::span<const Asset> all_assets() { return kAssets; }

const Asset* find_asset(std::string_view path) {
  const auto* found = std::ranges::lower_bound(kAssets, path, {}, &Asset::path);
  return found != std::end(kAssets) && found->path == path ? found : nullptr;
}

// embed.sh refuses to build without this file.
const Asset& index_page() { return *find_asset("/index.html"); }

std::string inflated(const Asset& asset) {
  std::string out(asset.size, '\0');
  z_stream stream{};
  // zlib's interface is not const-correct; it does not write to its input.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(asset.gzip.data()));
  stream.avail_in = static_cast<uInt>(asset.gzip.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  constexpr int kGzipWrapper = 16 + MAX_WBITS;
  bool whole = inflateInit2(&stream, kGzipWrapper) == Z_OK && inflate(&stream, Z_FINISH) == Z_STREAM_END;
  inflateEnd(&stream);
  // Our own bytes, checked by a test for every file: anything else is a broken binary.
  if (!whole) std::abort();
  return out;
}

}  // namespace vigil::ui
