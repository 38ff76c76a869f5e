// One connection: reads requests, runs handlers, writes answers. Internal to net.
#pragma once

#include <algorithm>
#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_set>
#include <vector>

#include "vigil/base/mutex.h"
#include "vigil/net/answer.h"
#include "vigil/net/http.h"
#include "vigil/net/request_body.h"
#include "vigil/net/server.h"
#include "vigil/net/transport.h"
#include "vigil/net/web_security.h"

namespace vigil::net {

class Session;

// What all connections of a server share.
struct ServerCore {
  ServerOptions options;
  Handler handler;
  PolicyFunction policy;
  std::unique_ptr<WebSecurity> security;
  ServerStats stats;
  std::atomic<std::uint64_t> body_bytes_held{0};
  std::atomic<bool> stopping{false};
  std::atomic<int> verifications{0};    // queued or running on `verifier`
  std::atomic<int> blocked_writers{0};  // workers waiting for a slow client

  asio::io_context io;
  asio::thread_pool workers;
  asio::thread_pool verifier;  // bcrypt: one thread, so that guessing passwords cannot take the workers

  Mutex mutex;
  CondVar no_sessions;
  std::unordered_set<std::shared_ptr<Session>> sessions GUARDED_BY(mutex);

  explicit ServerCore(ServerOptions given)
      : options(std::move(given)),
        workers(static_cast<std::size_t>(std::max(1, options.worker_threads))),
        verifier(1) {}
};

// Threads: the private part runs on the strand of the socket. The parts that writers
// call, from any thread, are under mutex_.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<ServerCore> core, std::unique_ptr<Transport> transport,
          std::shared_ptr<const WebSecurity::Loaded> web, std::string remote, bool loopback);

  // Any thread.
  void start();
  void drain();       // close as soon as no request is running
  void abort();       // close now
  void check_peer();  // notice a client that has left

  // For writers, any thread: queues bytes of the answer; `last` completes it. False if the
  // connection is gone. `block` waits until most of what is queued has been sent.
  bool enqueue(std::string head, std::string body, bool last, bool block);
  bool client_gone() const { return gone_.load(std::memory_order_relaxed); }
  std::stop_token stop_token();
  ServerCore& core() { return *core_; }
  const std::vector<std::pair<std::string, std::string>>& extra_headers() const { return web_->config.headers; }

 private:
  enum class Phase { kHandshake, kIdle, kHeader, kBody, kHandling, kLinger, kClosed };
  using Parser = boost::beast::http::request_parser<RequestBody>;

  void read_request();
  void read_more();
  void on_read(error_code error, std::size_t size);
  void parse();
  void on_header();
  bool build_head();  // false: answered with an error
  void authorize();
  void accept_body();
  void dispatch();
  void run_handler(const std::shared_ptr<Request>& request, const std::shared_ptr<BudgetShare>& share,
                   std::uint64_t max_body_bytes, const AnswerShape& shape);

  void respond(int status, std::string text, const Headers& headers = {});  // before any handler; closes
  void pump();
  void on_written(error_code error, std::size_t size);
  void finish_answer();
  void linger();
  void read_and_discard();
  void close();

  void deadline(Duration timeout);
  void clear_deadline();
  void on_deadline();

  const std::shared_ptr<ServerCore> core_;
  const std::unique_ptr<Transport> transport_;
  const std::shared_ptr<const WebSecurity::Loaded> web_;
  const std::string remote_;
  const bool loopback_;

  asio::steady_timer timer_;
  std::uint64_t timer_generation_ = 0;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::shared_ptr<Request> head_;
  RequestPolicy policy_;
  Phase phase_ = Phase::kHandshake;
  bool timed_out_ = false;
  bool keep_alive_ = false;
  std::size_t discarded_ = 0;

  std::atomic<bool> gone_{false};
  Mutex mutex_;
  CondVar drained_;
  std::deque<std::string> queue_ GUARDED_BY(mutex_);
  std::size_t front_sent_ GUARDED_BY(mutex_) = 0;  // bytes of queue_.front()
  std::size_t queued_bytes_ GUARDED_BY(mutex_) = 0;
  bool pumping_ GUARDED_BY(mutex_) = false;
  bool answer_complete_ GUARDED_BY(mutex_) = false;
  bool broken_ GUARDED_BY(mutex_) = false;
  std::stop_source stop_ GUARDED_BY(mutex_);
};

}  // namespace vigil::net
