// The bytes of ledger records: docs/formats/alerting.md.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vigil/alerting/ledger.h"

namespace vigil::alerting {
namespace {

enum class Type : std::uint8_t { kAlertPut = 1, kAlertGone, kGroupOpened, kGroupClosed, kIntent, kEnded };

constexpr std::uint64_t kGuessedEnd = 1;
constexpr std::uint64_t kSeenResolved = 2;

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void type(Type type) { out_ += static_cast<char>(type); }
  void number(std::uint64_t value) {  // LEB128
    for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
    out_ += static_cast<char>(value);
  }
  void time(Timestamp time) {  // zigzag
    const auto bits = static_cast<std::uint64_t>(time);
    number((bits << 1) ^ (time < 0 ? ~std::uint64_t{0} : 0));
  }
  void text(std::string_view text) {
    number(text.size());
    out_ += text;
  }
  void labels(const Labels& labels) {
    number(labels.size());
    for (const LabelView label : labels) {
      text(label.name);
      text(label.value);
    }
  }
  void hash(Fingerprint value) {
    for (int i = 0; i < 8; ++i) out_ += static_cast<char>(value >> (8 * i));
  }
  void hashes(const FingerprintSet& set) {
    number(set.size());
    for (const Fingerprint one : set) hash(one);
  }
  void key(const LogKey& key) {
    text(key.group);
    text(key.receiver);
    text(key.integration);
  }

  void operator()(const AlertPut& put) {
    const StoredAlert& stored = put.alert;
    type(Type::kAlertPut);
    number((stored.guessed_end ? kGuessedEnd : 0) | (stored.seen_resolved ? kSeenResolved : 0));
    time(stored.updated_at);
    time(stored.alert.starts_at);
    time(stored.alert.ends_at);
    labels(stored.alert.labels);
    labels(stored.alert.annotations);
    text(stored.alert.generator_url);
  }
  void operator()(const AlertGone& gone) {
    type(Type::kAlertGone);
    hash(gone.fingerprint);
  }
  void operator()(const GroupOpened& group) {
    type(Type::kGroupOpened);
    text(group.key);
    time(group.first_flush);
  }
  void operator()(const GroupClosed& group) {
    type(Type::kGroupClosed);
    text(group.key);
  }
  void operator()(const Intent& intent) {
    type(Type::kIntent);
    key(intent.key);
    time(intent.message.tick);
    time(intent.expires_at);
    hashes(intent.message.firing);
    hashes(intent.message.resolved);
  }
  void operator()(const Ended& ended) {
    type(Type::kEnded);
    key(ended.key);
    number(static_cast<std::uint64_t>(ended.outcome));
  }

 private:
  std::string& out_;
};

// After a failure everything reads as empty; good() says so at the end.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool done() const { return !good_ || bytes_.empty(); }
  bool good() const { return good_; }

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::string_view byte = take(1);
      if (byte.empty()) return 0;
      const auto bits = static_cast<std::uint8_t>(byte[0]);
      value |= static_cast<std::uint64_t>(bits & 0x7f) << shift;
      if (bits < 0x80) return value;
    }
    return broken();
  }
  Timestamp time() {
    const std::uint64_t value = number();
    return static_cast<Timestamp>((value >> 1) ^ (~(value & 1) + 1));
  }
  std::string_view text() { return take(number()); }
  Labels labels() {
    std::vector<LabelView> all;
    for (std::uint64_t left = number(); left > 0 && good_; --left) {
      const std::string_view name = text();
      all.push_back({name, text()});
    }
    return good_ ? Labels::from(std::move(all)) : Labels();
  }
  Fingerprint hash() {
    Fingerprint value = 0;
    const std::string_view bytes = take(8);
    for (std::size_t i = 0; i < bytes.size(); ++i) value |= Fingerprint{static_cast<std::uint8_t>(bytes[i])} << (8 * i);
    return value;
  }
  FingerprintSet hashes() {
    FingerprintSet set;
    for (std::uint64_t left = number(); left > 0 && good_; --left) set.push_back(hash());
    return set;
  }
  LogKey key() {
    LogKey key;
    key.group = text();
    key.receiver = text();
    key.integration = text();
    return key;
  }

  Record record() {
    const std::string_view type = take(1);
    switch (type.empty() ? Type{} : static_cast<Type>(type[0])) {
      case Type::kAlertPut: return alert();
      case Type::kAlertGone: return AlertGone{hash()};
      case Type::kGroupOpened: {
        GroupOpened group;
        group.key = text();
        group.first_flush = time();
        return group;
      }
      case Type::kGroupClosed: return GroupClosed{std::string(text())};
      case Type::kIntent: {
        Intent intent;
        intent.key = key();
        intent.message.tick = time();
        intent.expires_at = time();
        intent.message.firing = hashes();
        intent.message.resolved = hashes();
        return intent;
      }
      case Type::kEnded: {
        Ended ended;
        ended.key = key();
        const std::uint64_t outcome = number();
        if (outcome > static_cast<std::uint64_t>(Outcome::kUnknown)) broken();
        ended.outcome = static_cast<Outcome>(outcome);
        return ended;
      }
    }
    broken();
    return AlertGone{};
  }

 private:
  std::uint64_t broken() {
    good_ = false;
    return 0;
  }
  std::string_view take(std::uint64_t size) {
    if (!good_ || size > bytes_.size()) {
      broken();
      return {};
    }
    const std::string_view part = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return part;
  }
  Record alert() {
    StoredAlert stored;
    const std::uint64_t flags = number();
    stored.guessed_end = (flags & kGuessedEnd) != 0;
    stored.seen_resolved = (flags & kSeenResolved) != 0;
    stored.updated_at = time();
    stored.alert.starts_at = time();
    stored.alert.ends_at = time();
    stored.alert.labels = labels();
    stored.alert.annotations = labels();
    stored.alert.generator_url = text();
    return AlertPut{std::move(stored)};
  }

  std::string_view bytes_;
  bool good_ = true;
};

}  // namespace

void encode(const Record& record, std::string& out) { std::visit(Writer(out), record); }

Result<std::vector<Record>> decode_records(std::string_view bytes) {
  Reader reader(bytes);
  std::vector<Record> records;
  while (!reader.done()) records.push_back(reader.record());
  if (!reader.good()) return fail(ErrorCode::kCorruption, "not a record of alerting state");
  return records;
}

}  // namespace vigil::alerting
