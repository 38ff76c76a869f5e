// Where a Sentry project takes events, and with which key:
//   https://<public key>[:<secret key>]@<host>[:port][/path]/<project id>
// https://develop.sentry.dev/sdk/overview/#parsing-the-dsn
#pragma once

#include <string>
#include <string_view>

#include "vigil/base/error.h"

namespace vigil::errors {

struct SentryDsn {
  std::string scheme;  // "https" or "http"
  std::string public_key;
  std::string secret_key;  // of old projects, else ""
  std::string host;
  std::string port;  // "" if not written
  std::string path;  // "" or "/prefix"
  std::string project_id;

  // Errors contain nothing of `text`: whatever is wrong with it, it may hold the key.
  static Result<SentryDsn> parse(std::string_view text);

  std::string envelope_url() const;  // without the keys
  // Value of the header X-Sentry-Auth.
  std::string auth_header(std::string_view client) const;
};

}  // namespace vigil::errors
