// The web configuration file: TLS, basic auth and response headers of an HTTP
// server, in the format of Prometheus' exporter-toolkit (`--web.config.file`).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/file_system.h"

namespace vigil::net {

enum class ClientAuth { kNone, kRequest, kRequireAny, kVerifyIfGiven, kRequireAndVerify };

struct WebTls {
  std::string cert_file, key_file, client_ca_file;  // resolved against the directory of the file
  std::string cert, key, client_ca;                 // PEM text; load() fills them from the files
  ClientAuth client_auth = ClientAuth::kNone;
  std::vector<std::string> client_allowed_sans;  // empty: any
  std::string min_version = "TLS12";
  std::string max_version = "TLS13";
  std::vector<std::string> cipher_suites;      // Go names; empty: OpenSSL's choice. TLS 1.2 and older
  std::vector<std::string> curve_preferences;  // "CurveP256", "X25519", …
  bool prefer_server_cipher_suites = true;

  friend bool operator==(const WebTls&, const WebTls&) = default;
};

struct WebConfig {
  std::optional<WebTls> tls;
  std::map<std::string, std::string, std::less<>> users;     // name -> bcrypt hash
  std::vector<std::pair<std::string, std::string>> headers;  // added to every answer

  // Reads the text only. Errors name line and column and never contain a hash or key.
  static Result<WebConfig> parse(std::string_view text, const std::filesystem::path& file);
  // parse(), then reads the certificate and key files and checks that they fit together.
  static Result<WebConfig> load(FileSystem& file_system, const std::filesystem::path& file);

  friend bool operator==(const WebConfig&, const WebConfig&) = default;
};

}  // namespace vigil::net
