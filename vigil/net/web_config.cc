#include "vigil/net/web_config.h"

#include <algorithm>
#include <array>

#include "vigil/net/client_config.h"
#include "vigil/net/tls_context.h"
#include "vigil/yaml/fields.h"

namespace vigil::net {
namespace {

Result<ClientAuth> parse_client_auth(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, ClientAuth>, 6> kTypes{{
      {"", ClientAuth::kNone},
      {"NoClientCert", ClientAuth::kNone},
      {"RequestClientCert", ClientAuth::kRequest},
      {"RequireAnyClientCert", ClientAuth::kRequireAny},
      {"VerifyClientCertIfGiven", ClientAuth::kVerifyIfGiven},
      {"RequireAndVerifyClientCert", ClientAuth::kRequireAndVerify},
  }};
  for (const auto& [name, type] : kTypes) {
    if (name == text) return type;
  }
  return fail(ErrorCode::kInvalidArgument,
              "invalid client_auth_type \"" + std::string(text) +
                  "\", expected NoClientCert, RequestClientCert, RequireAnyClientCert, VerifyClientCertIfGiven or "
                  "RequireAndVerifyClientCert");
}

Result<std::string> parse_version(std::string_view text) {
  for (const std::string_view known : {"TLS10", "TLS11", "TLS12", "TLS13"}) {
    if (known == text) return std::string(text);
  }
  return fail(ErrorCode::kInvalidArgument,
              "unknown TLS version \"" + std::string(text) + "\", expected TLS10, TLS11, TLS12 or TLS13");
}

void read_tls(yaml::Fields& fields, const std::filesystem::path& base, WebTls& tls) {
  fields.optional("cert_file", tls.cert_file);
  fields.optional("key_file", tls.key_file);
  fields.optional("client_ca_file", tls.client_ca_file);
  fields.optional("cert", tls.cert);
  fields.optional("key", tls.key);
  fields.optional("client_ca", tls.client_ca);
  fields.converted("client_auth_type", tls.client_auth, parse_client_auth);
  fields.optional("client_allowed_sans", tls.client_allowed_sans);
  fields.converted("min_version", tls.min_version, parse_version);
  fields.converted("max_version", tls.max_version, parse_version);
  fields.optional("cipher_suites", tls.cipher_suites);
  fields.optional("curve_preferences", tls.curve_preferences);
  fields.optional("prefer_server_cipher_suites", tls.prefer_server_cipher_suites);

  const auto one_of = [&fields](const std::string& text, const std::string& file, std::string_view what, bool needed) {
    const std::string name(what);
    if (!text.empty() && !file.empty()) fields.fail("only one of " + name + " and " + name + "_file can be set");
    if (needed && text.empty() && file.empty()) fields.fail("missing one of " + name + " or " + name + "_file");
  };
  one_of(tls.cert, tls.cert_file, "cert", true);
  one_of(tls.key, tls.key_file, "key", true);
  one_of(tls.client_ca, tls.client_ca_file, "client_ca", false);
  const bool has_ca = !tls.client_ca.empty() || !tls.client_ca_file.empty();
  const bool verifies =
      tls.client_auth == ClientAuth::kVerifyIfGiven || tls.client_auth == ClientAuth::kRequireAndVerify;
  // Without a CA there would be nothing to verify against: refuse rather than trust the system's.
  if (verifies && !has_ca) fields.fail("client_auth_type verifies client certificates: set client_ca_file");
  if (has_ca && tls.client_auth == ClientAuth::kNone)
    fields.fail("client_ca is set without a client_auth_type that uses it");
  if (tls.min_version > tls.max_version) fields.fail("min_version is above max_version");

  tls.cert_file = resolve_file(base, tls.cert_file);
  tls.key_file = resolve_file(base, tls.key_file);
  tls.client_ca_file = resolve_file(base, tls.client_ca_file);
}

// The cost is limited because every first login of a client spends it.
constexpr int kMaxBcryptCost = 16;

bool is_bcrypt_hash(std::string_view hash) {
  if (hash.size() != 60 || !hash.starts_with("$2") || hash[3] != '$' || hash[6] != '$') return false;
  if (hash[2] != 'a' && hash[2] != 'b' && hash[2] != 'y') return false;
  if (hash[4] < '0' || hash[4] > '9' || hash[5] < '0' || hash[5] > '9') return false;
  const int cost = (hash[4] - '0') * 10 + (hash[5] - '0');
  return cost >= 4 && cost <= kMaxBcryptCost;
}

Result<void> check_header(std::string_view name, std::string_view value) {
  // The names exporter-toolkit accepts.
  static constexpr std::array<std::string_view, 5> kNames = {"Strict-Transport-Security", "X-Content-Type-Options",
                                                             "X-Frame-Options", "X-XSS-Protection",
                                                             "Content-Security-Policy"};
  if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
    return fail(ErrorCode::kInvalidArgument, "HTTP header \"" + std::string(name) + "\" can not be configured");
  }
  if (name == "X-Content-Type-Options" && value != "" && value != "nosniff") {
    return fail(ErrorCode::kInvalidArgument, "invalid value for X-Content-Type-Options, expected nosniff");
  }
  if (name == "X-Frame-Options" && value != "" && value != "deny" && value != "sameorigin") {
    return fail(ErrorCode::kInvalidArgument, "invalid value for X-Frame-Options, expected deny or sameorigin");
  }
  if (value.find_first_of("\r\n") != std::string_view::npos) {
    return fail(ErrorCode::kInvalidArgument, "HTTP header \"" + std::string(name) + "\" contains a line break");
  }
  return {};
}

}  // namespace

Result<WebConfig> WebConfig::parse(std::string_view text, const std::filesystem::path& file) {
  VIGIL_TRY(const yaml::Document document, yaml::Document::parse(text, file.string()));
  WebConfig config;
  yaml::Problems problems;
  yaml::read_mapping(document.root(), "web config", problems, [&](yaml::Fields& fields) {
    fields.object("tls_server_config",
                  [&](yaml::Fields& tls) { read_tls(tls, file.parent_path(), config.tls.emplace()); });
    fields.with("basic_auth_users", [&](const yaml::Node& users) -> Result<void> {
      if (!users.is_mapping()) return std::unexpected(users.error("expected a mapping of user names to bcrypt hashes"));
      for (const auto& [name, hash] : users.entries()) {
        if (name.text().empty() || name.text().find(':') != std::string_view::npos) {
          problems.add(name, "a user name must not be empty or contain ':'");
        } else if (!is_bcrypt_hash(hash.text())) {
          problems.add(hash, "the password of user \"" + std::string(name.text()) +
                                 "\" is not a bcrypt hash of cost 4 to 16 (htpasswd -nBC 10 \"\" makes one)");
        } else {
          config.users.emplace(name.text(), hash.text());
        }
      }
      return {};
    });
    fields.object("http_server_config", [&](yaml::Fields& http) {
      bool http2 = true;
      http.optional("http2", http2);  // HTTP/1.1 is spoken either way: clients negotiate down
      http.with("headers", [&](const yaml::Node& headers) -> Result<void> {
        VIGIL_TRY_VOID(yaml::decode(headers, config.headers));
        for (const auto& [name, value] : headers.entries()) {
          if (Result<void> checked = check_header(name.text(), value.text()); !checked) {
            problems.add(name, checked.error().message());
          }
        }
        std::erase_if(config.headers, [](const auto& header) { return header.second.empty(); });
        return {};
      });
    });
    fields.unsupported("rate_limit");
  });
  VIGIL_TRY_VOID(problems.result());
  return config;
}

Result<WebConfig> WebConfig::load(FileSystem& file_system, const std::filesystem::path& file) {
  VIGIL_TRY(const std::string text, file_system.read_file(file));
  VIGIL_TRY(WebConfig config, parse(text, file));
  if (!config.tls) return config;
  const auto fill = [&file_system](std::string& pem, const std::string& from) -> Result<void> {
    if (from.empty()) return {};
    auto content = file_system.read_file(from);
    if (!content) return std::unexpected(std::move(content).error());
    pem = *std::move(content);
    return {};
  };
  VIGIL_TRY_VOID(fill(config.tls->cert, config.tls->cert_file));
  VIGIL_TRY_VOID(fill(config.tls->key, config.tls->key_file));
  VIGIL_TRY_VOID(fill(config.tls->client_ca, config.tls->client_ca_file));
  if (auto context = make_tls_context(*config.tls); !context) {
    return std::unexpected(context.error().with_context(file.string()));
  }
  return config;
}

}  // namespace vigil::net
