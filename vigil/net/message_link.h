// Whole messages between peers over TCP: each is four bytes of length (big endian)
// and that many bytes. For simulated networks, whose nodes talk as real processes do.
// No authentication: loopback and tests only.
//
// Thread-safety: all members from any thread. Events run on the hub's own thread, one
// at a time, and must not block; they may call every member but stop().
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "vigil/base/error.h"
#include "vigil/base/time.h"

namespace vigil::net {

using LinkId = std::uint64_t;

struct MessageHubOptions {
  std::string listen = "127.0.0.1:0";        // host:port, port 0 picks a free one
  std::size_t max_message_bytes = 1U << 20;  // a longer one ends its link
  std::size_t max_queued_bytes = 8U << 20;   // unsent, per link; then send() refuses
  std::size_t max_links = 256;               // further incoming ones are closed at once
  Duration connect_timeout = 2 * kSecond;
};

class MessageHub {
 public:
  struct Events {
    std::function<void(LinkId, bool incoming)> opened;
    std::function<void(LinkId, std::string_view message)> received;
    // Once per link, also for a connect() that failed. Nothing follows for that link.
    std::function<void(LinkId, const Error& why)> closed;
  };

  static Result<std::unique_ptr<MessageHub>> start(MessageHubOptions options, Events events);
  ~MessageHub();  // stop()
  MessageHub(const MessageHub&) = delete;
  MessageHub& operator=(const MessageHub&) = delete;

  std::string address() const;  // "127.0.0.1:40123"

  // Starts to connect; opened() or closed() tells how it went.
  LinkId connect(std::string_view address);
  // False if the link is unknown, closed or has too much unsent.
  bool send(LinkId link, std::string_view message);
  // Sends what is queued no further; closed() follows.
  void close(LinkId link);

  // Closes everything and joins the thread; no event runs afterwards. Idempotent.
  void stop();

 private:
  struct Impl;
  explicit MessageHub(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace vigil::net
