#include "vigil/net/message_link.h"

#include <array>
#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <deque>
#include <map>
#include <thread>
#include <utility>

#include "vigil/base/mutex.h"

namespace vigil::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCodeOf = boost::system::error_code;

constexpr std::size_t kPrefixBytes = 4;

Result<tcp::endpoint> parse_endpoint(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  unsigned port = 0;
  ErrorCodeOf error;
  if (colon != std::string_view::npos) {
    const char* const end = address.data() + address.size();
    const auto parsed = std::from_chars(address.data() + colon + 1, end, port);
    const auto host = asio::ip::make_address(std::string(address.substr(0, colon)), error);
    if (parsed.ec == std::errc() && parsed.ptr == end && port < 65536 && !error) {
      return tcp::endpoint(host, static_cast<unsigned short>(port));
    }
  }
  return fail(ErrorCode::kInvalidArgument, "invalid address \"" + std::string(address) + "\", expected IP:port");
}

Error error_of(const ErrorCodeOf& code) {
  if (code == asio::error::eof || code == asio::error::connection_reset) {
    return {ErrorCode::kUnavailable, "closed by the peer"};
  }
  if (code == asio::error::operation_aborted) return {ErrorCode::kCancelled, "closed"};
  if (code == asio::error::timed_out) return {ErrorCode::kTimeout, "connect: timed out"};
  return {ErrorCode::kUnavailable, code.message()};
}

std::array<unsigned char, kPrefixBytes> prefix_of(std::size_t size) {
  return {static_cast<unsigned char>(size >> 24), static_cast<unsigned char>(size >> 16),
          static_cast<unsigned char>(size >> 8), static_cast<unsigned char>(size)};
}

}  // namespace

// All asio objects are used on the one thread that runs `io`; the map of links is
// guarded because send() wants an answer at once.
struct MessageHub::Impl : std::enable_shared_from_this<MessageHub::Impl> {
  struct Link {
    explicit Link(asio::io_context& io) : socket(io), timer(io) {}
    tcp::socket socket;
    asio::steady_timer timer;
    LinkId id = 0;
    bool open = false;
    bool closed = false;
    std::array<unsigned char, kPrefixBytes> prefix{};
    std::string incoming;
    std::deque<std::string> outgoing;  // the front one is being written
    std::atomic<std::size_t> queued{0};
  };
  using LinkPtr = std::shared_ptr<Link>;

  Impl(MessageHubOptions o, Events e)
      : options(std::move(o)), events(std::move(e)), acceptor(io), work(io.get_executor()) {}

  LinkPtr make_link() EXCLUDES(mutex) {
    auto link = std::make_shared<Link>(io);
    MutexLock lock(mutex);
    link->id = ++last_id;
    links.emplace(link->id, link);
    return link;
  }

  LinkPtr find(LinkId id) EXCLUDES(mutex) {
    MutexLock lock(mutex);
    const auto found = links.find(id);
    return found == links.end() ? nullptr : found->second;
  }

  void accept() {
    acceptor.async_accept([self = shared_from_this()](const ErrorCodeOf& error, tcp::socket socket) {
      if (!self->acceptor.is_open()) return;
      if (error) {
        self->pause_accept();
        return;
      }
      bool full = false;
      {
        MutexLock lock(self->mutex);
        full = self->links.size() >= self->options.max_links;
      }
      if (!full) {
        const LinkPtr link = self->make_link();
        link->socket = std::move(socket);
        self->start(link, true);
      }
      self->accept();
    });
  }

  // Out of descriptors: try again when some may have been closed.
  void pause_accept() {
    retry.expires_after(std::chrono::milliseconds(100));
    retry.async_wait([self = shared_from_this()](const ErrorCodeOf& error) {
      if (!error && self->acceptor.is_open()) self->accept();
    });
  }

  void start(const LinkPtr& link, bool incoming) {
    ErrorCodeOf ignored;
    link->socket.set_option(tcp::no_delay(true), ignored);
    link->open = true;
    if (events.opened) events.opened(link->id, incoming);
    read(link);
    write(link);
  }

  void read(const LinkPtr& link) {
    if (link->closed) return;
    asio::async_read(link->socket, asio::buffer(link->prefix),
                     [self = shared_from_this(), link](const ErrorCodeOf& error, std::size_t) {
                       if (error) return self->end(link, error_of(error));
                       std::size_t size = 0;
                       for (const unsigned char byte : link->prefix) size = size << 8 | byte;
                       if (size > self->options.max_message_bytes) {
                         return self->end(
                             link, Error(ErrorCode::kLimitExceeded,
                                         "a message of " + std::to_string(size) + " bytes is longer than the limit"));
                       }
                       link->incoming.resize(size);
                       self->read_body(link);
                     });
  }

  void read_body(const LinkPtr& link) {
    asio::async_read(link->socket, asio::buffer(link->incoming),
                     [self = shared_from_this(), link](const ErrorCodeOf& error, std::size_t) {
                       if (error) return self->end(link, error_of(error));
                       if (!link->closed && self->events.received) self->events.received(link->id, link->incoming);
                       self->read(link);
                     });
  }

  void queue(const LinkPtr& link, std::string message) {
    if (link->closed) return;
    link->outgoing.push_back(std::move(message));
    if (link->outgoing.size() == 1) write(link);
  }

  void write(const LinkPtr& link) {
    if (!link->open || link->closed || link->outgoing.empty()) return;
    asio::async_write(link->socket, asio::buffer(link->outgoing.front()),
                      [self = shared_from_this(), link](const ErrorCodeOf& error, std::size_t size) {
                        if (error) return self->end(link, error_of(error));
                        link->queued -= size;
                        link->outgoing.pop_front();
                        self->write(link);
                      });
  }

  void connect(const LinkPtr& link, const tcp::endpoint& endpoint) {
    link->timer.expires_after(std::chrono::milliseconds(options.connect_timeout));
    link->timer.async_wait([self = shared_from_this(), link](const ErrorCodeOf& error) {
      if (!error && !link->open) self->end(link, error_of(asio::error::timed_out));
    });
    link->socket.async_connect(endpoint, [self = shared_from_this(), link](const ErrorCodeOf& error) {
      link->timer.cancel();
      if (error) return self->end(link, error_of(error));
      if (!link->closed) self->start(link, false);
    });
  }

  void end(const LinkPtr& link, const Error& why) EXCLUDES(mutex) {
    if (std::exchange(link->closed, true)) return;
    ErrorCodeOf ignored;
    link->timer.cancel();
    link->socket.close(ignored);
    {
      MutexLock lock(mutex);
      links.erase(link->id);
    }
    if (events.closed) events.closed(link->id, why);
  }

  const MessageHubOptions options;
  const Events events;
  asio::io_context io{1};
  tcp::acceptor acceptor;
  asio::steady_timer retry{io};
  asio::executor_work_guard<asio::io_context::executor_type> work;
  std::string address;
  std::thread thread;

  Mutex mutex;
  std::map<LinkId, LinkPtr> links GUARDED_BY(mutex);
  LinkId last_id GUARDED_BY(mutex) = 0;
};

MessageHub::MessageHub(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

MessageHub::~MessageHub() { stop(); }

Result<std::unique_ptr<MessageHub>> MessageHub::start(MessageHubOptions options, Events events) {
  VIGIL_TRY(const tcp::endpoint endpoint, parse_endpoint(options.listen));
  auto impl = std::make_shared<Impl>(std::move(options), std::move(events));
  ErrorCodeOf error;
  impl->acceptor.open(endpoint.protocol(), error);
  if (!error) impl->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) impl->acceptor.bind(endpoint, error);
  if (!error) impl->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return fail(ErrorCode::kIo, "cannot listen on " + impl->options.listen + ": " + error.message());
  const tcp::endpoint bound = impl->acceptor.local_endpoint();
  const std::string host =
      bound.address().is_v6() ? "[" + bound.address().to_string() + "]" : bound.address().to_string();
  impl->address = host + ":" + std::to_string(bound.port());
  impl->accept();
  impl->thread = std::thread([impl = impl.get()] { impl->io.run(); });
  return std::unique_ptr<MessageHub>(new MessageHub(std::move(impl)));
}

std::string MessageHub::address() const { return impl_->address; }

LinkId MessageHub::connect(std::string_view address) {
  const auto link = impl_->make_link();
  auto endpoint = parse_endpoint(address);
  asio::post(impl_->io, [impl = impl_, link, endpoint = std::move(endpoint)] {
    if (link->closed) return;
    if (!endpoint.has_value()) return impl->end(link, endpoint.error());
    impl->connect(link, *endpoint);
  });
  return link->id;
}

bool MessageHub::send(LinkId id, std::string_view message) {
  const auto link = impl_->find(id);
  const std::size_t size = kPrefixBytes + message.size();
  if (link == nullptr || message.size() > impl_->options.max_message_bytes) return false;
  if (link->queued.fetch_add(size) + size > impl_->options.max_queued_bytes) {
    link->queued -= size;
    return false;
  }
  const auto prefix = prefix_of(message.size());
  std::string framed(prefix.begin(), prefix.end());
  framed += message;
  asio::post(impl_->io,
             [impl = impl_, link, framed = std::move(framed)]() mutable { impl->queue(link, std::move(framed)); });
  return true;
}

void MessageHub::close(LinkId id) {
  asio::post(impl_->io, [impl = impl_, id] {
    if (const auto link = impl->find(id)) impl->end(link, Error(ErrorCode::kCancelled, "closed"));
  });
}

void MessageHub::stop() {
  if (!impl_->thread.joinable()) return;
  asio::post(impl_->io, [impl = impl_] {
    ErrorCodeOf ignored;
    impl->acceptor.close(ignored);
    impl->retry.cancel();
    std::map<LinkId, Impl::LinkPtr> all;
    {
      MutexLock lock(impl->mutex);
      all = impl->links;
    }
    for (const auto& [id, link] : all) impl->end(link, Error(ErrorCode::kCancelled, "the hub stops"));
    impl->work.reset();
    impl->io.stop();
  });
  impl_->thread.join();
  // Handlers of what was just closed hold the Impl that holds the queue they wait in: run
  // them, or neither is ever freed. Only what is ready runs; nothing can block here.
  impl_->io.restart();
  impl_->io.poll();
}

}  // namespace vigil::net
