#include "vigil/sim/peer_mesh.h"

#include <charconv>
#include <utility>

namespace vigil::sim {
namespace {

// First byte of a frame.
constexpr char kGreeting = 'H';  // "H<cluster> <id>"
constexpr char kPing = 'P';      // "P<steady ns>", echoed as
constexpr char kPong = 'Q';
constexpr char kMessage = 'M';

constexpr std::size_t kFrameOverhead = 4;  // the length before each frame

template <class T>
bool parse(std::string_view text, T& value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

}  // namespace

PeerMesh::PeerMesh(PeerMeshOptions options, Scheduler& scheduler, NetworkEvents& events)
    : options_(std::move(options)), events_(events), tasks_(scheduler) {}

PeerMesh::~PeerMesh() {
  if (hub_ != nullptr) hub_->stop();
  tasks_.close();
}

Result<std::unique_ptr<PeerMesh>> PeerMesh::start(PeerMeshOptions options, Scheduler& scheduler,
                                                  NetworkEvents& events) {
  std::unique_ptr<PeerMesh> mesh(new PeerMesh(std::move(options), scheduler, events));
  VIGIL_TRY_VOID(mesh->listen());
  return mesh;
}

Result<void> PeerMesh::listen() {
  // Events come on the hub's thread and continue as tasks.
  VIGIL_TRY(
      hub_,
      net::MessageHub::start(
          {.listen = options_.listen},
          {.opened = [this](net::LinkId id,
                            bool incoming) { tasks_.run([this, id, incoming] { opened(id, incoming); }); },
           .received =
               [this](net::LinkId id, std::string_view frame) {
                 tasks_.run([this, id, text = std::string(frame)] { received(id, text); });
               },
           .closed = [this](net::LinkId id, const Error& why) { tasks_.run([this, id, why] { closed(id, why); }); }}));
  tasks_.run([this] { tick(); });
  return {};
}

std::string PeerMesh::address() const { return hub_->address(); }

void PeerMesh::set_peer(int id, std::string_view address) {
  if (id == options_.self) return;
  Peer& peer = peers_[id];
  if (peer.address == address) return;
  peer.address = std::string(address);
  peer.next_dial = 0;
  if (peer.link != 0) drop(peer.link);
}

void PeerMesh::isolate(bool isolated) {
  isolated_ = isolated;
  if (!isolated) return;
  while (!links_.empty()) drop(links_.begin()->first);
}

bool PeerMesh::put(net::LinkId id, std::string_view frame) {
  if (!hub_->send(id, frame)) return false;
  events_.traffic(0, frame.size() + kFrameOverhead);
  return true;
}

void PeerMesh::send(int id, std::string_view message) {
  const auto found = peers_.find(id);
  if (found == peers_.end() || found->second.link == 0) return;
  std::string frame(1, kMessage);
  frame += message;
  put(found->second.link, frame);
}

void PeerMesh::tick() {
  const Timestamp now = tasks_.clock().now();
  std::map<net::LinkId, Link> links = links_;  // dropping changes the original
  for (auto& [id, link] : links) {
    if (link.peer == 0) {
      if (now - link.since > options_.greeting_timeout) {
        events_.network_error(NetworkError::kTimeout);
        drop(id);
      }
      continue;
    }
    if (now - link.heard > options_.silence) {
      events_.network_error(NetworkError::kTimeout);
      drop(id);
    } else if (now - link.pinged >= options_.ping_interval) {
      links_.at(id).pinged = now;
      put(id, kPing + std::to_string(tasks_.clock().steady().count()));
    }
  }
  if (!isolated_) {
    for (auto& [id, peer] : peers_) dial(id, peer, now);
  }
  tasks_.after(options_.tick, [this] { tick(); });
}

void PeerMesh::dial(int id, Peer& peer, Timestamp now) {
  if (peer.link != 0 || peer.dialled != 0 || now < peer.next_dial || peer.address.empty()) return;
  // Both sides dial, the higher number first: it wins where two links meet.
  if (peer.next_dial == 0 && id > options_.self) {
    peer.next_dial = now + options_.redial;
    return;
  }
  peer.next_dial = now + options_.redial;
  peer.dialled = hub_->connect(peer.address);
  links_[peer.dialled] = {.peer = 0, .outgoing = true, .open = false, .since = now, .heard = now, .pinged = now};
}

void PeerMesh::opened(net::LinkId id, bool incoming) {
  if (isolated_) return hub_->close(id);
  const Timestamp now = tasks_.clock().now();
  if (incoming) {
    links_[id] = {.peer = 0, .outgoing = false, .open = true, .since = now, .heard = now, .pinged = now};
  } else if (const auto found = links_.find(id); found != links_.end()) {
    found->second.open = true;
  } else {
    return hub_->close(id);  // given up meanwhile
  }
  put(id, kGreeting + options_.cluster + " " + std::to_string(options_.self));
}

void PeerMesh::received(net::LinkId id, std::string_view frame) {
  const auto found = links_.find(id);
  if (found == links_.end() || frame.empty()) return;
  Link& link = found->second;
  events_.traffic(frame.size() + kFrameOverhead, 0);
  link.heard = tasks_.clock().now();
  const std::string_view text = frame.substr(1);
  if (frame[0] == kGreeting) return greet(id, link, text);
  if (link.peer == 0) return;  // says nothing before it has greeted
  switch (frame[0]) {
    case kPing: put(id, kPong + std::string(text)); return;
    case kPong: {
      std::int64_t sent = 0;
      if (parse(text, sent))
        events_.round_trip(link.peer, static_cast<double>(tasks_.clock().steady().count() - sent) * 1e-9);
      return;
    }
    case kMessage: events_.received(link.peer, text); return;
    default: return;
  }
}

void PeerMesh::greet(net::LinkId id, Link& link, std::string_view text) {
  const std::size_t space = text.rfind(' ');
  int peer_id = 0;
  if (link.peer != 0) return;
  if (space == std::string_view::npos || text.substr(0, space) != options_.cluster ||
      !parse(text.substr(space + 1), peer_id) || !peers_.contains(peer_id)) {
    events_.network_error(NetworkError::kHandshake);
    return drop(id);
  }
  Peer& peer = peers_.at(peer_id);
  if (peer.link != 0) {
    // Two links met. Both sides keep the one that the higher number dialled, else the newer.
    const Link& other = links_.at(peer.link);
    const bool higher_is_self = options_.self > peer_id;
    const bool this_by_higher = link.outgoing == higher_is_self;
    const bool other_by_higher = other.outgoing == higher_is_self;
    if (other_by_higher && !this_by_higher) return drop(id);
    const net::LinkId old = peer.link;
    link.peer = peer_id;
    peer.link = id;
    if (peer.dialled == old) peer.dialled = 0;
    links_.erase(old);
    hub_->close(old);
    return;
  }
  link.peer = peer_id;
  peer.link = id;
  connected_.insert(peer_id);
  events_.peer_up(peer_id);
}

void PeerMesh::closed(net::LinkId id, const Error& why) {
  if (!links_.contains(id)) return;  // dropped by us
  events_.network_error(why.code() == ErrorCode::kTimeout ? NetworkError::kTimeout : NetworkError::kConnection);
  drop(id);
}

void PeerMesh::drop(net::LinkId id) {
  const auto found = links_.find(id);
  if (found == links_.end()) return;
  const Link link = found->second;
  links_.erase(found);
  hub_->close(id);
  for (auto& [peer_id, peer] : peers_) {
    if (peer.dialled == id) peer.dialled = 0;
  }
  if (link.peer == 0) return;
  Peer& peer = peers_.at(link.peer);
  if (peer.link != id) return;
  peer.link = 0;
  peer.next_dial = tasks_.clock().now() + options_.redial;
  connected_.erase(link.peer);
  events_.peer_down(link.peer);
}

}  // namespace vigil::sim
