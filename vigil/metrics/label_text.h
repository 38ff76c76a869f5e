// The label text of a series as both text formats write it: `a="x",b="y"`, with
// \\ \" and \n escaped. Stored once per series, so that a page is mostly copying.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace vigil::metrics::internal {

// The text of one value, escaped; true if that changed it.
bool append_escaped(std::string& out, std::string_view value);

// True if `text`, which may be escaped, stands for `raw`.
bool unescapes_to(std::string_view text, std::string_view raw);

// Length of the escaped value that starts `text` and is ended by a quote.
std::size_t value_length(std::string_view text);

// Bytes that are not UTF-8 become U+FFFD.
std::string to_utf8(std::string_view value);

}  // namespace vigil::metrics::internal
