#include "bench/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <unordered_map>

namespace vigil::bench {
namespace {

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

sockaddr* generic(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

// The value of a header in `head`, which is lower-cased.
std::string header(const std::string& head, const std::string& name) {
  const std::size_t at = head.find("\r\n" + name + ":");
  if (at == std::string::npos) return "";
  const std::size_t begin = head.find_first_not_of(' ', at + name.size() + 3);
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

}  // namespace

Url parse_url(const std::string& text) {
  const std::size_t start = text.starts_with("http://") ? 7 : 0;
  const std::size_t slash = text.find('/', start);
  if (slash == std::string::npos) return {text.substr(start), ""};
  return {text.substr(start, slash - start), text.substr(slash)};
}

Connection::Connection(const std::string& authority) : authority_(authority) {
  sockaddr_in address = loopback(std::stoi(authority.substr(authority.rfind(':') + 1)));
  fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
  if (fd_ < 0 || ::connect(fd_, generic(address), sizeof address) != 0) die(authority.c_str());
  const int one = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

Connection::~Connection() { ::close(fd_); }

void Connection::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) die("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool Connection::fill() {
  std::array<char, 65536> chunk;
  const ssize_t got = ::recv(fd_, chunk.data(), chunk.size(), 0);
  if (got <= 0) return false;
  buffer_.append(chunk.data(), static_cast<std::size_t>(got));
  return true;
}

Connection::Answer Connection::request(std::string_view method, std::string_view path, std::string_view headers,
                                       std::string_view body) {
  std::string head;
  head.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: ").append(authority_).append("\r\n");
  head.append(headers).append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
  send_all(head);
  send_all(body);
  std::size_t end;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) die("connection closed");
  }
  std::string lower = buffer_.substr(0, end + 2);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  Answer answer;
  answer.status = std::stoi(lower.substr(lower.find(' ') + 1, 3));
  buffer_.erase(0, end + 4);
  if (header(lower, "transfer-encoding").find("chunked") != std::string::npos) {
    while (true) {
      std::size_t line;
      while ((line = buffer_.find("\r\n")) == std::string::npos) {
        if (!fill()) die("connection closed");
      }
      const std::size_t size = std::stoul(buffer_, nullptr, 16);
      while (buffer_.size() < line + 2 + size + 2) {
        if (!fill()) die("connection closed");
      }
      answer.body.append(buffer_, line + 2, size);
      buffer_.erase(0, line + 2 + size + 2);
      if (size == 0) break;
    }
  } else if (const std::string length = header(lower, "content-length"); !length.empty()) {
    const std::size_t size = std::stoul(length);
    while (buffer_.size() < size) {
      if (!fill()) die("connection closed");
    }
    answer.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
  }
  return answer;
}

std::size_t Connection::drain(std::string_view path) {
  std::string head = "GET ";
  head.append(path).append(" HTTP/1.1\r\nHost: ").append(authority_).append("\r\nConnection: close\r\n\r\n");
  send_all(head);
  if (!fill() || buffer_.substr(0, buffer_.find("\r\n")).find(" 200") == std::string::npos) die("GET");
  std::size_t total = 0;
  do {
    total += buffer_.size();
    buffer_.clear();
  } while (fill());
  return total;
}

void serve_pages(int first_port, int count, std::string (*page)(int index)) {
  const int epoll = ::epoll_create1(0);
  std::unordered_map<int, int> listeners;    // fd -> index
  std::unordered_map<int, int> connections;  // fd -> index
  std::unordered_map<int, std::string> pending;
  const auto watch = [epoll](int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  };
  for (int i = 0; i < count; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    const int one = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    sockaddr_in address = loopback(first_port + i);
    if (::bind(fd, generic(address), sizeof address) != 0 || ::listen(fd, 64) != 0) die("listen");
    listeners[fd] = i;
    watch(fd);
  }
  std::array<epoll_event, 256> events;
  while (true) {
    const int ready = ::epoll_wait(epoll, events.data(), events.size(), -1);
    for (int i = 0; i < ready; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (const auto found = listeners.find(fd); found != listeners.end()) {
        const int accepted = ::accept(fd, nullptr, nullptr);
        if (accepted < 0) continue;
        connections[accepted] = found->second;
        watch(accepted);
        continue;
      }
      std::array<char, 8192> chunk;
      const ssize_t got = ::recv(fd, chunk.data(), chunk.size(), 0);
      if (got <= 0) {
        ::close(fd);
        connections.erase(fd);
        pending.erase(fd);
        continue;
      }
      std::string& input = pending[fd];
      input.append(chunk.data(), static_cast<std::size_t>(got));
      while (input.find("\r\n\r\n") != std::string::npos) {
        input.erase(0, input.find("\r\n\r\n") + 4);
        const std::string body = page(connections[fd]);
        std::string answer =
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body;
        std::string_view left = answer;
        while (!left.empty()) {
          const ssize_t sent = ::send(fd, left.data(), left.size(), MSG_NOSIGNAL);
          if (sent <= 0) break;
          left.remove_prefix(static_cast<std::size_t>(sent));
        }
      }
    }
  }
}

}  // namespace vigil::bench
