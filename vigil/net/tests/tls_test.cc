// TLS, client certificates and basic auth between our own server and client.
#include <crypt.h>
#include <gtest/gtest.h>

#include "vigil/base/clock.h"
#include "vigil/base/memory_file_system.h"
#include "vigil/net/curl_client.h"
#include "vigil/net/server.h"
#include "vigil/net/tests/test_certificates.h"

namespace vigil::net {
namespace {

using testing::Certificate;
using testing::make_certificate;

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() {
    EXPECT_TRUE(files_.create_directories("/etc"));
    put("/etc/a.crt", server_.cert_pem());
    put("/etc/a.key", server_.key_pem());
    put("/etc/ca.crt", ca_.cert_pem());
    CurlClientOptions options;
    options.file_system = &files_;
    client_ = make_curl_client(options);
  }

  void put(const std::string& path, const std::string& text) { ASSERT_TRUE(files_.write_file_atomically(path, text)); }

  void start(const std::string& web_config, bool anonymous_loopback = false) {
    put("/etc/web.yml", web_config);
    ServerOptions options;
    options.listen = {"127.0.0.1:0"};
    options.web_config_file = "/etc/web.yml";
    options.file_system = &files_;
    options.anonymous_loopback = anonymous_loopback;
    auto server = HttpServer::start(options, [](const Request& request, std::unique_ptr<ResponseWriter> out) {
      out->send(Response::text(200, "user=" + request.user));
    });
    ASSERT_TRUE(server) << server.error().message();
    http_ = *std::move(server);
  }
  ClientRequest request() {
    ClientRequest made;
    made.url = (http_->tls() ? "https://" : "http://") + http_->addresses()[0] + "/";
    made.tls.ca_file = http_->tls() ? "/etc/ca.crt" : "";
    return made;
  }
  // Status and body, or the name of the error.
  std::string outcome(ClientRequest sent) {
    const auto response = client_->fetch(std::move(sent));
    return response ? std::to_string(response->status) + " " + response->body
                    : std::string(to_string(response.error().code()));
  }

  MemoryFileSystem files_;
  const Certificate ca_ = make_certificate("test ca", "", nullptr);
  const Certificate other_ca_ = make_certificate("other ca", "", nullptr);
  const Certificate server_ = make_certificate("server", "DNS:vigil.test,IP:127.0.0.1", &ca_);
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<HttpClient> client_;
};

constexpr const char* kTls = "tls_server_config:\n  cert_file: a.crt\n  key_file: a.key\n";

TEST_F(TlsTest, Verification) {
  start(kTls);
  const std::string unavailable(to_string(ErrorCode::kUnavailable));
  EXPECT_EQ(outcome(request()), "200 user=");
  EXPECT_EQ(outcome(request()), "200 user=");
  EXPECT_EQ(http_->stats().connections_accepted, 1U);

  ClientRequest other = request();
  other.tls.ca_file.clear();
  other.tls.ca = other_ca_.cert_pem();
  EXPECT_EQ(outcome(other), unavailable);
  other.tls.insecure_skip_verify = true;
  EXPECT_EQ(outcome(other), "200 user=");

  ClientRequest named = request();
  named.tls.server_name = "vigil.test";
  EXPECT_EQ(outcome(named), "200 user=");
  named.tls.server_name = "somebody.else";
  EXPECT_EQ(outcome(named), unavailable);

  ClientRequest old = request();
  old.tls.min_version = "TLS10";
  old.tls.max_version = "TLS11";
  EXPECT_EQ(outcome(old), unavailable);

  ClientRequest plain = request();
  plain.url = "http" + plain.url.substr(5);
  EXPECT_EQ(outcome(plain), unavailable);
  EXPECT_GE(http_->stats().tls_failures, 3U);
}

TEST_F(TlsTest, ClientCertificates) {
  const std::string with_ca = std::string(kTls) + "  client_ca_file: ca.crt\n  client_auth_type: ";
  const Certificate good = make_certificate("client", "DNS:client.test", &ca_);
  const Certificate bad = make_certificate("client", "DNS:client.test", &other_ca_);
  struct Case {
    const char* name;
    std::string config;
    const Certificate* client;
    bool served;
  };
  const Case kCases[] = {
      {"required, none", with_ca + "RequireAndVerifyClientCert\n", nullptr, false},
      {"required, good", with_ca + "RequireAndVerifyClientCert\n", &good, true},
      {"required, of another CA", with_ca + "RequireAndVerifyClientCert\n", &bad, false},
      {"if given, none", with_ca + "VerifyClientCertIfGiven\n", nullptr, true},
      {"if given, of another CA", with_ca + "VerifyClientCertIfGiven\n", &bad, false},
      {"any, none", std::string(kTls) + "  client_auth_type: RequireAnyClientCert\n", nullptr, false},
      {"any, of another CA", std::string(kTls) + "  client_auth_type: RequireAnyClientCert\n", &bad, true},
      {"san allowed", with_ca + "RequireAndVerifyClientCert\n  client_allowed_sans: [client.test]\n", &good, true},
      {"san not allowed", with_ca + "RequireAndVerifyClientCert\n  client_allowed_sans: [else.test]\n", &good, false},
  };
  for (const Case& c : kCases) {
    http_.reset();
    start(c.config);
    ClientRequest sent = request();
    if (c.client != nullptr) {
      sent.tls.cert = c.client->cert_pem();
      sent.tls.key = c.client->key_pem();
    }
    EXPECT_EQ(outcome(sent) == "200 user=", c.served) << c.name;
  }
}

TEST_F(TlsTest, BrokenFilesAreNamedAtStart) {
  put("/etc/a.key", ca_.key_pem());
  put("/etc/web.yml", kTls);
  ServerOptions options;
  options.web_config_file = "/etc/web.yml";
  options.file_system = &files_;
  const auto server = HttpServer::start(options, nullptr);
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().message().find("/etc/a.key does not belong to the certificate"), std::string::npos);
}

std::string users() {
  crypt_data data{};
  return std::string("basic_auth_users:\n  alice: ") + crypt_r("open sesame", "$2b$04$abcdefghijklmnopqrstuu", &data) +
         "\n";
}

TEST_F(TlsTest, BasicAuth) {
  start(users());
  struct Case {
    const char* name;
    const char* user;
    const char* password;
    int status;
  };
  constexpr Case kCases[] = {
      {"none", "", "", 401},
      {"good", "alice", "open sesame", 200},
      {"good again, remembered", "alice", "open sesame", 200},
      {"wrong password", "alice", "open says me", 401},
      {"wrong password again", "alice", "open says me", 401},
      {"unknown user", "bob", "open sesame", 401},
      {"empty password", "alice", "", 401},
  };
  for (const Case& c : kCases) {
    ClientRequest sent = request();
    sent.username = c.user;
    sent.password = c.password;
    const auto response = client_->fetch(sent);
    ASSERT_TRUE(response) << c.name;
    EXPECT_EQ(response->status, c.status) << c.name;
    if (c.status == 401) {
      EXPECT_EQ(response->headers.get("WWW-Authenticate"), "Basic") << c.name;
    } else {
      EXPECT_EQ(response->body, "user=alice");
    }
  }
  for (const char* header : {"Basic", "Basic !!!!", "Basic YWxpY2U=", "Bearer x"}) {
    ClientRequest sent = request();
    sent.headers.set("Authorization", header);
    EXPECT_EQ(client_->fetch(sent)->status, 401) << header;
  }
}

TEST_F(TlsTest, AnonymousFromLoopbackIfAllowed) {
  start(users(), true);
  EXPECT_EQ(outcome(request()), "200 user=");
  ClientRequest wrong = request();
  wrong.username = "alice";
  wrong.password = "no";
  EXPECT_EQ(client_->fetch(wrong)->status, 401);
  for (const char* header : {"X-Forwarded-For", "x-forwarded-for", "X-Real-IP", "Forwarded", "Via"}) {
    ClientRequest forwarded = request();
    forwarded.headers.set(header, "203.0.113.7");
    EXPECT_EQ(client_->fetch(forwarded)->status, 401) << header;
    forwarded.username = "alice";
    forwarded.password = "open sesame";
    EXPECT_EQ(client_->fetch(forwarded)->status, 200) << header;
  }
}

TEST_F(TlsTest, ExtraHeaders) {
  start("http_server_config:\n  headers:\n    X-Frame-Options: deny\n");
  EXPECT_EQ(client_->fetch(request())->headers.get("X-Frame-Options"), "deny");
}

}  // namespace
}  // namespace vigil::net
