// Letter case beyond ASCII for title, toUpper and toLower: Latin-1, Latin Extended-A,
// Greek and Cyrillic, the alphabets people name hosts and teams in.
#pragma once

#include <string>
#include <string_view>

namespace vigil::templates {

std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);
// Go's strings.Title: the first letter of every word to upper case, the rest as it is.
std::string title(std::string_view text);

}  // namespace vigil::templates
