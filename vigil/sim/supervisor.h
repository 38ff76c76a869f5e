// Parent of a simulated network: starts one process per node, tells each where the
// others listen, passes faults on, and takes everybody along when it ends.
//
// Nodes talk to it through a ControlLink. A node that dies, by a fault or by
// anybody's kill, stays down until clear().
#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/mutex.h"
#include "vigil/base/time.h"
#include "vigil/net/message_link.h"

namespace vigil::sim {

struct NodeStatus {
  int node = 0;
  pid_t pid = 0;             // 0: down
  std::string http_address;  // "" until it has said hello
};

struct SupervisorOptions {
  // Program and arguments of every node; "--node N --listen A --control A --parent PID" are added.
  std::vector<std::string> command;
  int nodes = 0;
  std::string host = "127.0.0.1";
  int first_port = 0;  // of /metrics; node N listens on first_port + N - 1; 0: any free ports
  // Called once all nodes are up, on the thread of run().
  std::function<void(const std::vector<NodeStatus>&)> on_ready;
  // A fault to apply by itself, `scenario_delay` after that.
  std::string scenario;
  int scenario_node = 0;
  Duration scenario_delay = 0;
};

// run() and the constructor belong to one thread; the rest is for any thread.
class Supervisor {
 public:
  // Blocks SIGTERM, SIGINT and SIGCHLD for the calling thread and starts the nodes.
  static Result<std::unique_ptr<Supervisor>> start(SupervisorOptions options);
  ~Supervisor();  // ends the nodes
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Until SIGTERM, SIGINT or a stop request; then ends the nodes. An error if a node
  // died before it had said hello.
  Result<void> run(const std::stop_token& stop = {});

  // "node_down" kills the node; any other fault is passed to it.
  void fault(std::string name, int node);
  // Starts what is down and clears the faults of the others.
  void clear();
  std::vector<NodeStatus> nodes() const;

 private:
  struct Node {
    NodeStatus status;
    std::string peer_address;
    net::LinkId link = 0;
    bool greeted = false;  // ever
  };

  explicit Supervisor(SupervisorOptions options);
  Result<void> spawn(Node& node) REQUIRES(mutex_);
  void received(net::LinkId link, std::string_view message);
  void closed(net::LinkId link);
  void end_all();
  Result<void> reap();
  void do_pending();
  Node* find(int node) REQUIRES(mutex_);

  SupervisorOptions options_;
  sigset_t old_mask_{};
  mutable Mutex mutex_;
  std::vector<Node> nodes_ GUARDED_BY(mutex_);
  std::vector<std::function<void()>> pending_ GUARDED_BY(mutex_);  // for the thread of run()
  bool ready_ = false;
  Timestamp scenario_at_ = 0;
  std::unique_ptr<net::MessageHub> hub_;
};

}  // namespace vigil::sim
