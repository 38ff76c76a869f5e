// Key generation and refresh: the first node leads, every node takes part.
#include <string>

#include "packs/mpc/protocols.h"
#include "packs/mpc/wallet_node.h"
#include "packs/mpc/wire.h"

namespace vigil::packs::mpc {

void WalletNode::lead_ceremony() {
  const Timestamp now = tasks_.clock().now();
  if (options_.self != 1 || ceremony_.id != 0) return;
  if (static_cast<int>(network_.connected().size()) != options_.nodes - 1) return;
  const bool refresh = epoch_ > 0;
  if (refresh && now < next_refresh_) return;
  ceremony_.id = new_id();
  ceremony_.refresh = refresh;
  ceremony_.missing = network_.connected();
  ceremony_.missing.insert(options_.self);
  ceremony_.since = tasks_.clock().steady();
  ceremony_.started = now;
  broadcast(message("keys", ceremony_.id, ceremony_.protocol));
  tasks_.after(compute(protocol_of(ceremony_.protocol).ceremony_ms),
               [this, id = ceremony_.id] { ceremony_received(options_.self, id); });
}

void WalletNode::ceremony_received(int from, std::uint64_t id) {
  if (id == 0 || ceremony_.id != id) return;
  ceremony_.missing.erase(from);
  if (ceremony_.missing.empty()) ceremony_done();
}

void WalletNode::ceremony_done() {
  const std::string_view protocol = protocol_name(ceremony_.protocol);
  if (ceremony_.refresh) {
    metrics_.record_key_refresh(protocol, "success");
  } else {
    metrics_.record_dkg(name_, protocol, "success", Seconds(tasks_.clock().steady() - ceremony_.since));
  }
  const bool last = ceremony_.protocol == 1;
  ceremony_ = {.id = 0, .refresh = false, .protocol = last ? 0 : 1, .missing = {}, .since = {}, .started = 0};
  if (!last) return;
  adopt_epoch(epoch_ + 1);
  next_refresh_ = tasks_.clock().now() + options_.refresh_interval;
  broadcast(message("epoch", epoch_));
}

void WalletNode::adopt_epoch(std::int64_t epoch) {
  if (epoch <= epoch_) return;
  epoch_ = epoch;
  if (next_refresh_ == 0) next_refresh_ = tasks_.clock().now() + options_.refresh_interval;
  metrics_.update_key_epoch(name_, epoch_);
  tasks_.after(options_.backup_delay, [this] { back_up(); });
}

void WalletNode::back_up() {
  if (epoch_ > 0 && !faults_.backup_fails && !faults_.backup_outdated) show_backup(epoch_, 0);
}

void WalletNode::show_backup(std::int64_t epoch, Duration age) {
  metrics_.update_last_backup(name_, epoch, Seconds(static_cast<double>(wall_.now() - age) / 1000));
}

void WalletNode::expire_ceremony(Timestamp now) {
  if (ceremony_.id == 0 || now - ceremony_.started <= options_.round_timeout) return;
  const std::string_view protocol = protocol_name(ceremony_.protocol);
  if (ceremony_.refresh) {
    metrics_.record_key_refresh(protocol, "failure");
  } else {
    metrics_.record_dkg(name_, protocol, "failure", Seconds(tasks_.clock().steady() - ceremony_.since));
  }
  ceremony_ = {};
}

}  // namespace vigil::packs::mpc
