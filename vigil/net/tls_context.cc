#include "vigil/net/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace vigil::net {
namespace {

struct BioFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct X509Free {
  void operator()(X509* x) const { X509_free(x); }
};
struct KeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using BioPtr = std::unique_ptr<BIO, BioFree>;
using X509Ptr = std::unique_ptr<X509, X509Free>;
using KeyPtr = std::unique_ptr<EVP_PKEY, KeyFree>;

BioPtr bio_of(const std::string& pem) { return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

// No prompt on the terminal for an encrypted key: it is an error.
int no_password(char*, int, int, void*) { return 0; }

int protocol(std::string_view version) {
  if (version == "TLS10") return TLS1_VERSION;
  if (version == "TLS11") return TLS1_1_VERSION;
  return version == "TLS13" ? TLS1_3_VERSION : TLS1_2_VERSION;
}

std::string named(std::string_view what, const std::string& file) {
  return file.empty() ? std::string(what) : std::string(what) + " in " + file;
}

Result<void> use_certificates(SSL_CTX* context, const WebTls& tls) {
  const BioPtr bio = bio_of(tls.cert);
  const X509Ptr leaf(PEM_read_bio_X509_AUX(bio.get(), nullptr, no_password, nullptr));
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    return fail(ErrorCode::kInvalidArgument, named("no usable certificate", tls.cert_file));
  }
  while (X509* chain = PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)) {
    if (SSL_CTX_add0_chain_cert(context, chain) != 1) {
      X509_free(chain);
      return fail(ErrorCode::kInvalidArgument, named("unusable certificate chain", tls.cert_file));
    }
  }
  const BioPtr key_bio = bio_of(tls.key);
  const KeyPtr key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, no_password, nullptr));
  if (!key)
    return fail(ErrorCode::kInvalidArgument,
                named("no usable private key (encrypted ones are not read)", tls.key_file));
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return fail(ErrorCode::kInvalidArgument,
                named("the private key", tls.key_file) + " does not belong to the certificate");
  }
  return {};
}

Result<void> use_client_ca(SSL_CTX* context, const WebTls& tls) {
  if (tls.client_ca.empty()) return {};
  const BioPtr bio = bio_of(tls.client_ca);
  int found = 0;
  while (X509Ptr ca{PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)}) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca.get()) == 1 &&
        SSL_CTX_add_client_CA(context, ca.get()) == 1) {
      ++found;
    }
  }
  if (found == 0)
    return fail(ErrorCode::kInvalidArgument, named("no usable client CA certificate", tls.client_ca_file));
  return {};
}

// What the verify callbacks need; owned by the context through its ex_data.
struct VerifySettings {
  bool check_chain = false;
  std::vector<std::string> allowed_sans;
};

void free_settings(void*, void* pointer, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<VerifySettings*>(pointer);
}
int settings_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_settings);
  return index;
}

bool has_allowed_san(X509* certificate, const std::vector<std::string>& allowed) {
  for (const std::string& san : allowed) {
    if (X509_check_host(certificate, san.data(), san.size(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1)
      return true;
    if (X509_check_ip_asc(certificate, san.c_str(), 0) == 1) return true;
    if (X509_check_email(certificate, san.data(), san.size(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT) == 1) return true;
  }
  return false;
}

int verify_client(int chain_good, X509_STORE_CTX* store) {
  auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto* settings =
      static_cast<const VerifySettings*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), settings_index()));
  if (settings->check_chain && chain_good != 1) return 0;
  if (settings->allowed_sans.empty() || X509_STORE_CTX_get_error_depth(store) != 0) return 1;
  if (has_allowed_san(X509_STORE_CTX_get_current_cert(store), settings->allowed_sans)) return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

void use_client_auth(SSL_CTX* context, const WebTls& tls) {
  if (tls.client_auth == ClientAuth::kNone) return;
  auto settings = std::make_unique<VerifySettings>();
  settings->check_chain =
      tls.client_auth == ClientAuth::kVerifyIfGiven || tls.client_auth == ClientAuth::kRequireAndVerify;
  settings->allowed_sans = tls.client_allowed_sans;
  SSL_CTX_set_ex_data(context, settings_index(), settings.release());
  int mode = SSL_VERIFY_PEER;
  if (tls.client_auth == ClientAuth::kRequireAny || tls.client_auth == ClientAuth::kRequireAndVerify) {
    mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  SSL_CTX_set_verify(context, mode, verify_client);
}

// Go's names of TLS 1.2 suites that OpenSSL can do (crypto/tls constants).
std::string_view openssl_cipher(std::string_view go_name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kNames{{
      {"TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA"},
      {"TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA"},
      {"TLS_RSA_WITH_AES_128_CBC_SHA256", "AES128-SHA256"},
      {"TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256"},
      {"TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384"},
      {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
      {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
      {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
      {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"},
      {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256"},
      {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
      {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
      {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
      {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
      {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
      {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
  }};
  for (const auto& [go, openssl] : kNames) {
    if (go == go_name) return openssl;
  }
  return {};
}

std::string_view openssl_curve(std::string_view go_name) {
  if (go_name == "CurveP256") return "P-256";
  if (go_name == "CurveP384") return "P-384";
  if (go_name == "CurveP521") return "P-521";
  return go_name == "X25519" ? "X25519" : std::string_view();
}

Result<void> use_algorithms(SSL_CTX* context, const WebTls& tls) {
  std::string ciphers;
  for (const std::string& name : tls.cipher_suites) {
    const std::string_view known = openssl_cipher(name);
    if (known.empty()) return fail(ErrorCode::kInvalidArgument, "unknown cipher suite \"" + name + "\"");
    ciphers += (ciphers.empty() ? "" : ":") + std::string(known);
  }
  if (!ciphers.empty() && SSL_CTX_set_cipher_list(context, ciphers.c_str()) != 1) {
    return fail(ErrorCode::kInvalidArgument, "OpenSSL refuses the cipher_suites");
  }
  std::string curves;
  for (const std::string& name : tls.curve_preferences) {
    const std::string_view known = openssl_curve(name);
    if (known.empty()) return fail(ErrorCode::kInvalidArgument, "unknown curve \"" + name + "\"");
    curves += (curves.empty() ? "" : ":") + std::string(known);
  }
  if (!curves.empty() && SSL_CTX_set1_groups_list(context, curves.data()) != 1) {
    return fail(ErrorCode::kInvalidArgument, "OpenSSL refuses the curve_preferences");
  }
  return {};
}

// Clients that offer h2 and http/1.1 are told http/1.1.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned int in_size, void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kHttp11, sizeof(kHttp11) - 1, in, in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<TlsContext> make_tls_context(const WebTls& tls) {
  TlsContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return fail(ErrorCode::kInternal, "OpenSSL cannot make a TLS context");
  SSL_CTX_set_min_proto_version(context.get(), protocol(tls.min_version));
  SSL_CTX_set_max_proto_version(context.get(), protocol(tls.max_version));
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  if (tls.prefer_server_cipher_suites) SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  // Sessions verified under one configuration are not resumed under another.
  static constexpr unsigned char kSessionContext[] = "vigil";
  SSL_CTX_set_session_id_context(context.get(), kSessionContext, sizeof(kSessionContext) - 1);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  Result<void> result = use_certificates(context.get(), tls);
  if (result) result = use_client_ca(context.get(), tls);
  if (result) result = use_algorithms(context.get(), tls);
  use_client_auth(context.get(), tls);
  ERR_clear_error();
  if (!result) return std::unexpected(std::move(result).error());
  return context;
}

}  // namespace vigil::net
