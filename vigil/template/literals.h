// Go's literals, as they stand in a template: what they mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vigil/template/value.h"

namespace vigil::templates {

// The text of "…", '…' or `…`, quotes included in `literal` (at least the two of them):
// \a \b \f \n \r \t \v \\ \' \" \ooo \xhh \uhhhh \Uhhhhhhhh. Nothing if Go refuses it.
std::optional<std::string> unquote(std::string_view literal);

// An int if written as one (decimal, 0x, 0b, 0o, 017, underscores), else a float.
// Nothing if it is no number, or one that int64 or double cannot hold.
std::optional<Value> parse_number(std::string_view literal);

// The code point if `text` is exactly one in UTF-8.
std::optional<std::uint32_t> single_code_point(std::string_view text);

}  // namespace vigil::templates
