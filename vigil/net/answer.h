// The server's ResponseWriter: turns answers into bytes. Internal to net.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "vigil/net/gzip.h"
#include "vigil/net/http.h"

namespace vigil::net {

class Session;

std::string_view reason_phrase(int status);

// What of the request shapes the bytes of its answer.
struct AnswerShape {
  bool head_only = false;  // HEAD
  bool http10 = false;
  bool keep_alive = true;
  bool accepts_gzip = false;
  bool may_block = true;  // false on the I/O thread
};

// True if the client's Accept-Encoding allows gzip (RFC 9110, 12.5.3).
bool accepts_gzip(std::string_view accept_encoding);

class AnswerWriter final : public ResponseWriter {
 public:
  AnswerWriter(std::shared_ptr<Session> session, AnswerShape shape);
  ~AnswerWriter() override;

  void send(Response response) override;
  void begin(Response head) override;
  bool write(std::string_view chunk) override;
  void finish() override;
  bool cancelled() const override;
  std::stop_token stop_token() const override;

 private:
  enum class State { kNew, kStreaming, kDone };
  bool should_compress(const Response& response) const;
  std::string header_text(const Response& response, std::string_view framing) const;
  std::string framed(std::string_view bytes) const;

  const std::shared_ptr<Session> session_;
  const AnswerShape shape_;
  State state_ = State::kNew;
  std::unique_ptr<GzipStream> gzip_;
};

}  // namespace vigil::net
