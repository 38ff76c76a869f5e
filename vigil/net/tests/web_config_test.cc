#include "vigil/net/web_config.h"

#include <gtest/gtest.h>

#include "vigil/base/memory_file_system.h"

namespace vigil::net {
namespace {

constexpr const char* kHash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

TEST(WebConfigTest, Errors) {
  struct Case {
    const char* name;
    std::string input;
    const char* expected;  // part of the error, "" if good
  };
  const Case kCases[] = {
      {"empty", "", ""},
      {"users", std::string("basic_auth_users:\n  alice: ") + kHash + "\n", ""},
      {"null users", "basic_auth_users:\n", ""},
      {"tls", "tls_server_config:\n  cert_file: a.crt\n  key_file: a.key\n", ""},
      {"headers", "http_server_config:\n  http2: false\n  headers:\n    X-Frame-Options: deny\n", ""},
      {"unknown key", "tls_server_configs: {}\n", "web.yml:1:1: unknown key \"tls_server_configs\""},
      {"unknown tls key", "tls_server_config:\n  cert_file: a\n  key_file: b\n  x: 1\n", "web.yml:4:3"},
      {"no key", "tls_server_config:\n  cert_file: a.crt\n", "missing one of key or key_file"},
      {"both certs", "tls_server_config: {cert: x, cert_file: y, key_file: z}\n", "only one of cert and cert_file"},
      {"bad version", "tls_server_config: {cert_file: a, key_file: b, min_version: SSL3}\n", "unknown TLS version"},
      {"crossed versions", "tls_server_config: {cert_file: a, key_file: b, min_version: TLS13, max_version: TLS12}\n",
       "above"},
      {"bad client auth", "tls_server_config: {cert_file: a, key_file: b, client_auth_type: x}\n",
       "invalid client_auth_type"},
      {"verify without CA",
       "tls_server_config: {cert_file: a, key_file: b, client_auth_type: RequireAndVerifyClientCert}\n",
       "client_ca_file"},
      {"CA unused", "tls_server_config: {cert_file: a, key_file: b, client_ca_file: c}\n",
       "without a client_auth_type"},
      {"plain password", "basic_auth_users:\n  bob: hunter2hunter2\n", "web.yml:2:8"},
      {"expensive hash", "basic_auth_users:\n  bob: $2y$31$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi\n",
       "cost 4 to 16"},
      {"colon in name", std::string("basic_auth_users:\n  \"a:b\": ") + kHash + "\n",
       "must not be empty or contain ':'"},
      {"other header", "http_server_config:\n  headers:\n    Set-Cookie: x\n", "can not be configured"},
      {"bad frame option", "http_server_config:\n  headers:\n    X-Frame-Options: maybe\n", "X-Frame-Options"},
  };
  for (const Case& c : kCases) {
    const auto config = WebConfig::parse(c.input, "/etc/vigil/web.yml");
    const std::string message = config ? "" : config.error().message();
    if (c.expected[0] == '\0') {
      EXPECT_EQ(message, "") << c.name;
    } else {
      EXPECT_NE(message.find(c.expected), std::string::npos) << c.name << ": " << message;
      EXPECT_EQ(message.find("hunter2"), std::string::npos) << c.name;
    }
  }
}

TEST(WebConfigTest, FilesAreRelativeToTheConfig) {
  const auto config =
      WebConfig::parse("tls_server_config:\n  cert_file: a.crt\n  key_file: /k/a.key\n", "/etc/vigil/web.yml");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->tls->cert_file, "/etc/vigil/a.crt");
  EXPECT_EQ(config->tls->key_file, "/k/a.key");
}

TEST(WebConfigTest, LoadNamesTheFileThatIsMissingOrBroken) {
  MemoryFileSystem files;
  ASSERT_TRUE(files.create_directories("/etc"));
  ASSERT_TRUE(
      files.write_file_atomically("/etc/web.yml", "tls_server_config:\n  cert_file: a.crt\n  key_file: a.key\n"));
  EXPECT_NE(WebConfig::load(files, "/etc/web.yml").error().message().find("/etc/a.crt"), std::string::npos);
  ASSERT_TRUE(files.write_file_atomically("/etc/a.crt", "no certificate"));
  ASSERT_TRUE(files.write_file_atomically("/etc/a.key", "no key"));
  EXPECT_NE(WebConfig::load(files, "/etc/web.yml").error().message().find("no usable certificate in /etc/a.crt"),
            std::string::npos);
}

}  // namespace
}  // namespace vigil::net
