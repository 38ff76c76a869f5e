#include "packs/zerostate/node_sim.h"

namespace vigil::packs::zerostate {
namespace {

constexpr double kRetryAfter = 0.5;      // seconds
constexpr double kStaysConnected = 600;  // seconds, on average
constexpr double kCheckEvery = 30;       // seconds, of each peer
constexpr double kCheckTimeout = 5;      // seconds
constexpr std::uint64_t kPoolCapacity = 200;

Topic topic_of(double u) {
  if (u < 0.4) return Topic::kTask;
  if (u < 0.7) return Topic::kReceipt;
  if (u < 0.85) return Topic::kReputation;
  return u < 0.97 ? Topic::kGuild : Topic::kOther;
}

}  // namespace

int Links::wanted(const Moment& now) const {
  if (now.eclipsed) return 2;
  return (role_ == Role::kEdge ? 40 : role_ == Role::kBootnode ? 80 : 60) - now.neighbours_down;
}

void Links::step(const Moment& now, double banned_share, int banned) {
  bytes_ = 0;
  silent_for_ = now.cut_off ? silent_for_ + 1 : 0;
  keep_peers(now, banned_share);
  chatter(now);
  check_peers(now);
  gossip(now);
  search(now);
  relay(now);

  P2pMetrics& p2p = metrics_.p2p;
  const double bulk = now.first_edge ? now.conditions->bulk_bytes : 0;
  p2p.record_bandwidth(Traffic::kTx, static_cast<std::uint64_t>(bytes_ + 150e3 * now.load + bulk));
  p2p.record_bandwidth(Traffic::kRx, static_cast<std::uint64_t>(bytes_ + 180e3 * now.load));
  if (now.first_edge) {
    for (int n = dice_.count(now.conditions->refused_streams); n > 0; --n)
      p2p.record_resource_blocked(Resource::kStream);
  }
  const int active = peers_ * 3 / 4;
  p2p.update_connections(static_cast<std::uint64_t>(active), static_cast<std::uint64_t>(peers_ - active));
  p2p.update_connection_pool(static_cast<std::uint64_t>(peers_), kPoolCapacity);
  p2p.update_peers_connected(static_cast<std::uint64_t>(peers_));
  p2p.update_peers_banned(static_cast<std::uint64_t>(banned));
  p2p.update_nat_reachability(now.refuses_inbound ? Reachability::kPrivate : Reachability::kPublic);
}

// Connections end by themselves and are replaced; without an uplink they time out.
void Links::keep_peers(const Moment& now, double banned_share) {
  P2pMetrics& p2p = metrics_.p2p;
  const int target = static_cast<int>(std::lround(wanted(now) * (1 - banned_share)));
  const auto close = [&](CloseReason reason) {
    --peers_;
    p2p.record_connection_closed(dice_.chance(0.5) ? Direction::kInbound : Direction::kOutbound, reason,
                                 Seconds(dice_.exponential(kStaysConnected)));
  };
  for (int n = now.cut_off ? 2 : 0; n > 0 && peers_ > 0; --n) close(CloseReason::kTimeout);
  for (int n = 0; n < 2 && peers_ > target; ++n) close(CloseReason::kPruned);
  for (int n = dice_.count(peers_ / kStaysConnected); n > 0 && peers_ > 0; --n) close(CloseReason::kRemote);
  if (now.cut_off) {
    if (dice_.chance(0.2)) p2p.record_dial_failure(Transport::kTcp, DialError::kNoRoute, Seconds(kCheckTimeout));
    return;
  }
  for (int n = 0; n < 2 && peers_ < target; ++n) {
    const Transport transport = dice_.chance(0.6) ? Transport::kQuic : Transport::kTcp;
    const double rtt = round_trip(now);
    if (!now.refuses_inbound && dice_.chance(0.5)) {
      p2p.record_connection_opened(Direction::kInbound, transport);
    } else if (dice_.chance(0.9)) {
      p2p.record_dial(transport, Seconds(rtt));
      p2p.record_connection_opened(Direction::kOutbound, transport);
    } else {
      p2p.record_dial_failure(transport, DialError::kTimeout, Seconds(kCheckTimeout));
      continue;
    }
    p2p.record_handshake(transport, Seconds(2 * rtt));
    ++peers_;
  }
}

Exchange Links::exchange(const Moment& now, int attempts) {
  Exchange result;
  const double loss = now.cut_off ? 1 : now.conditions->message_loss;
  while (result.attempts < attempts) {
    ++result.attempts;
    if (peers_ == 0 || dice_.chance(loss)) {
      metrics_.p2p.record_message_failed(MessageType::kRequest,
                                         peers_ == 0 ? MessageFailure::kNoPeer : MessageFailure::kTimeout);
      result.seconds += kRetryAfter;
      continue;
    }
    metrics_.p2p.record_message_sent(MessageType::kRequest, 700);
    bytes_ += 700;
    const double rtt = round_trip(now);
    // An eighth of what peers are asked needs their disk.
    result.seconds += rtt + (now.conditions->slow_storage && dice_.chance(0.125) ? dice_.between(12, 18) : 0);
    metrics_.p2p.record_message_received(MessageType::kResponse, 900);
    metrics_.p2p.record_message_latency(MessageType::kRequest, Seconds(result.seconds));
    result.answered = true;
    break;
  }
  return result;
}

// What nodes always say to each other. A node without peers keeps trying.
void Links::chatter(const Moment& now) {
  P2pMetrics& p2p = metrics_.p2p;
  const double rate = (role_ == Role::kEdge ? 10 : 15) * now.load;
  const double loss = now.cut_off ? 1 : now.conditions->message_loss;
  for (int n = dice_.count(rate * 0.22); n > 0; --n) {
    const Exchange request = exchange(now, 3);
    if (request.answered) metrics_.system.record_request(Layer::kP2p, Seconds(request.seconds));
  }
  for (int n = dice_.count(rate * 0.78); n > 0; --n) {
    const double u = dice_.unit();
    const MessageType type = u < 0.6 ? MessageType::kGossip : u < 0.9 ? MessageType::kResponse : MessageType::kControl;
    if (peers_ == 0 || dice_.chance(loss)) {
      p2p.record_message_failed(type, peers_ == 0 ? MessageFailure::kNoPeer : MessageFailure::kTimeout);
      continue;
    }
    const auto size = static_cast<std::uint64_t>(dice_.lognormal(800, 1));
    bytes_ += static_cast<double>(size);
    p2p.record_message_sent(type, size);
    p2p.record_message_received(type, size);
  }
}

void Links::check_peers(const Moment& now) {
  // A node that has lost its peers goes on asking those it knew.
  const int asked = now.cut_off ? std::max(peers_, wanted(now)) : peers_;
  for (int n = dice_.count(asked / kCheckEvery); n > 0; --n) {
    const bool silent = now.cut_off || dice_.chance(now.conditions->silent_peers);
    metrics_.p2p.record_health_check(!silent, Seconds(silent ? kCheckTimeout : round_trip(now)));
  }
}

void Links::gossip(const Moment& now) {
  P2pMetrics& p2p = metrics_.p2p;
  for (int n = dice_.count(now.cut_off ? 0 : now.conditions->bad_gossip); n > 0; --n) {
    p2p.record_gossip_rejected(GossipRejection::kUnknownTopic);
    metrics_.system.record_error(Layer::kP2p);
  }
  for (int topic = 0; topic <= static_cast<int>(Topic::kOther); ++topic) {
    p2p.update_gossip_mesh_peers(static_cast<Topic>(topic), static_cast<std::uint64_t>(std::min(peers_, 6)));
  }
  if (!in_touch()) return;
  for (int n = dice_.count(0.5 * now.load); n > 0; --n) p2p.record_gossip_published(topic_of(dice_.unit()));
  for (int n = dice_.count(2 * now.load); n > 0; --n) {
    // Three hops; a lost copy comes again by the next heartbeat.
    double delay = 0;
    for (int hop = 0; hop < 3; ++hop) {
      delay += round_trip(now) / 2 + (dice_.chance(now.conditions->message_loss) ? 1 : 0);
    }
    p2p.record_gossip_delivered(topic_of(dice_.unit()), Seconds(delay));
    p2p.record_message_latency(MessageType::kGossip, Seconds(delay));
  }
  for (int n = dice_.count(3 * now.load); n > 0; --n) p2p.record_gossip_duplicate(topic_of(dice_.unit()));
  if (dice_.chance(0.01)) p2p.record_gossip_rejected(GossipRejection::kStale);
  if (dice_.chance(0.008)) metrics_.system.record_error(Layer::kP2p);
}

void Links::search(const Moment& now) {
  P2pMetrics& p2p = metrics_.p2p;
  for (int n = dice_.count((role_ == Role::kBootnode ? 1.0 : 0.2) * now.load); n > 0; --n) {
    const auto operation = static_cast<DhtOperation>(dice_.below(4));
    const bool found = in_touch() && !dice_.chance(0.02);
    p2p.record_dht_operation(operation, found, Seconds(found ? 4 * round_trip(now) : 10));
  }
  p2p.update_dht_routing_table_size(static_cast<std::uint64_t>(peers_ * 3));
}

void Links::relay(const Moment& now) {
  P2pMetrics& p2p = metrics_.p2p;
  if (role_ == Role::kRelay) {
    const double circuits = peers_ * 0.4 * now.load;
    p2p.update_relay_connections(static_cast<std::uint64_t>(circuits));
    p2p.record_relay_bytes(static_cast<std::uint64_t>(circuits * 4000));
    for (int n = dice_.count(0.05 * now.load); n > 0; --n) {
      p2p.record_relay_reservation(dice_.chance(0.97) ? ReservationResult::kAccepted : ReservationResult::kRefused);
    }
  } else if (role_ == Role::kEdge && in_touch() && dice_.chance(0.01)) {
    p2p.record_holepunch(dice_.chance(0.7) ? HolepunchOutcome::kSuccess : HolepunchOutcome::kFailed);
  }
}

}  // namespace vigil::packs::zerostate
