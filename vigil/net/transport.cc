#include "vigil/net/transport.h"

#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

namespace vigil::net {
namespace {

using Socket = asio::ip::tcp::socket;

class TcpTransport final : public Transport {
 public:
  explicit TcpTransport(Socket socket) : socket_(std::move(socket)) {}

  bool encrypted() const override { return false; }
  void handshake(Done done) override { done({}); }
  void read_some(asio::mutable_buffer buffer, SizedDone done) override {
    socket_.async_read_some(buffer, std::move(done));
  }
  void write(const std::vector<asio::const_buffer>& buffers, SizedDone done) override {
    asio::async_write(socket_, buffers, std::move(done));
  }
  void shutdown_send(Done done) override {
    error_code error;
    socket_.shutdown(Socket::shutdown_send, error);
    done(error);
  }
  Socket& socket() override { return socket_; }

 private:
  Socket socket_;
};

class TlsTransport final : public Transport {
 public:
  TlsTransport(Socket socket, const TlsContext& context)
      : context_(up(context)), stream_(std::move(socket), context_) {}

  bool encrypted() const override { return true; }
  void handshake(Done done) override { stream_.async_handshake(asio::ssl::stream_base::server, std::move(done)); }
  void read_some(asio::mutable_buffer buffer, SizedDone done) override {
    stream_.async_read_some(buffer, std::move(done));
  }
  void write(const std::vector<asio::const_buffer>& buffers, SizedDone done) override {
    asio::async_write(stream_, buffers, std::move(done));
  }
  void shutdown_send(Done done) override {
    stream_.async_shutdown([this, done = std::move(done)](error_code) mutable {
      error_code error;
      stream_.next_layer().shutdown(Socket::shutdown_send, error);
      done(error);
    });
  }
  Socket& socket() override { return stream_.next_layer(); }

 private:
  // asio's context owns one reference of its own.
  static asio::ssl::context up(const TlsContext& context) {
    SSL_CTX_up_ref(context.get());
    return asio::ssl::context(context.get());
  }

  asio::ssl::context context_;
  asio::ssl::stream<Socket> stream_;
};

}  // namespace

std::unique_ptr<Transport> make_tcp_transport(Socket socket) {
  return std::make_unique<TcpTransport>(std::move(socket));
}

std::unique_ptr<Transport> make_tls_transport(Socket socket, const TlsContext& context) {
  return std::make_unique<TlsTransport>(std::move(socket), context);
}

}  // namespace vigil::net
