// What a simulated node sees of its network: peers by number, whole messages.
// PeerMesh is the real thing over TCP; MemoryNetwork runs many nodes in one process
// in virtual time.
#pragma once

#include <cstdint>
#include <set>
#include <string_view>

#include "vigil/base/time.h"

namespace vigil::sim {

enum class NetworkError {
  kConnection,  // refused, reset
  kTimeout,     // no answer to a connect, a greeting or pings
  kHandshake,   // a stranger's greeting
};

// What a network tells its node. Calls never overlap.
class NetworkEvents {
 public:
  virtual ~NetworkEvents() = default;
  virtual void peer_up(int peer) = 0;
  virtual void peer_down(int peer) = 0;
  virtual void received(int from, std::string_view message) = 0;
  virtual void network_error(NetworkError error) = 0;
  virtual void round_trip(int peer, double seconds) = 0;
  virtual void traffic(std::uint64_t received_bytes, std::uint64_t sent_bytes) = 0;
};

// Called from the node's own tasks only.
class Network {
 public:
  virtual ~Network() = default;
  // Dropped if the peer is not connected.
  virtual void send(int peer, std::string_view message) = 0;
  virtual const std::set<int>& connected() const = 0;
  // Cuts all links and refuses new ones until called with false.
  virtual void isolate(bool isolated) = 0;
};

}  // namespace vigil::sim
