#include "vigil/sim/memory_network.h"

#include <algorithm>
#include <utility>

namespace vigil::sim {

class MemoryNetwork::Endpoint final : public Network {
 public:
  Endpoint(MemoryNetwork& network, int id) : network_(network), id_(id) {}

  void send(int peer, std::string_view message) override {
    if (!connected_.contains(peer)) return;
    Endpoint& target = *network_.endpoints_.at(peer);
    events_->traffic(0, message.size());
    network_.tasks_.after(network_.latency_, [this, &target, life = target.life_, text = std::string(message)] {
      if (target.events_ == nullptr || target.life_ != life || !target.connected_.contains(id_)) return;
      target.events_->traffic(text.size(), 0);
      target.events_->received(id_, text);
    });
  }
  const std::set<int>& connected() const override { return connected_; }
  void isolate(bool isolated) override {
    isolated_ = isolated;
    if (!isolated) return network_.connect_all();
    for (const int peer : std::set<int>(connected_)) network_.cut(id_, peer);
  }

  bool present() const { return events_ != nullptr && !isolated_; }

  MemoryNetwork& network_;
  const int id_;
  NetworkEvents* events_ = nullptr;
  std::set<int> connected_;
  bool isolated_ = false;
  int life_ = 0;  // counts joins, so that no message reaches a later life
};

MemoryNetwork::MemoryNetwork(Scheduler& scheduler, Duration latency) : latency_(latency), tasks_(scheduler) {}
MemoryNetwork::~MemoryNetwork() = default;

Network& MemoryNetwork::endpoint(int id) {
  auto& endpoint = endpoints_[id];
  if (endpoint == nullptr) endpoint = std::make_unique<Endpoint>(*this, id);
  return *endpoint;
}

void MemoryNetwork::join(int id, NetworkEvents& events) {
  endpoint(id);
  Endpoint& joined = *endpoints_.at(id);
  joined.events_ = &events;
  joined.isolated_ = false;
  ++joined.life_;
  connect_all();
}

void MemoryNetwork::leave(int id) {
  Endpoint& gone = *endpoints_.at(id);
  gone.events_ = nullptr;
  for (const int peer : std::set<int>(gone.connected_)) cut(id, peer);
}

void MemoryNetwork::block(int a, int b, bool blocked) {
  const std::pair<int, int> link = std::minmax(a, b);
  if (!blocked) {
    blocked_.erase(link);
    return connect_all();
  }
  blocked_.insert(link);
  if (endpoint(a).connected().contains(b)) cut(a, b);
}

void MemoryNetwork::connect_all() {
  tasks_.after(latency_, [this] {
    for (auto& [a, first] : endpoints_) {
      for (auto& [b, second] : endpoints_) {
        if (a >= b || !first->present() || !second->present() || first->connected_.contains(b)) continue;
        if (blocked_.contains({a, b})) continue;
        first->connected_.insert(b);
        second->connected_.insert(a);
        first->events_->peer_up(b);
        second->events_->peer_up(a);
      }
    }
  });
}

void MemoryNetwork::cut(int a, int b) {
  endpoints_.at(a)->connected_.erase(b);
  endpoints_.at(b)->connected_.erase(a);
  for (const auto& [from, to] : {std::pair(a, b), std::pair(b, a)}) {
    if (endpoints_.at(from)->events_ != nullptr) endpoints_.at(from)->events_->peer_down(to);
  }
}

}  // namespace vigil::sim
