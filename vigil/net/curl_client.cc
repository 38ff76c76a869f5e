#include "vigil/net/curl_client.h"

#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <map>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "vigil/base/clock.h"
#include "vigil/base/mutex.h"
#include "vigil/net/curl_transfer.h"

namespace vigil::net {
namespace {

using std::chrono::nanoseconds;

// libcurl tells through callbacks which sockets to watch and when to wake up;
// epoll watches. All libcurl calls are on thread_.
class CurlClient final : public HttpClient {
 public:
  explicit CurlClient(CurlClientOptions options) : options_(std::move(options)) {
    static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
    VIGIL_CHECK(initialised == CURLE_OK);
    multi_ = curl_multi_init();
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    wakeup_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    VIGIL_CHECK(multi_ != nullptr && epoll_ >= 0 && wakeup_ >= 0);
    epoll_event event{.events = EPOLLIN, .data = {.fd = wakeup_}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_, &event);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.max_idle_connections));
    thread_ = std::thread([this] { run(); });
  }

  ~CurlClient() override {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
    }
    wake();
    thread_.join();
    curl_multi_cleanup(multi_);
    close(epoll_);
    close(wakeup_);
  }

  void send(ClientRequest request, Callback done) override {
    const nanoseconds deadline =
        Clock::system().steady() + std::chrono::milliseconds(std::max<Duration>(request.timeout, 1));
    auto transfer = std::make_unique<CurlTransfer>(std::move(request), std::move(done), deadline);
    std::unique_ptr<CurlTransfer> refused;
    {
      MutexLock lock(mutex_);
      if (stopping_) {
        refused = std::move(transfer);
      } else {
        arrived_.push_back(std::move(transfer));
        if (arrived_.size() > 1) return;  // the thread knows already
      }
    }
    if (refused != nullptr) return refused->fail_with(ErrorCode::kCancelled, "the client is shutting down");
    wake();
  }

 private:
  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(wakeup_, &one, sizeof(one));
  }

  void run() {
    std::array<epoll_event, 64> events;
    while (true) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms());
      int running = 0;
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.fd == wakeup_) {
          std::uint64_t drained = 0;
          [[maybe_unused]] const auto got = read(wakeup_, &drained, sizeof(drained));
          continue;
        }
        int what = 0;
        if ((event.events & (EPOLLIN | EPOLLHUP)) != 0) what |= CURL_CSELECT_IN;
        if ((event.events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
        if ((event.events & EPOLLERR) != 0) what |= CURL_CSELECT_ERR;
        curl_multi_socket_action(multi_, event.data.fd, what, &running);
      }
      if (timer_due_ >= nanoseconds(0) && Clock::system().steady() >= timer_due_) {
        timer_due_ = nanoseconds(-1);
        curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
      }
      collect_finished();
      if (!take_arrived()) break;
      start_waiting();
    }
    cancel_all();
  }

  int wait_ms() const {
    if (timer_due_ < nanoseconds(0)) return -1;
    const auto left = timer_due_ - Clock::system().steady();
    if (left <= nanoseconds(0)) return 0;
    // Rounded up: waking a little early would only spin.
    return static_cast<int>(std::min<std::int64_t>((left.count() + 999'999) / 1'000'000, 60'000));
  }

  bool take_arrived() {
    MutexLock lock(mutex_);
    for (auto& transfer : arrived_) waiting_.push_back(std::move(transfer));
    arrived_.clear();
    return !stopping_;
  }

  void start_waiting() {
    while (!waiting_.empty() && in_flight_.size() < options_.max_in_flight) {
      std::unique_ptr<CurlTransfer> transfer = std::move(waiting_.front());
      waiting_.pop_front();
      const auto prepared = transfer->prepare(options_, Clock::system().steady());
      if (!prepared) {
        transfer->fail_with(prepared.error().code(), prepared.error().message());
        continue;
      }
      curl_multi_add_handle(multi_, *prepared);
      in_flight_.emplace(*prepared, std::move(transfer));
    }
  }

  void collect_finished() {
    int left = 0;
    while (CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      const auto at = in_flight_.find(message->easy_handle);
      std::unique_ptr<CurlTransfer> transfer = std::move(at->second);
      in_flight_.erase(at);
      curl_multi_remove_handle(multi_, transfer->handle());
      transfer->finish(code);
    }
  }

  void cancel_all() {
    for (auto& [handle, transfer] : in_flight_) {
      curl_multi_remove_handle(multi_, handle);
      transfer->fail_with(ErrorCode::kCancelled, "the client is shutting down");
    }
    in_flight_.clear();
    for (auto& transfer : waiting_) transfer->fail_with(ErrorCode::kCancelled, "the client is shutting down");
    waiting_.clear();
  }

  static int on_socket(CURL*, curl_socket_t socket, int what, void* pointer, void* known) {
    auto& self = *static_cast<CurlClient*>(pointer);
    if (what == CURL_POLL_REMOVE) {
      epoll_ctl(self.epoll_, EPOLL_CTL_DEL, socket, nullptr);
      return 0;
    }
    epoll_event event{.events = 0, .data = {.fd = socket}};
    if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
    if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
    if (epoll_ctl(self.epoll_, known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event) != 0) {
      epoll_ctl(self.epoll_, EPOLL_CTL_ADD, socket, &event);
    }
    curl_multi_assign(self.multi_, socket, &self);  // anything but null: it is watched
    return 0;
  }

  static int on_timer(CURLM*, long timeout_ms, void* pointer) {
    auto& self = *static_cast<CurlClient*>(pointer);
    self.timer_due_ =
        timeout_ms < 0 ? nanoseconds(-1) : Clock::system().steady() + std::chrono::milliseconds(timeout_ms);
    return 0;
  }

  const CurlClientOptions options_;
  CURLM* multi_ = nullptr;
  int epoll_ = -1;
  int wakeup_ = -1;

  Mutex mutex_;
  std::vector<std::unique_ptr<CurlTransfer>> arrived_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;

  // thread_'s own.
  std::deque<std::unique_ptr<CurlTransfer>> waiting_;
  std::unordered_map<CURL*, std::unique_ptr<CurlTransfer>> in_flight_;
  nanoseconds timer_due_{-1};

  std::thread thread_;
};

}  // namespace

std::unique_ptr<HttpClient> make_curl_client(CurlClientOptions options) {
  return std::make_unique<CurlClient>(std::move(options));
}

}  // namespace vigil::net
