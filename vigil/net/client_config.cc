#include "vigil/net/client_config.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace vigil::net {
namespace {

using std::filesystem::path;

void read_basic_auth(yaml::Fields& auth, const path& base, ClientRequest& request) {
  auth.optional("username", request.username);
  auth.optional("username_file", request.username_file);
  auth.optional("password", request.password);
  auth.optional("password_file", request.password_file);
  auth.unsupported("username_ref");
  auth.unsupported("password_ref");
  if (!request.username.empty() && !request.username_file.empty()) {
    auth.fail("at most one of basic_auth username, username_file & username_ref must be configured");
  }
  if (!request.password.empty() && !request.password_file.empty()) {
    auth.fail("at most one of basic_auth password, password_file & password_ref must be configured");
  }
  request.username_file = resolve_file(base, request.username_file);
  request.password_file = resolve_file(base, request.password_file);
}

void read_authorization(yaml::Fields& authorization, const path& base, ClientRequest& request) {
  authorization.optional("type", request.authorization_scheme);
  authorization.optional("credentials", request.authorization);
  authorization.optional("credentials_file", request.authorization_file);
  authorization.unsupported("credentials_ref");
  if (!request.authorization.empty() && !request.authorization_file.empty()) {
    authorization.fail("at most one of authorization credentials & credentials_file must be configured");
  }
  if (request.authorization_scheme == "Basic" || request.authorization_scheme == "basic") {
    authorization.fail("type", "authorization type cannot be set to \"basic\", use \"basic_auth\" instead");
  }
  request.authorization_file = resolve_file(base, request.authorization_file);
}

void read_tls(yaml::Fields& tls, const path& base, ClientTls& out) {
  tls.optional("ca", out.ca);
  tls.optional("cert", out.cert);
  tls.optional("key", out.key);
  tls.optional("ca_file", out.ca_file);
  tls.optional("cert_file", out.cert_file);
  tls.optional("key_file", out.key_file);
  tls.optional("server_name", out.server_name);
  tls.optional("insecure_skip_verify", out.insecure_skip_verify);
  static constexpr std::array<std::string_view, 4> kVersions = {"TLS10", "TLS11", "TLS12", "TLS13"};
  const auto rank = [](const std::string& version) -> std::size_t {
    for (std::size_t i = 0; i < kVersions.size(); ++i) {
      if (kVersions[i] == version) return i;
    }
    return kVersions.size();
  };
  if (tls.optional("min_version", out.min_version) && rank(out.min_version) == kVersions.size()) {
    tls.fail("min_version", "unknown TLS version: " + out.min_version);
  }
  if (tls.optional("max_version", out.max_version) && rank(out.max_version) == kVersions.size()) {
    tls.fail("max_version", "unknown TLS version: " + out.max_version);
  }
  if (!out.min_version.empty() && !out.max_version.empty() && rank(out.min_version) > rank(out.max_version)) {
    tls.fail("tls_config.max_version must be greater than or equal to tls_config.min_version if both are specified");
  }
  for (const char* ref : {"ca_ref", "cert_ref", "key_ref"}) tls.unsupported(ref);
  const auto both = [&](const std::string& text, const std::string& file, const char* name) {
    if (!text.empty() && !file.empty())
      tls.fail(std::string("at most one of ") + name + " & " + name + "_file must be configured");
  };
  both(out.ca, out.ca_file, "ca");
  both(out.cert, out.cert_file, "cert");
  both(out.key, out.key_file, "key");
  const bool has_cert = !out.cert.empty() || !out.cert_file.empty();
  const bool has_key = !out.key.empty() || !out.key_file.empty();
  if (has_cert != has_key) tls.fail("a client certificate needs both a cert and a key");
  out.ca_file = resolve_file(base, out.ca_file);
  out.cert_file = resolve_file(base, out.cert_file);
  out.key_file = resolve_file(base, out.key_file);
}

// http_headers: a mapping from header name to {values, secrets, files}.
Result<void> read_headers(const yaml::Node& node, yaml::Problems& problems, const std::string& where, Headers& out) {
  if (!node.is_mapping()) return std::unexpected(node.error("expected a mapping from header names to values"));
  static constexpr std::array<std::string_view, 11> kReserved = {
      "authorization", "host",       "content-encoding",   "content-length",      "content-type",    "user-agent",
      "connection",    "keep-alive", "proxy-authenticate", "proxy-authorization", "www-authenticate"};
  for (const auto& [key, value] : node.entries()) {
    std::string lower(key.text());
    for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    for (const std::string_view reserved : kReserved) {
      if (lower == reserved) problems.add(key, "setting header \"" + std::string(key.text()) + "\" is not allowed");
    }
    yaml::read_mapping(
        value, "http_headers", problems,
        [&](yaml::Fields& header) {
          std::vector<std::string> values;
          std::vector<std::string> secrets;
          header.optional("values", values);
          header.optional("secrets", secrets);
          header.unsupported("files");
          for (const auto& text : values) out.add(key.text(), text);
          for (const auto& text : secrets) out.add(key.text(), text);
        },
        where + "." + std::string(key.text()));
  }
  return {};
}

}  // namespace

std::string resolve_file(const path& base, const std::string& file) {
  if (file.empty() || path(file).is_absolute()) return file;
  return (base / file).lexically_normal().string();
}

void read_client_config(yaml::Fields& fields, const path& base, ClientRequest& request) {
  const bool basic = fields.object("basic_auth", [&](yaml::Fields& auth) { read_basic_auth(auth, base, request); });
  const bool authorization =
      fields.object("authorization", [&](yaml::Fields& auth) { read_authorization(auth, base, request); });
  std::string token;
  std::string token_file;
  fields.optional("bearer_token", token);
  fields.optional("bearer_token_file", token_file);
  const bool oauth2 = fields.has("oauth2");
  const bool bearer = !token.empty() || !token_file.empty();
  if (!token.empty() && !token_file.empty()) {
    fields.fail("at most one of bearer_token & bearer_token_file must be configured");
  }
  if (authorization && bearer) fields.fail("authorization is not compatible with bearer_token & bearer_token_file");
  if (static_cast<int>(basic) + static_cast<int>(authorization || bearer) + static_cast<int>(oauth2) > 1) {
    fields.fail("at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured");
  }
  if (oauth2) {
    // Checked although it is refused, so that a mistake is reported with the refusal.
    const yaml::Node section = fields.node().find("oauth2");
    if (section.is_mapping() && !section.find("client_id"))
      fields.fail("oauth2", "oauth2 client_id must be configured");
  }
  fields.unsupported("oauth2");
  if (bearer) {
    request.authorization = token;
    request.authorization_file = resolve_file(base, token_file);
  }

  fields.object("tls_config", [&](yaml::Fields& tls) { read_tls(tls, base, request.tls); });
  fields.optional("follow_redirects", request.follow_redirects);
  fields.optional("enable_http2", request.http2);
  fields.optional("proxy_url", request.proxy_url);
  fields.optional("no_proxy", request.no_proxy);
  fields.optional("proxy_from_environment", request.proxy_from_environment);
  if (request.proxy_from_environment && !request.proxy_url.empty()) {
    fields.fail("if proxy_from_environment is configured, proxy_url must not be configured");
  }
  if (request.proxy_from_environment && !request.no_proxy.empty()) {
    fields.fail("if proxy_from_environment is configured, no_proxy must not be configured");
  }
  if (!request.no_proxy.empty() && request.proxy_url.empty() && !request.proxy_from_environment) {
    fields.fail("if no_proxy is configured, proxy_url must also be configured");
  }
  if (fields.has("proxy_connect_header") && request.proxy_url.empty() && !request.proxy_from_environment) {
    fields.fail("if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured");
  }
  fields.unsupported("proxy_connect_header");
  fields.with("http_headers", [&](const yaml::Node& node) {
    return read_headers(node, fields.problems(), fields.path() + ".http_headers", request.headers);
  });
}

}  // namespace vigil::net
