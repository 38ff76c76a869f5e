// The web page's files, compressed when vigil was built and part of the binary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace vigil::ui {

// One file of web/dist. All views are into read-only memory of the binary and
// live as long as the program.
struct Asset {
  std::string_view path;          // from the root of the page: "/assets/index-BxK3.js"
  std::string_view content_type;  // "text/javascript; charset=utf-8"
  std::string_view tag;           // names the content, unquoted; serve() makes entity tags of it
  bool immutable;                 // the path contains a hash of the content: may be cached for ever
  std::size_t size;               // bytes of the file itself
  std::span<const std::byte> gzip;
  std::span<const std::byte> brotli;  // empty where the building machine had no brotli
};

// The file at exactly `path`, or nullptr. Thread-safe, does not allocate.
const Asset* find_asset(std::string_view path);

// The page that every route of the application starts from.
const Asset& index_page();

// All files, sorted by path.
std::span<const Asset> all_assets();

// The file as it was before compression, for the rare client that accepts none.
std::string inflated(const Asset& asset);

}  // namespace vigil::ui
