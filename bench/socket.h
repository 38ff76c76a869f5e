// Blocking HTTP/1.1 over one keep-alive connection: the least a load generator
// needs, so that the sender is never the bottleneck.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vigil::bench {

class Connection {
 public:
  // `authority` is "127.0.0.1:9090". Aborts the program when it cannot connect.
  explicit Connection(const std::string& authority);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  struct Answer {
    int status = 0;
    std::string body;
  };
  Answer request(std::string_view method, std::string_view path, std::string_view headers, std::string_view body);
  // GETs a page and drops it; the bytes received. The last request of the connection.
  // Exits the program when the answer is not 200.
  std::size_t drain(std::string_view path);

 private:
  void send_all(std::string_view bytes);
  bool fill();

  std::string authority_;
  int fd_ = -1;
  std::string buffer_;
};

// Splits "http://host:port/path" into authority and path.
struct Url {
  std::string authority;
  std::string path;
};
Url parse_url(const std::string& text);

// Serves GET requests on 127.0.0.1:port with a body made by `page(port)`, one
// epoll loop for all ports, until the process ends.
void serve_pages(int first_port, int count, std::string (*page)(int index));

}  // namespace vigil::bench
