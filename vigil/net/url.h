// Parts of URLs and their percent-encoding (RFC 3986).
#pragma once

#include <string>
#include <string_view>

#include "vigil/base/error.h"

namespace vigil::net {

// Decodes %XX; with `plus_is_space` also '+' (query strings, form bodies). Fails on a bad escape.
Result<std::string> percent_decode(std::string_view text, bool plus_is_space);

// Encodes everything but unreserved characters, as one key or value of a query; space becomes '+'.
std::string encode_query_component(std::string_view text);

// An absolute http or https URL in its parts, still encoded.
struct Url {
  std::string scheme;    // "http" or "https", in lower case
  std::string userinfo;  // "user:password", or ""
  std::string host;      // without the brackets of an IPv6 address
  std::string port;      // "" if not written
  std::string path;      // "/" at least
  std::string query;     // without '?'

  // Errors never contain the userinfo.
  static Result<Url> parse(std::string_view text);
  // With the port the scheme implies, if none is written.
  std::string effective_port() const { return !port.empty() ? port : scheme == "https" ? "443" : "80"; }
  std::string to_string() const;  // userinfo included
};

// The URL with userinfo replaced by "xxxxx", for logs and errors. Takes any text.
std::string redact_url(std::string_view url);

}  // namespace vigil::net
