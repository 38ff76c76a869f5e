// A full mesh of peers over TCP: dials, greets, pings, notices silence, dials again.
// A stopped process looks as it would in a real network: connected to the kernel,
// dead to its peers.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "vigil/base/error.h"
#include "vigil/base/scheduler.h"
#include "vigil/net/message_link.h"
#include "vigil/sim/network.h"
#include "vigil/sim/tasks.h"

namespace vigil::sim {

struct PeerMeshOptions {
  int self = 0;
  std::string cluster;  // a greeting from another cluster is refused
  std::string listen = "127.0.0.1:0";
  Duration tick = 200;
  Duration ping_interval = 1 * kSecond;
  Duration silence = 5 * kSecond;  // without a word: the peer is down
  Duration greeting_timeout = 3 * kSecond;
  Duration redial = 1 * kSecond;
};

// Thread-safety: all members on tasks of the scheduler that never overlap with each
// other (one worker), or before the first of them. Events arrive on such tasks.
class PeerMesh final : public Network {
 public:
  static Result<std::unique_ptr<PeerMesh>> start(PeerMeshOptions options, Scheduler& scheduler, NetworkEvents& events);
  ~PeerMesh() override;

  std::string address() const;
  // Where a peer listens now; a new address drops the link to the old one.
  void set_peer(int peer, std::string_view address);

  void send(int peer, std::string_view message) override;
  const std::set<int>& connected() const override { return connected_; }
  void isolate(bool isolated) override;

 private:
  struct Link {
    int peer = 0;  // 0: has not greeted yet
    bool outgoing = false;
    bool open = false;
    Timestamp since = 0;
    Timestamp heard = 0;
    Timestamp pinged = 0;
  };
  struct Peer {
    std::string address;
    net::LinkId dialled = 0;  // link being dialled or in use
    net::LinkId link = 0;     // link in use, 0: down
    Timestamp next_dial = 0;
  };

  PeerMesh(PeerMeshOptions options, Scheduler& scheduler, NetworkEvents& events);
  Result<void> listen();
  void tick();
  void dial(int id, Peer& peer, Timestamp now);
  void opened(net::LinkId id, bool incoming);
  void received(net::LinkId id, std::string_view frame);
  void closed(net::LinkId id, const Error& why);
  void greet(net::LinkId id, Link& link, std::string_view text);
  void drop(net::LinkId id);
  bool put(net::LinkId id, std::string_view frame);

  const PeerMeshOptions options_;
  NetworkEvents& events_;
  std::map<net::LinkId, Link> links_;
  std::map<int, Peer> peers_;
  std::set<int> connected_;
  bool isolated_ = false;
  TaskScope tasks_;
  std::unique_ptr<net::MessageHub> hub_;
};

}  // namespace vigil::sim
