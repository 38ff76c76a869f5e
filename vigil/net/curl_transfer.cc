#include "vigil/net/curl_transfer.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "vigil/net/url.h"

namespace vigil::net {
namespace {

constexpr long kMaxRedirects = 10;
constexpr std::size_t kMaxHeaderBytes = 256U << 10;  // of an answer, all fields together

std::string_view trim(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// The content of a secret file, without the newline editors leave.
Result<std::string> read_secret(FileSystem& files, const std::string& path) {
  VIGIL_TRY(const std::string text, files.read_file(path));
  return std::string(trim(text));
}

long curl_version(std::string_view version) {
  if (version == "TLS10") return CURL_SSLVERSION_TLSv1_0;
  if (version == "TLS11") return CURL_SSLVERSION_TLSv1_1;
  if (version == "TLS13") return CURL_SSLVERSION_TLSv1_3;
  return CURL_SSLVERSION_TLSv1_2;
}
long curl_max_version(std::string_view version) {
  if (version == "TLS10") return CURL_SSLVERSION_MAX_TLSv1_0;
  if (version == "TLS11") return CURL_SSLVERSION_MAX_TLSv1_1;
  if (version == "TLS12") return CURL_SSLVERSION_MAX_TLSv1_2;
  return version == "TLS13" ? static_cast<long>(CURL_SSLVERSION_MAX_TLSv1_3)
                            : static_cast<long>(CURL_SSLVERSION_MAX_DEFAULT);
}

ErrorCode code_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return ErrorCode::kTimeout;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return ErrorCode::kInvalidArgument;
    default: return ErrorCode::kUnavailable;
  }
}

}  // namespace

CurlTransfer::~CurlTransfer() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(header_list_);
  curl_slist_free_all(connect_to_);
}

Result<CURL*> CurlTransfer::prepare(const CurlClientOptions& options, std::chrono::nanoseconds now) {
  FileSystem& files = options.file_system != nullptr ? *options.file_system : FileSystem::real();
  easy_ = curl_easy_init();
  if (easy_ == nullptr) return fail(ErrorCode::kInternal, "libcurl cannot make a handle");
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - now).count();
  if (left <= 0) return fail(ErrorCode::kTimeout, "no free slot in time: too many requests in flight");

  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_text_);
  curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(left));
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, request_.follow_redirects ? 1L : 0L);
  curl_easy_setopt(easy_, CURLOPT_MAXREDIRS, kMaxRedirects);
  curl_easy_setopt(
      easy_, CURLOPT_HTTP_VERSION,
      request_.http2 ? static_cast<long>(CURL_HTTP_VERSION_2TLS) : static_cast<long>(CURL_HTTP_VERSION_1_1));
  if (request_.accept_compressed) curl_easy_setopt(easy_, CURLOPT_ACCEPT_ENCODING, "gzip");
  if (!request_.proxy_from_environment || !request_.proxy_url.empty()) {
    curl_easy_setopt(easy_, CURLOPT_PROXY, request_.proxy_url.c_str());  // "" also hides the environment's
    curl_easy_setopt(easy_, CURLOPT_NOPROXY, request_.no_proxy.c_str());
  }
  VIGIL_TRY_VOID(set_url());
  VIGIL_TRY_VOID(set_auth(files));
  VIGIL_TRY_VOID(set_headers(options.user_agent));
  VIGIL_TRY_VOID(set_tls(files));
  set_method();
  return easy_;
}

Result<void> CurlTransfer::set_url() {
  VIGIL_TRY(Url url, Url::parse(request_.url));
  if (url.scheme == "https" && !request_.tls.server_name.empty() && request_.tls.server_name != url.host) {
    // curl checks the name in the URL: give it the one to check and connect to the other.
    const std::string host = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
    const std::string port = url.effective_port();
    const std::string rule = request_.tls.server_name + ":" + port + ":" + host + ":" + port;
    connect_to_ = curl_slist_append(nullptr, rule.c_str());
    curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, connect_to_);
    if (!request_.headers.has("Host")) request_.headers.set("Host", url.port.empty() ? host : host + ":" + url.port);
    url.host = request_.tls.server_name;
    curl_easy_setopt(easy_, CURLOPT_URL, url.to_string().c_str());
    return {};
  }
  curl_easy_setopt(easy_, CURLOPT_URL, request_.url.c_str());
  return {};
}

Result<void> CurlTransfer::set_auth(FileSystem& files) {
  if (!request_.username_file.empty()) {
    VIGIL_TRY(request_.username, read_secret(files, request_.username_file));
  }
  if (!request_.password_file.empty()) {
    VIGIL_TRY(request_.password, read_secret(files, request_.password_file));
  }
  if (!request_.authorization_file.empty()) {
    VIGIL_TRY(request_.authorization, read_secret(files, request_.authorization_file));
  }
  if (!request_.authorization.empty()) {
    // As a header curl drops it by itself when a redirect leaves the origin.
    request_.headers.set("Authorization", request_.authorization_scheme + " " + request_.authorization);
  } else if (!request_.username.empty() || !request_.password.empty()) {
    curl_easy_setopt(easy_, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(easy_, CURLOPT_USERNAME, request_.username.c_str());
    curl_easy_setopt(easy_, CURLOPT_PASSWORD, request_.password.c_str());
  }
  curl_easy_setopt(easy_, CURLOPT_UNRESTRICTED_AUTH, 0L);
  return {};
}

Result<void> CurlTransfer::set_headers(const std::string& user_agent) {
  const auto add = [this](const std::string& line) { header_list_ = curl_slist_append(header_list_, line.c_str()); };
  for (const auto& [name, value] : request_.headers.all()) {
    constexpr std::string_view kBreaks("\r\n\0", 3);
    if (name.empty() || name.find_first_of(kBreaks) != std::string::npos ||
        value.find_first_of(kBreaks) != std::string::npos) {
      return fail(ErrorCode::kInvalidArgument,
                  "header \"" + name.substr(0, name.find_first_of(kBreaks)) + "\" contains a line break");
    }
    add(value.empty() ? name + ";" : name + ": " + value);
  }
  if (!request_.headers.has("Expect")) add("Expect:");  // no round trip before a body
  if (!request_.headers.has("User-Agent")) curl_easy_setopt(easy_, CURLOPT_USERAGENT, user_agent.c_str());
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_list_);
  return {};
}

Result<void> CurlTransfer::set_tls(FileSystem& files) {
  const auto use = [this, &files](CURLoption option, const std::string& text, const std::string& file) -> Result<void> {
    if (text.empty() && file.empty()) return {};
    std::string pem = text;
    if (!file.empty()) {
      auto content = files.read_file(file);
      if (!content) return std::unexpected(std::move(content).error());
      pem = *std::move(content);
    }
    curl_blob blob{pem.data(), pem.size(), CURL_BLOB_COPY};
    curl_easy_setopt(easy_, option, &blob);
    return {};
  };
  VIGIL_TRY_VOID(use(CURLOPT_CAINFO_BLOB, request_.tls.ca, request_.tls.ca_file));
  VIGIL_TRY_VOID(use(CURLOPT_SSLCERT_BLOB, request_.tls.cert, request_.tls.cert_file));
  VIGIL_TRY_VOID(use(CURLOPT_SSLKEY_BLOB, request_.tls.key, request_.tls.key_file));
  curl_easy_setopt(easy_, CURLOPT_SSLVERSION,
                   curl_version(request_.tls.min_version) | curl_max_version(request_.tls.max_version));
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, request_.tls.insecure_skip_verify ? 0L : 1L);
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, request_.tls.insecure_skip_verify ? 0L : 2L);
  return {};
}

void CurlTransfer::set_method() {
  if (request_.method == "GET" && request_.body.empty()) return;
  if (request_.method == "HEAD") {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
    return;
  }
  if (request_.method == "POST" || !request_.body.empty()) {
    curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.data());
  }
  if (request_.method != "POST") curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

std::size_t CurlTransfer::on_body(char* data, std::size_t size, std::size_t count, void* pointer) {
  auto& self = *static_cast<CurlTransfer*>(pointer);
  const std::size_t bytes = size * count;
  if (self.response_.body.size() + bytes > self.request_.max_body_bytes) {
    self.too_long_ = true;
    return 0;  // anything but `bytes` aborts
  }
  self.response_.body.append(data, bytes);
  return bytes;
}

std::size_t CurlTransfer::on_header(char* data, std::size_t size, std::size_t count, void* pointer) {
  auto& self = *static_cast<CurlTransfer*>(pointer);
  const std::size_t bytes = size * count;
  const std::string_view line = trim({data, bytes});
  if (line.starts_with("HTTP/")) {  // of the answer after a redirect or a 100 Continue
    self.response_.headers = {};
    self.response_.body.clear();
    return bytes;
  }
  std::size_t held = bytes;
  for (const auto& [name, value] : self.response_.headers.all()) held += name.size() + value.size();
  if (held > kMaxHeaderBytes) return 0;
  if (const std::size_t colon = line.find(':'); colon != std::string_view::npos && colon > 0) {
    self.response_.headers.add(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
  }
  return bytes;
}

std::string CurlTransfer::describe(std::string_view reason) const {
  std::string text = request_.method + " " + redact_url(request_.url) + ": " + std::string(reason);
  for (const std::string& secret : {request_.password, request_.authorization}) {
    if (secret.empty()) continue;
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 5)) {
      text.replace(at, secret.size(), "xxxxx");
    }
  }
  return text;
}

Error CurlTransfer::curl_error(CURLcode code) const {
  if (too_long_) {
    return Error(ErrorCode::kLimitExceeded,
                 describe("the body is longer than " + std::to_string(request_.max_body_bytes) + " bytes"));
  }
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return Error(ErrorCode::kTimeout, describe("no complete answer within " + format_duration(request_.timeout)));
  }
  return Error(code_of(code), describe(error_text_[0] != '\0' ? error_text_ : curl_easy_strerror(code)));
}

void CurlTransfer::finish(CURLcode code) {
  if (code != CURLE_OK) return done_(std::unexpected(curl_error(code)));
  long status = 0;
  curl_off_t received = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy_, CURLINFO_SIZE_DOWNLOAD_T, &received);
  response_.status = static_cast<int>(status);
  response_.wire_bytes = static_cast<std::uint64_t>(received);
  done_(std::move(response_));
}

void CurlTransfer::fail_with(ErrorCode code, std::string_view reason) { done_(fail(code, describe(reason))); }

}  // namespace vigil::net
