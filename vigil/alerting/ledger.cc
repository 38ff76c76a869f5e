#include "vigil/alerting/ledger.h"

#include <utility>

namespace vigil::alerting {
namespace {

template <class... F>
struct Overload : F... {
  using F::operator()...;
};

}  // namespace

void Ledger::apply(Record record) {
  std::visit(Overload{
                 [&](AlertPut& put) {
                   const Fingerprint key = fingerprint(put.alert.alert.labels);
                   alerts.insert_or_assign(key, std::move(put.alert));
                 },
                 [&](AlertGone& gone) { alerts.erase(gone.fingerprint); },
                 [&](GroupOpened& group) { first_flush.insert_or_assign(std::move(group.key), group.first_flush); },
                 [&](GroupClosed& group) { first_flush.erase(group.key); },
                 [&](Intent& intent) {
                   for (const Fingerprint key : intent.message.resolved) {
                     if (const auto found = alerts.find(key); found != alerts.end()) found->second.seen_resolved = true;
                   }
                   log[std::move(intent.key)].begin(std::move(intent.message), intent.expires_at);
                 },
                 [&](Ended& ended) {
                   if (const auto found = log.find(ended.key); found != log.end()) found->second.end(ended.outcome);
                 },
             },
             record);
}

void Ledger::expire(Timestamp now) {
  std::erase_if(log, [&](const auto& item) { return item.second.expires_at <= now && !item.second.open; });
}

std::string Ledger::encode_all() const {
  std::string out;
  const auto write = [&](const LogKey& key, const LogEntry& entry, const Message& message) {
    encode(Intent{key, message, entry.expires_at}, out);
  };
  // The log first: applying a message marks alerts, and each alert carries its true mark.
  for (const auto& [key, entry] : log) {
    if (entry.sent) {
      write(key, entry, *entry.sent);
      encode(Ended{key, Outcome::kSent}, out);
    }
    if (!entry.maybe_firing.empty()) {
      write(key, entry, Message{.tick = 0, .firing = entry.maybe_firing, .resolved = {}});
      encode(Ended{key, Outcome::kUnknown}, out);
    }
    if (entry.open) write(key, entry, *entry.open);
  }
  for (const auto& [key, alert] : alerts) encode(AlertPut{alert}, out);
  for (const auto& [key, when] : first_flush) encode(GroupOpened{key, when}, out);
  return out;
}

}  // namespace vigil::alerting
