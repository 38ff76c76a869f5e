#include "vigil/net/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "vigil/base/log.h"
#include "vigil/net/server_metrics.h"
#include "vigil/net/session.h"

namespace vigil::net {
namespace {

using asio::ip::tcp;

constexpr Duration kPeerCheckInterval = 200;
constexpr Duration kAcceptPause = 100;  // after "too many open files"

struct HostPort {
  std::string host;  // "" is every interface
  std::string port;
};

Result<HostPort> split_address(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  const auto bad = [address] {
    return fail(ErrorCode::kInvalidArgument,
                "invalid listen address \"" + std::string(address) + "\", expected host:port, [ipv6]:port or :port");
  };
  if (colon == std::string_view::npos) return bad();
  HostPort out{std::string(address.substr(0, colon)), std::string(address.substr(colon + 1))};
  if (out.host.starts_with('[')) {
    if (!out.host.ends_with(']')) return bad();
    out.host = out.host.substr(1, out.host.size() - 2);
  } else if (out.host.find(':') != std::string::npos) {
    return bad();
  }
  const bool digits = out.port.find_first_not_of("0123456789") == std::string::npos;
  if (out.port.empty() || out.port.size() > 5 || !digits || std::stoi(out.port) > 65535) return bad();
  return out;
}

std::string format_endpoint(const tcp::endpoint& endpoint) {
  asio::ip::address address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return address.is_v6() ? fmt::format("[{}]:{}", address.to_string(), endpoint.port())
                         : fmt::format("{}:{}", address.to_string(), endpoint.port());
}

bool is_loopback(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
  }
  return address.is_loopback();
}

}  // namespace

struct HttpServer::Impl {
  explicit Impl(ServerOptions options)
      : core(std::make_shared<ServerCore>(std::move(options))),
        control(asio::make_strand(core->io)),
        peer_timer(control) {}

  std::shared_ptr<ServerCore> core;
  asio::strand<asio::io_context::executor_type> control;  // acceptors and peer_timer
  std::vector<std::unique_ptr<tcp::acceptor>> acceptors;
  std::vector<std::string> addresses;
  asio::steady_timer peer_timer;
  std::vector<std::thread> threads;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  bool tls = false;
  std::optional<ServerMetrics> metrics;

  Result<void> listen(std::string_view address);
  void accept(tcp::acceptor& acceptor);
  void on_accept(tcp::acceptor& acceptor, error_code error, tcp::socket socket);
  void watch_peers();
  void stop(Duration grace);
};

Result<void> HttpServer::Impl::listen(std::string_view address) {
  VIGIL_TRY(const HostPort host_port, split_address(address));
  const auto refused = [address](const error_code& error) {
    return fail(ErrorCode::kUnavailable, "cannot listen on " + std::string(address) + ": " + error.message());
  };
  error_code error;
  std::vector<tcp::endpoint> endpoints;
  const auto port = static_cast<unsigned short>(std::stoi(host_port.port));
  if (host_port.host.empty()) {
    endpoints.emplace_back(tcp::v6(), port);
  } else {
    tcp::resolver resolver(core->io);
    for (const auto& entry : resolver.resolve(host_port.host, host_port.port, tcp::resolver::passive, error)) {
      endpoints.push_back(entry.endpoint());
    }
    if (error) return refused(error);
    // Of a name with several addresses one is taken, as Go does: IPv4 first.
    std::stable_partition(endpoints.begin(), endpoints.end(),
                          [](const tcp::endpoint& e) { return e.address().is_v4(); });
  }
  auto acceptor = std::make_unique<tcp::acceptor>(control);
  acceptor->open(endpoints[0].protocol(), error);
  if (error && host_port.host.empty()) {  // a machine without IPv6
    endpoints[0] = tcp::endpoint(tcp::v4(), port);
    acceptor->open(endpoints[0].protocol(), error);
  }
  if (!error && endpoints[0].protocol() == tcp::v6()) {
    acceptor->set_option(asio::ip::v6_only(!host_port.host.empty()), error);
  }
  if (!error) acceptor->set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor->bind(endpoints[0], error);
  if (!error) acceptor->listen(asio::socket_base::max_listen_connections, error);
  if (error) return refused(error);
  addresses.push_back(format_endpoint(acceptor->local_endpoint(error)));
  acceptors.push_back(std::move(acceptor));
  return {};
}

void HttpServer::Impl::accept(tcp::acceptor& acceptor) {
  acceptor.async_accept(
      asio::any_io_executor(asio::make_strand(core->io)),
      [this, &acceptor](error_code error, tcp::socket socket) { on_accept(acceptor, error, std::move(socket)); });
}

void HttpServer::Impl::on_accept(tcp::acceptor& acceptor, error_code error, tcp::socket socket) {
  if (core->stopping) return;
  if (error) {
    if (error == asio::error::operation_aborted) return;
    log::warn("net", "cannot accept a connection", {{"error", error.message()}});
    auto pause = std::make_shared<asio::steady_timer>(control, std::chrono::milliseconds(kAcceptPause));
    pause->async_wait([this, &acceptor, pause](error_code) {
      if (!core->stopping) accept(acceptor);
    });
    return;
  }
  ServerStats& stats = core->stats;
  ++stats.connections_accepted;
  const tcp::endpoint remote = socket.remote_endpoint(error);
  if (stats.connections_open >= static_cast<std::int64_t>(core->options.limits.max_connections)) {
    ++stats.connections_refused;
    socket.close(error);
  } else if (!error) {
    socket.set_option(tcp::no_delay(true), error);
    core->security->refresh();
    auto web = core->security->loaded();
    auto transport = web->tls ? make_tls_transport(std::move(socket), web->tls) : make_tcp_transport(std::move(socket));
    auto session = std::make_shared<Session>(core, std::move(transport), std::move(web), format_endpoint(remote),
                                             is_loopback(remote.address()));
    ++stats.connections_open;
    {
      MutexLock lock(core->mutex);
      core->sessions.insert(session);
    }
    session->start();
  }
  accept(acceptor);
}

void HttpServer::Impl::watch_peers() {
  peer_timer.expires_after(std::chrono::milliseconds(kPeerCheckInterval));
  peer_timer.async_wait([this](error_code error) {
    if (error || core->stopping) return;
    if (core->stats.requests_running > 0) {
      MutexLock lock(core->mutex);
      for (const auto& session : core->sessions) session->check_peer();
    }
    watch_peers();
  });
}

void HttpServer::Impl::stop(Duration grace) {
  if (core->stopping.exchange(true)) return;
  asio::post(control, [this] {
    error_code ignored;
    for (const auto& acceptor : acceptors) acceptor->close(ignored);
    peer_timer.cancel();
  });
  const auto each_session = [this](void (Session::*action)()) {
    MutexLock lock(core->mutex);
    for (const auto& session : core->sessions) ((*session).*action)();
  };
  each_session(&Session::drain);
  asio::steady_timer cut(core->io, std::chrono::milliseconds(grace));
  cut.async_wait([each_session](error_code) { each_session(&Session::abort); });
  {
    MutexLock lock(core->mutex);
    while (!core->sessions.empty()) core->no_sessions.wait(core->mutex);
  }
  cut.cancel();
  core->workers.join();
  core->verifier.join();
  work.reset();
  for (std::thread& thread : threads) thread.join();
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() { stop(0); }

Result<std::unique_ptr<HttpServer>> HttpServer::start(ServerOptions options, Handler handler, PolicyFunction policy) {
  auto impl = std::make_unique<Impl>(std::move(options));
  ServerCore& core = *impl->core;
  core.handler = std::move(handler);
  core.policy = std::move(policy);
  FileSystem& files = core.options.file_system != nullptr ? *core.options.file_system : FileSystem::real();
  VIGIL_TRY(core.security, WebSecurity::create(core.options.web_config_file, files, core.options.anonymous_loopback));
  impl->tls = core.security->loaded()->tls != nullptr;
  for (const std::string& address : core.options.listen) VIGIL_TRY_VOID(impl->listen(address));
  if (core.options.registry != nullptr) impl->metrics.emplace(*core.options.registry, core.stats);
  impl->work.emplace(core.io.get_executor());
  asio::post(impl->control, [raw = impl.get()] {
    for (const auto& acceptor : raw->acceptors) raw->accept(*acceptor);
    raw->watch_peers();
  });
  for (int i = 0; i < std::max(1, core.options.io_threads); ++i) {
    impl->threads.emplace_back([core_ptr = impl->core] { core_ptr->io.run(); });
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

std::vector<std::string> HttpServer::addresses() const { return impl_->addresses; }
bool HttpServer::tls() const { return impl_->tls; }
const ServerStats& HttpServer::stats() const { return impl_->core->stats; }
void HttpServer::stop(Duration grace) { impl_->stop(grace); }

}  // namespace vigil::net
