#include "vigil/net/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "vigil/base/clock.h"
#include "vigil/net/session.h"

namespace vigil::net {
namespace {

// Statuses whose answers have no body by definition.
bool is_bodyless(int status) { return status == 204 || status == 304 || status < 200; }

// RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date() {
  static constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = Clock::system().now() / kSecond;
  std::tm t{};
  gmtime_r(&now, &t);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[static_cast<std::size_t>(t.tm_wday)], t.tm_mday,
                     kMonths[static_cast<std::size_t>(t.tm_mon)], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

// Compressed already, or not worth it.
bool is_compact_type(std::string_view type) {
  return type.starts_with("image/")
             ? !type.starts_with("image/svg")
             : type.starts_with("font/") || type.starts_with("video/") || type.starts_with("application/zip") ||
                   type.starts_with("application/gzip") || type.starts_with("application/octet-stream");
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// A line break in a value would let it forge headers.
void append_header_value(std::string& out, std::string_view value) {
  for (const char c : value) out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
}

}  // namespace

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 499: return "Client Closed Request";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Status";
  }
}

bool accepts_gzip(std::string_view accept_encoding) {
  bool any = false;
  while (!accept_encoding.empty()) {
    const std::size_t comma = std::min(accept_encoding.find(','), accept_encoding.size());
    const std::string_view item = accept_encoding.substr(0, comma);
    accept_encoding.remove_prefix(std::min(comma + 1, accept_encoding.size()));
    std::string name(trim(item.substr(0, item.find(';'))));
    std::transform(name.begin(), name.end(), name.begin(), lower);
    bool refused = false;
    if (const std::size_t semicolon = item.find(';'); semicolon != std::string_view::npos) {
      const std::string_view weight = trim(item.substr(semicolon + 1));
      // "q=0", "q=0.000": anything with another digit is above zero.
      refused = weight.size() >= 3 && (weight[0] == 'q' || weight[0] == 'Q') && weight[1] == '=' &&
                weight.find_first_not_of("0.", 2) == std::string_view::npos;
    }
    if (name == "gzip" || name == "x-gzip") return !refused;
    if (name == "*") any = !refused;
  }
  return any;
}

AnswerWriter::AnswerWriter(std::shared_ptr<Session> session, AnswerShape shape)
    : session_(std::move(session)), shape_(shape) {}

AnswerWriter::~AnswerWriter() {
  if (state_ == State::kDone) return;
  ++session_->core().stats.handler_failures;
  if (state_ == State::kNew) {
    send(Response::text(500, "Internal Server Error\n"));
  } else {
    session_->abort();  // a stream cut off must not look complete
  }
}

bool AnswerWriter::should_compress(const Response& response) const {
  return !response.headers.has("Content-Encoding") && !is_compact_type(response.headers.get("Content-Type"));
}

std::string AnswerWriter::header_text(const Response& response, std::string_view framing) const {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
  const auto add = [&out](std::string_view name, std::string_view value) {
    append_header_value(out, name);
    out += ": ";
    append_header_value(out, value);
    out += "\r\n";
  };
  for (const auto& [name, value] : response.headers.all()) add(name, value);
  for (const auto& [name, value] : session_->extra_headers()) {
    if (!response.headers.has(name)) add(name, value);
  }
  if (!response.headers.has("Date")) add("Date", http_date());
  if (!shape_.keep_alive) {
    add("Connection", "close");
  } else if (shape_.http10) {
    add("Connection", "keep-alive");
  }
  out += framing;
  out += "\r\n";
  return out;
}

void AnswerWriter::send(Response response) {
  if (state_ != State::kNew) return;
  state_ = State::kDone;
  const bool bodyless = is_bodyless(response.status);
  if (bodyless) response.body.clear();
  if (!bodyless && response.body.size() > session_->core().options.compress_above_bytes && should_compress(response)) {
    response.headers.add("Vary", "Accept-Encoding");
    if (shape_.accepts_gzip) {
      response.headers.set("Content-Encoding", "gzip");
      response.body = gzip_compress(response.body);
    }
  }
  const std::string length = bodyless ? "" : fmt::format("Content-Length: {}\r\n", response.body.size());
  std::string head = header_text(response, length);
  if (shape_.head_only) response.body.clear();
  session_->enqueue(std::move(head), std::move(response.body), true, false);
}

void AnswerWriter::begin(Response head) {
  if (state_ != State::kNew) return;
  state_ = State::kStreaming;
  if (should_compress(head)) {
    head.headers.add("Vary", "Accept-Encoding");
    if (shape_.accepts_gzip) {
      head.headers.set("Content-Encoding", "gzip");
      gzip_ = std::make_unique<GzipStream>();
    }
  }
  // HTTP/1.0 clients read to the end of the connection.
  const std::string_view framing = shape_.http10 ? "" : "Transfer-Encoding: chunked\r\n";
  session_->enqueue(header_text(head, framing), "", false, false);
}

std::string AnswerWriter::framed(std::string_view bytes) const {
  if (bytes.empty()) return {};
  if (shape_.http10) return std::string(bytes);
  std::string out = fmt::format("{:x}\r\n", bytes.size());
  out += bytes;
  out += "\r\n";
  return out;
}

bool AnswerWriter::write(std::string_view chunk) {
  if (state_ != State::kStreaming || shape_.head_only) return false;
  if (chunk.empty()) return true;
  std::string bytes;
  if (gzip_) {
    std::string compressed;
    gzip_->write(chunk, compressed);
    bytes = framed(compressed);
  } else {
    bytes = framed(chunk);
  }
  return session_->enqueue(std::move(bytes), "", false, shape_.may_block);
}

void AnswerWriter::finish() {
  if (state_ != State::kStreaming) return;
  state_ = State::kDone;
  std::string tail;
  if (!shape_.head_only) {
    if (gzip_) {
      std::string compressed;
      gzip_->finish(compressed);
      tail = framed(compressed);
    }
    if (!shape_.http10) tail += "0\r\n\r\n";
  }
  session_->enqueue(std::move(tail), "", true, false);
}

bool AnswerWriter::cancelled() const { return session_->client_gone(); }

std::stop_token AnswerWriter::stop_token() const { return session_->stop_token(); }

}  // namespace vigil::net
