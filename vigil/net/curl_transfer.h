// One request as a curl easy handle. Internal to net.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <string>

#include "vigil/base/file_system.h"
#include "vigil/net/curl_client.h"
#include "vigil/net/http.h"

namespace vigil::net {

class CurlTransfer {
 public:
  CurlTransfer(ClientRequest request, HttpClient::Callback done, std::chrono::nanoseconds deadline)
      : request_(std::move(request)), done_(std::move(done)), deadline_(deadline) {}
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  // Sets up the handle. On an error the request cannot be sent.
  Result<CURL*> prepare(const CurlClientOptions& options, std::chrono::nanoseconds now);
  CURL* handle() const { return easy_; }

  void finish(CURLcode code);  // calls back with the answer or what went wrong
  void fail_with(ErrorCode code, std::string_view reason);

 private:
  Result<void> set_headers(const std::string& user_agent);
  Result<void> set_auth(FileSystem& files);
  Result<void> set_tls(FileSystem& files);
  Result<void> set_url();
  void set_method();

  std::string describe(std::string_view reason) const;  // "GET http://h/: reason", without secrets
  Error curl_error(CURLcode code) const;

  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);

  ClientRequest request_;
  HttpClient::Callback done_;
  const std::chrono::nanoseconds deadline_;
  CURL* easy_ = nullptr;
  curl_slist* header_list_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  char error_text_[CURL_ERROR_SIZE] = {};
  ClientResponse response_;
  bool too_long_ = false;
};

}  // namespace vigil::net
