#include "vigil/alerting/journal.h"

#include <algorithm>
#include <string>
#include <vector>

#include "vigil/base/hash.h"
#include "vigil/base/log.h"

namespace vigil::alerting {
namespace {

constexpr std::string_view kMagic = "VGLALRT1";
constexpr std::size_t kHeaderBytes = 8 + 4 + 8;

void put_le(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}

std::uint64_t get_le(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) value |= std::uint64_t{static_cast<std::uint8_t>(bytes[i])} << (8 * i);
  return value;
}

Result<void> replay(std::string_view bytes, Ledger& ledger) {
  VIGIL_TRY(std::vector<Record> records, decode_records(bytes));
  for (Record& record : records) ledger.apply(std::move(record));
  return {};
}

}  // namespace

Result<Journal> Journal::open(Options options, Ledger& ledger) {
  Journal journal(std::move(options));
  FileSystem& files = journal.options_.files;
  VIGIL_TRY_VOID(files.create_directories(journal.options_.directory));

  std::uint64_t first_segment = 0;
  if (files.exists(journal.snapshot_path())) {
    if (auto first = journal.read_snapshot(ledger)) {
      first_segment = *first;
    } else if (first.error().code() == ErrorCode::kCorruption) {
      ++journal.damage_;
      log::error("alerting", "the snapshot of alerting state is damaged and set aside; what it held is lost",
                 {{"file", journal.snapshot_path().string()}, {"error", first.error().message()}});
      VIGIL_TRY_VOID(files.rename(journal.snapshot_path(), journal.options_.directory / "snapshot.damaged"));
    } else {
      return std::unexpected(std::move(first).error());
    }
  }

  const auto apply = [&](wal::Position at, std::string_view record) -> Result<void> {
    if (auto applied = replay(record, ledger); !applied) {
      ++journal.damage_;
      log::error("alerting", "a record of alerting state is skipped",
                 {{"segment", at.segment}, {"offset", at.offset}, {"error", applied.error().message()}});
    }
    return {};
  };
  wal::Options log_options{
      .directory = journal.options_.directory / "log", .file_system = files, .fsync = journal.options_.fsync};
  VIGIL_TRY(journal.log_, wal::WriteAheadLog::open(std::move(log_options), first_segment, apply));
  for (const wal::Damage& damage : journal.log_->replay_report().damage) {
    ++journal.damage_;
    log::error("alerting", "the log of alerting state is damaged", {{"at", damage.to_string()}});
  }
  return journal;
}

Result<std::uint64_t> Journal::read_snapshot(Ledger& ledger) {
  VIGIL_TRY(const std::string content, options_.files.read_file(snapshot_path()));
  const std::string_view bytes = content;
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kMagic)) {
    return fail(ErrorCode::kCorruption, "not a snapshot of alerting state");
  }
  if (get_le(bytes.substr(8, 4)) != crc32c(bytes.substr(12))) return fail(ErrorCode::kCorruption, "wrong checksum");
  VIGIL_TRY_VOID(replay(bytes.substr(kHeaderBytes), ledger));
  snapshot_bytes_ = bytes.size();
  return get_le(bytes.substr(12, 8));
}

Result<void> Journal::write_snapshot(const Ledger& ledger, std::uint64_t first_segment) {
  std::string body;
  put_le(body, first_segment, 8);
  body += ledger.encode_all();
  std::string file(kMagic);
  put_le(file, crc32c(body), 4);
  file += body;
  VIGIL_TRY_VOID(options_.files.write_file_atomically(snapshot_path(), file));
  snapshot_bytes_ = file.size();
  return {};
}

Result<void> Journal::write(std::string_view records) { return log_->append(records); }

bool Journal::wants_compaction() const {
  return failed() || log_->size_bytes() > std::max(options_.compact_bytes, 4 * snapshot_bytes_);
}

Result<void> Journal::compact(const Ledger& ledger) {
  // A crash before the snapshot is complete leaves the old one and every segment; a crash
  // after it leaves segments that the next open() does not read.
  std::uint64_t first_segment = 0;
  if (failed()) {
    VIGIL_TRY_VOID(log_->recover([&](std::uint64_t segment) {
      first_segment = segment;
      return write_snapshot(ledger, segment);
    }));
  } else {
    VIGIL_TRY(first_segment, log_->rotate());
    VIGIL_TRY_VOID(write_snapshot(ledger, first_segment));
  }
  return log_->truncate_before(first_segment);
}

}  // namespace vigil::alerting
