// A node's line to its Supervisor.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "vigil/base/error.h"
#include "vigil/net/message_link.h"

namespace vigil::sim {

class ControlLink {
 public:
  // Called on a thread of the link.
  struct Events {
    std::function<void(int node, std::string_view address)> peer;
    std::function<void(std::string_view fault)> fault;
    std::function<void()> clear;
    std::function<void()> lost;  // the supervisor is gone
  };

  // Ends the process' life with its parent's, then says hello.
  static Result<std::unique_ptr<ControlLink>> start(std::string_view supervisor, int parent_pid, int node,
                                                    std::string_view peer_address, std::string_view http_address,
                                                    Events events);
  // Thread-safe.
  void report_fault(std::string_view fault, int node);
  void report_clear();

 private:
  ControlLink() = default;
  net::LinkId link_ = 0;
  std::unique_ptr<net::MessageHub> hub_;
};

}  // namespace vigil::sim
