// Order of texts in which runs of digits compare as numbers: "cpu2" before "cpu10".
#pragma once

#include <compare>
#include <string_view>

namespace vigil::promql {

std::strong_ordering natural_compare(std::string_view a, std::string_view b);

}  // namespace vigil::promql
