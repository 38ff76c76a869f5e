#include "vigil/net/session.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <exception>
#include <utility>

#include "vigil/base/log.h"
#include "vigil/net/answer.h"
#include "vigil/net/gzip.h"
#include "vigil/net/url.h"

namespace vigil::net {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kReadBytes = 16U << 10;  // while reading a header
constexpr std::size_t kBodyReadBytes = 64U << 10;
constexpr std::size_t kWriteBytes = 64U << 10;       // between two write deadlines
constexpr std::size_t kMaxQueuedBytes = 256U << 10;  // a streaming handler waits above this
// What is still read after an early answer, so that closing does not reset the
// connection before the client has read it.
constexpr std::size_t kMaxDiscardedBytes = 1U << 20;
constexpr Duration kLingerTimeout = 2 * kSecond;
constexpr int kMaxVerifications = 64;  // waiting bcrypt checks
// What a proxy adds to the requests it passes on.
constexpr std::array kForwardingHeaders{"Forwarded", "Via", "X-Forwarded-For", "X-Real-IP"};

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

// "GET http://host/path" (as to a proxy) is the same as "GET /path".
std::string_view origin_form(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const std::size_t slash = target.find('/', scheme.size());
    return slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  return target;
}

bool equals_without_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? x + 32 : x) == (y >= 'A' && y <= 'Z' ? y + 32 : y);
         });
}

}  // namespace

Session::Session(std::shared_ptr<ServerCore> core, std::unique_ptr<Transport> transport,
                 std::shared_ptr<const WebSecurity::Loaded> web, std::string remote, bool loopback)
    : core_(std::move(core)),
      transport_(std::move(transport)),
      web_(std::move(web)),
      remote_(std::move(remote)),
      loopback_(loopback),
      timer_(transport_->socket().get_executor()) {}

void Session::start() {
  asio::post(timer_.get_executor(), [self = shared_from_this()] {
    if (self->core_->stopping) return self->close();
    if (!self->transport_->encrypted()) return self->read_request();
    self->deadline(self->core_->options.limits.header_timeout);
    self->transport_->handshake([self](error_code error) {
      if (!error) return self->read_request();
      ++self->core_->stats.tls_failures;
      self->close();
    });
  });
}

void Session::drain() {
  asio::post(timer_.get_executor(), [self = shared_from_this()] {
    self->keep_alive_ = false;
    const bool busy =
        self->phase_ == Phase::kHeader || self->phase_ == Phase::kBody || self->phase_ == Phase::kHandling;
    if (!busy) self->close();
  });
}

void Session::abort() {
  asio::post(timer_.get_executor(), [self = shared_from_this()] { self->close(); });
}

std::stop_token Session::stop_token() {
  MutexLock lock(mutex_);
  return stop_.get_token();
}

void Session::check_peer() {
  asio::post(timer_.get_executor(), [self = shared_from_this()] {
    if (self->phase_ != Phase::kHandling || self->gone_) return;
    pollfd watched{.fd = self->transport_->socket().native_handle(), .events = POLLRDHUP, .revents = 0};
    if (poll(&watched, 1, 0) <= 0 || (watched.revents & (POLLRDHUP | POLLHUP | POLLERR)) == 0) return;
    // It may only have closed its sending side and still read, so the answer is sent
    // if it comes; but as in Go's server that is enough to stop long work.
    self->gone_ = true;
    ++self->core_->stats.cancelled;
    std::stop_source stop;
    {
      MutexLock lock(self->mutex_);
      stop = self->stop_;
    }
    stop.request_stop();
  });
}

void Session::read_request() {
  if (core_->stopping) return close();
  const ServerLimits& limits = core_->options.limits;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(limits.max_header_bytes));
  parser_->body_limit(boost::none);  // RequestBody's own limit counts
  parser_->eager(false);
  head_.reset();
  if (buffer_.size() > 0) {  // the next request came with the last one
    phase_ = Phase::kHeader;
    deadline(limits.header_timeout);
    return parse();
  }
  phase_ = Phase::kIdle;
  buffer_.shrink_to_fit();
  deadline(limits.idle_timeout);
  read_more();
}

void Session::read_more() {
  const auto room = buffer_.prepare(phase_ == Phase::kBody ? kBodyReadBytes : kReadBytes);
  transport_->read_some(
      room, [self = shared_from_this()](error_code error, std::size_t size) { self->on_read(error, size); });
}

void Session::on_read(error_code error, std::size_t size) {
  if (timed_out_) {
    ++core_->stats.read_timeouts;
    return respond(408,
                   phase_ == Phase::kBody ? "the request body took too long\n" : "the request header took too long\n");
  }
  if (error || phase_ == Phase::kClosed) return close();
  core_->stats.bytes_received += size;
  buffer_.commit(size);
  if (phase_ == Phase::kIdle) {
    phase_ = Phase::kHeader;
    deadline(core_->options.limits.header_timeout);
  }
  parse();
}

void Session::parse() {
  while (buffer_.size() > 0 && !parser_->is_done()) {
    error_code error;
    const std::size_t used = parser_->put(buffer_.data(), error);
    buffer_.consume(used);
    if (error == http::error::need_more) break;
    if (error) {
      const RequestBody::value_type& body = parser_->get().body();
      if (error == http::error::header_limit) {
        ++core_->stats.headers_too_large;
        return respond(
            431, fmt::format("the request header is longer than {} bytes\n", core_->options.limits.max_header_bytes));
      }
      if (body.too_large) {
        ++core_->stats.bodies_too_large;
        return respond(413, fmt::format("the request body is longer than {} bytes\n", body.limit));
      }
      if (body.over_budget) {
        ++core_->stats.bodies_refused;
        Headers headers;
        headers.set("Retry-After", "5");
        return respond(503, "too many request bodies at the same time, try again later\n", headers);
      }
      ++core_->stats.bad_requests;
      return respond(400, "malformed HTTP request\n");
    }
    if (phase_ == Phase::kHeader && parser_->is_header_done()) return on_header();
    if (used == 0) break;
  }
  if (parser_->is_done()) return dispatch();
  read_more();
}

bool Session::build_head() {
  const auto& message = parser_->get();
  const auto bad = [this](std::string text) {
    ++core_->stats.bad_requests;
    respond(400, std::move(text));
    return false;
  };
  if (message.version() != 10 && message.version() != 11) {
    ++core_->stats.bad_requests;
    respond(505, "only HTTP/1.0 and HTTP/1.1 are spoken here\n");
    return false;
  }
  head_ = std::make_shared<Request>();
  head_->method = std::string(view(message.method_string()));
  head_->target = std::string(origin_form(view(message.target())));
  head_->remote = remote_;
  for (const auto& field : message) head_->headers.add(view(field.name_string()), view(field.value()));
  if (message.version() == 11 && message.count(http::field::host) != 1)
    return bad("exactly one Host header is needed\n");
  if (!head_->target.starts_with('/') && head_->target != "*") return bad("the request target must be a path\n");

  const std::string_view target = head_->target;
  const std::size_t question = target.find('?');
  auto path = percent_decode(target.substr(0, question), false);
  if (!path) return bad(path.error().message() + "\n");
  head_->path = *std::move(path);
  if (question != std::string_view::npos) {
    auto query = Params::parse(target.substr(question + 1));
    if (!query) return bad(query.error().message() + "\n");
    head_->query = *std::move(query);
  }
  return true;
}

void Session::on_header() {
  ++core_->stats.requests;
  keep_alive_ = parser_->keep_alive() && !core_->stopping;
  if (build_head()) authorize();
}

void Session::authorize() {
  core_->security->refresh();
  const std::string authorization(head_->headers.get("Authorization"));
  const auto refuse = [](Session& self) {
    ++self.core_->stats.unauthorized;
    Headers headers;
    headers.set("WWW-Authenticate", "Basic");
    self.respond(401, "Unauthorized\n", headers);
  };
  // What a proxy on this machine passes on comes from somewhere else.
  const bool forwarded =
      std::ranges::any_of(kForwardingHeaders, [&](const char* name) { return head_->headers.has(name); });
  switch (core_->security->check(authorization, loopback_ && !forwarded, head_->user)) {
    case WebSecurity::Verdict::kAllow: return accept_body();
    case WebSecurity::Verdict::kDeny: return refuse(*this);
    case WebSecurity::Verdict::kVerify: break;
  }
  if (core_->verifications.fetch_add(1) >= kMaxVerifications) {
    --core_->verifications;
    Headers headers;
    headers.set("Retry-After", "5");
    return respond(503, "too many logins at the same time, try again later\n", headers);
  }
  clear_deadline();  // the wait is ours, not the client's
  asio::post(core_->verifier, [self = shared_from_this(), authorization, refuse] {
    std::string user;
    const bool good = self->core_->security->verify(authorization, user);
    --self->core_->verifications;
    asio::post(self->timer_.get_executor(), [self, good, user = std::move(user), refuse]() mutable {
      if (self->phase_ == Phase::kClosed) return;
      if (!good) return refuse(*self);
      self->head_->user = std::move(user);
      self->accept_body();
    });
  });
}

void Session::accept_body() {
  const ServerLimits& limits = core_->options.limits;
  policy_ = core_->policy ? core_->policy(*head_) : RequestPolicy();
  if (policy_.max_body_bytes == 0) policy_.max_body_bytes = limits.max_body_bytes;
  RequestBody::value_type& body = parser_->get().body();
  body.limit = policy_.max_body_bytes;
  body.share = BudgetShare(&core_->body_bytes_held, limits.max_bodies_bytes);
  const auto length = parser_->content_length();
  if (length && *length > policy_.max_body_bytes) {
    ++core_->stats.bodies_too_large;
    return respond(413, fmt::format("the request body is longer than {} bytes\n", policy_.max_body_bytes));
  }
  phase_ = Phase::kBody;
  parser_->eager(true);
  deadline(limits.body_timeout);

  const std::string_view expect = head_->headers.get("Expect");
  const bool body_follows = parser_->chunked() || (length && *length > 0);
  if (expect.empty() || !body_follows) return parse();
  if (!equals_without_case(expect, "100-continue")) return respond(417, "unknown expectation\n");
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  transport_->write({asio::buffer(kContinue.data(), kContinue.size())},
                    [self = shared_from_this()](error_code error, std::size_t) {
                      if (self->timed_out_ || error) return self->close();
                      self->parse();
                    });
}

void Session::dispatch() {
  clear_deadline();
  phase_ = Phase::kHandling;
  const AnswerShape shape{.head_only = head_->method == "HEAD",
                          .http10 = parser_->get().version() == 10,
                          .keep_alive = keep_alive_,
                          .accepts_gzip = accepts_gzip(head_->headers.get("Accept-Encoding")),
                          .may_block = !policy_.quick};
  ++core_->stats.requests_running;
  {
    MutexLock lock(mutex_);
    stop_ = std::stop_source();
  }
  RequestBody::value_type& body = parser_->get().body();
  head_->body = std::move(body.text);
  auto share = std::make_shared<BudgetShare>(std::move(body.share));
  std::shared_ptr<Request> request = std::move(head_);
  if (policy_.quick) return run_handler(request, share, policy_.max_body_bytes, shape);
  asio::post(core_->workers,
             [self = shared_from_this(), request = std::move(request), share = std::move(share),
              limit = policy_.max_body_bytes, shape] { self->run_handler(request, share, limit, shape); });
}

// On a worker, or on the strand for quick routes: touches nothing the strand owns.
void Session::run_handler(const std::shared_ptr<Request>& request, const std::shared_ptr<BudgetShare>& share,
                          std::uint64_t max_body_bytes, const AnswerShape& shape) {
  auto writer = std::make_unique<AnswerWriter>(shared_from_this(), shape);
  if (equals_without_case(request->headers.get("Content-Encoding"), "gzip")) {
    auto decoded = gzip_decompress(request->body, max_body_bytes);
    if (!decoded) {
      const bool too_large = decoded.error().code() == ErrorCode::kLimitExceeded;
      ++(too_large ? core_->stats.bodies_too_large : core_->stats.bad_requests);
      return writer->send(Response::text(too_large ? 413 : 400, decoded.error().message() + "\n"));
    }
    if (!share->take(decoded->size())) {
      ++core_->stats.bodies_refused;
      return writer->send(Response::text(503, "too many request bodies at the same time, try again later\n"));
    }
    request->body = *std::move(decoded);
    Headers without_encoding;
    for (const auto& [name, value] : request->headers.all()) {
      if (!equals_without_case(name, "Content-Encoding")) without_encoding.add(name, value);
    }
    request->headers = std::move(without_encoding);
  }
  try {
    core_->handler(*request, std::move(writer));
  } catch (const std::exception& e) {
    log::error("net", "a request handler threw", {{"path", request->path}, {"error", e.what()}});
  }
}

void Session::respond(int status, std::string text, const Headers& headers) {
  clear_deadline();
  timed_out_ = false;
  keep_alive_ = false;
  phase_ = Phase::kHandling;
  ++core_->stats.requests_running;
  Response response = Response::text(status, std::move(text));
  for (const auto& [name, value] : headers.all()) response.headers.set(name, value);
  const bool head_only = head_ != nullptr && head_->method == "HEAD";
  AnswerWriter(shared_from_this(), {.head_only = head_only, .keep_alive = false, .may_block = false})
      .send(std::move(response));
}

bool Session::enqueue(std::string head, std::string body, bool last, bool block) {
  MutexLock lock(mutex_);
  if (block && !broken_ && queued_bytes_ > kMaxQueuedBytes) {
    // A worker that waits for a slow client is lost to everyone else: half of them may.
    const int blocked = core_->blocked_writers.fetch_add(1) + 1;
    if (blocked * 2 > std::max(2, core_->options.worker_threads)) {
      --core_->blocked_writers;
      ++core_->stats.slow_clients_cut;
      abort();
      return false;
    }
    while (!broken_ && queued_bytes_ > kMaxQueuedBytes) drained_.wait(mutex_);
    --core_->blocked_writers;
  }
  if (broken_) return false;
  for (std::string* piece : {&head, &body}) {
    if (piece->empty()) continue;
    queued_bytes_ += piece->size();
    queue_.push_back(std::move(*piece));
  }
  answer_complete_ = last;
  if (!pumping_) {
    pumping_ = true;
    asio::post(timer_.get_executor(), [self = shared_from_this()] { self->pump(); });
  }
  return true;
}

void Session::pump() {
  std::vector<asio::const_buffer> buffers;
  bool complete = false;
  {
    MutexLock lock(mutex_);
    if (broken_) return;
    std::size_t total = 0;
    for (std::size_t i = 0; i < queue_.size() && total < kWriteBytes; ++i) {
      const std::size_t skip = i == 0 ? front_sent_ : 0;
      const std::size_t size = std::min(queue_[i].size() - skip, kWriteBytes - total);
      buffers.emplace_back(queue_[i].data() + skip, size);
      total += size;
    }
    if (buffers.empty()) {
      pumping_ = false;
      complete = std::exchange(answer_complete_, false);
    }
  }
  if (buffers.empty()) {
    clear_deadline();
    if (complete) finish_answer();
    return;
  }
  deadline(core_->options.limits.write_timeout);
  transport_->write(buffers,
                    [self = shared_from_this()](error_code error, std::size_t size) { self->on_written(error, size); });
}

void Session::on_written(error_code error, std::size_t size) {
  if (timed_out_) ++core_->stats.write_timeouts;
  if (error || timed_out_) return close();
  core_->stats.bytes_sent += size;
  {
    MutexLock lock(mutex_);
    queued_bytes_ -= size;
    front_sent_ += size;
    while (!queue_.empty() && front_sent_ >= queue_.front().size()) {
      front_sent_ -= queue_.front().size();
      queue_.pop_front();
    }
    drained_.notify_all();
  }
  pump();
}

void Session::finish_answer() {
  if (phase_ != Phase::kHandling) return;
  --core_->stats.requests_running;
  if (keep_alive_ && !core_->stopping && !gone_) return read_request();
  // With nothing left unread closing sends the rest of the answer, then FIN.
  const bool all_read = parser_->is_done() && buffer_.size() == 0;
  if (core_->stopping || (all_read && !transport_->encrypted())) return close();
  linger();
}

void Session::linger() {
  phase_ = Phase::kLinger;
  deadline(kLingerTimeout);
  transport_->shutdown_send([self = shared_from_this()](error_code error) {
    if (error || self->phase_ != Phase::kLinger) return self->close();
    self->read_and_discard();
  });
}

void Session::read_and_discard() {
  buffer_.clear();
  transport_->socket().async_read_some(buffer_.prepare(kBodyReadBytes),
                                       [self = shared_from_this()](error_code error, std::size_t size) {
                                         self->discarded_ += size;
                                         if (error || self->discarded_ > kMaxDiscardedBytes || self->core_->stopping)
                                           return self->close();
                                         self->read_and_discard();
                                       });
}

void Session::close() {
  if (phase_ == Phase::kClosed) return;
  const bool was_handling = phase_ == Phase::kHandling;
  phase_ = Phase::kClosed;
  clear_deadline();
  error_code ignored;
  transport_->socket().close(ignored);
  std::stop_source stop;
  {
    MutexLock lock(mutex_);
    broken_ = true;
    queue_.clear();
    stop = stop_;
    drained_.notify_all();
  }
  if (was_handling) {
    --core_->stats.requests_running;
    if (!gone_.exchange(true)) ++core_->stats.cancelled;
    stop.request_stop();
  }
  --core_->stats.connections_open;
  MutexLock lock(core_->mutex);
  core_->sessions.erase(shared_from_this());
  if (core_->sessions.empty()) core_->no_sessions.notify_all();
}

void Session::deadline(Duration timeout) {
  timed_out_ = false;
  const std::uint64_t generation = ++timer_generation_;
  timer_.expires_after(std::chrono::milliseconds(timeout));
  timer_.async_wait([self = shared_from_this(), generation](error_code error) {
    if (!error && generation == self->timer_generation_) self->on_deadline();
  });
}

void Session::clear_deadline() {
  ++timer_generation_;
  timer_.cancel();
}

void Session::on_deadline() {
  if (phase_ == Phase::kHandshake) ++core_->stats.tls_failures;
  if (phase_ == Phase::kHandshake || phase_ == Phase::kIdle || phase_ == Phase::kLinger) return close();
  // The pending read or write ends with an error and sees why.
  timed_out_ = true;
  error_code ignored;
  transport_->socket().cancel(ignored);
}

}  // namespace vigil::net
