// Text helpers that the standard library of GCC 12 lacks, and the number and
// time formats that Prometheus' APIs and files share.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace vigil {

// A float as Prometheus' JSON API and text format write it: shortest digits that
// round-trip, 'f' form unless |v| < 1e-6 or >= 1e21 (then Go's 1e+21), NaN, +Inf, -Inf.
std::string format_float(double value);
void append_float(std::string& out, double value);
// The same digits without ever an exponent (Go's FormatFloat 'f', -1): what PromQL prints.
void append_float_fixed(std::string& out, double value);

// Parses a float as Go's strconv.ParseFloat does: decimal, hex (0x1p-2, 0x1f), underscores
// refused, "NaN", "Inf", "+Inf", "-inf", "Infinity" in any case. Nothing may follow.
std::optional<double> parse_float(std::string_view text);

bool is_valid_utf8(std::string_view text);

// Go's strconv.Quote: double quotes, \n, \t, \xNN, \uNNNN for what does not print.
std::string go_quote(std::string_view text);

// Escapes for the inside of a JSON string (RFC 8259); invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// For people: "4.2 GiB", "17 B".
std::string human_bytes(double bytes);

}  // namespace vigil
