#include "vigil/errors/sentry_dsn.h"

#include <algorithm>

#include "vigil/net/url.h"

namespace vigil::errors {
namespace {

// Goes into a header and a URL path as it is.
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

Result<SentryDsn> SentryDsn::parse(std::string_view text) {
  const auto bad = [](std::string_view why) {
    return fail(ErrorCode::kInvalidArgument,
                "invalid Sentry DSN: " + std::string(why) +
                    "; expected https://<public key>@<host>/<project id>, as the project's settings show it");
  };
  const Result<net::Url> url = net::Url::parse(text);
  if (!url) return bad("it is not an http or https URL");

  SentryDsn dsn;
  dsn.scheme = url->scheme;
  dsn.host = url->host;
  dsn.port = url->port;
  const std::size_t colon = url->userinfo.find(':');
  dsn.public_key = url->userinfo.substr(0, colon);
  if (!is_token(dsn.public_key)) return bad("the public key is missing or has characters other than [A-Za-z0-9_-]");
  if (colon != std::string::npos) dsn.secret_key = url->userinfo.substr(colon + 1);
  if (!dsn.secret_key.empty() && !is_token(dsn.secret_key)) {
    return bad("the secret key has characters other than [A-Za-z0-9_-]");
  }
  std::string_view path = url->path;
  if (path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || !is_token(path.substr(slash + 1)))
    return bad("it does not end in a project id");
  dsn.path = std::string(path.substr(0, slash));
  dsn.project_id = std::string(path.substr(slash + 1));
  return dsn;
}

std::string SentryDsn::envelope_url() const {
  net::Url url;
  url.scheme = scheme;
  url.host = host;
  url.port = port;
  url.path = path + "/api/" + project_id + "/envelope/";
  return url.to_string();
}

std::string SentryDsn::auth_header(std::string_view client) const {
  std::string out = "Sentry sentry_version=7, sentry_client=" + std::string(client) + ", sentry_key=" + public_key;
  if (!secret_key.empty()) out += ", sentry_secret=" + secret_key;
  return out;
}

}  // namespace vigil::errors
