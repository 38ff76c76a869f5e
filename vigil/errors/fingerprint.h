// Which errors are the same error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "vigil/errors/structured_error.h"

namespace vigil::errors {

// The message without what differs from one occurrence to the next: numbers become
// "#", UUIDs and hexadecimal values (0x…, or eight and more digits) become "<id>".
//   "proof 0xab12 failed after 150.5 ms"  ->  "proof <id> failed after #.# ms"
std::string message_template(std::string_view message);

// FNV-1a over the category and the group or message template: the same in every
// process and build. As 16 hexadecimal digits in records and for Sentry.
std::uint64_t fingerprint(const StructuredError& error);
std::string fingerprint_text(std::uint64_t fingerprint);

}  // namespace vigil::errors
