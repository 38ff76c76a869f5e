// One accepted connection as bytes: TCP, or TLS over it. Internal to net; keeps
// the TLS templates out of everything else.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "vigil/net/tls_context.h"

namespace vigil::net {

namespace asio = boost::asio;
using boost::system::error_code;

// Not thread-safe: used on the strand of its socket, where the callbacks run too. At
// most one read and one write at a time; buffers live until the callback.
class Transport {
 public:
  using Done = std::move_only_function<void(error_code)>;
  using SizedDone = std::move_only_function<void(error_code, std::size_t)>;

  virtual ~Transport() = default;
  virtual bool encrypted() const = 0;
  virtual void handshake(Done done) = 0;
  virtual void read_some(asio::mutable_buffer buffer, SizedDone done) = 0;
  virtual void write(const std::vector<asio::const_buffer>& buffers, SizedDone done) = 0;  // all of them
  virtual void shutdown_send(Done done) = 0;
  virtual asio::ip::tcp::socket& socket() = 0;
};

std::unique_ptr<Transport> make_tcp_transport(asio::ip::tcp::socket socket);
std::unique_ptr<Transport> make_tls_transport(asio::ip::tcp::socket socket, const TlsContext& context);

}  // namespace vigil::net
