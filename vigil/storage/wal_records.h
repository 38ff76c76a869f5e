// What the database writes to its log: one record for each new series, one for each
// transaction. Bytes in docs/formats/wal.md.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/model/labels.h"
#include "vigil/model/native_histogram.h"
#include "vigil/model/sample.h"
#include "vigil/storage/chunk/histogram_column.h"
#include "vigil/storage/chunk/varint.h"
#include "vigil/storage/head/series.h"

namespace vigil::storage {

enum class RecordType : std::uint8_t { kSeries = 1, kTransaction = 2 };

void put_series_record(std::string& out, SeriesId id, const Labels& labels);
void put_metadata(std::string& out, std::string_view metric, const MetricMetadata& metadata);

// Builds the record of one transaction: samples first, then metadata. Each sample is
// coded against the one before it.
class TransactionRecord {
 public:
  // `samples` is how many will follow.
  void begin(std::size_t samples);
  void add(SeriesId series, Timestamp timestamp, double value) {
    char* at = begin_sample(series, timestamp);
    const double whole = std::nearbyint(value);
    // Counters and most gauges are integers; neighbours in a histogram are close.
    if (std::bit_cast<std::uint64_t>(whole) == std::bit_cast<std::uint64_t>(value) && std::fabs(value) < kMaxInteger) {
      const auto integer = static_cast<std::int64_t>(value);
      if (integer != 0 || !std::signbit(value)) {
        at = write_varint(at, zigzag(integer - last_integer_) << 1);
        last_integer_ = integer;
        used_ = static_cast<std::size_t>(at - bytes_.data());
        return;
      }
    }
    *at++ = kRawFloat;
    std::memcpy(at, &value, sizeof value);
    used_ = static_cast<std::size_t>(at - bytes_.data()) + sizeof value;
  }
  void add(SeriesId series, Timestamp timestamp, const NativeHistogram& histogram);
  void begin_metadata(std::size_t count);
  void add_metadata(std::string_view metric, const MetricMetadata& metadata);
  std::string_view bytes() const { return {bytes_.data(), used_}; }

  static constexpr char kRawFloat = 1;
  static constexpr char kHistogram = 3;
  static constexpr double kMaxInteger = 2251799813685248.0;  // 2^51

 private:
  char* begin_sample(SeriesId series, Timestamp timestamp) {
    constexpr std::size_t kMaxSampleBytes = 32;
    if (bytes_.size() - used_ < kMaxSampleBytes) bytes_.resize(bytes_.size() * 2 + 4096);
    char* at = bytes_.data() + used_;
    at = write_varint(at, zigzag(static_cast<std::int64_t>(series) - last_series_));
    at = write_varint(at, zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(timestamp) -
                                                           static_cast<std::uint64_t>(last_time_))));
    last_series_ = series;
    last_time_ = timestamp;
    return at;
  }
  void append(std::string_view more);

  std::string bytes_;  // beyond used_: room
  std::size_t used_ = 0;
  std::int64_t last_series_ = 0;
  Timestamp last_time_ = 0;
  std::int64_t last_integer_ = 0;
};

// Calls the visitor's series(id, labels), sample(id, t, value), histogram(id, t, pointer) and
// metadata(metric, metadata). Any bytes may be given: what is no record is kCorruption.
template <class Visitor>
Result<void> read_record(std::string_view record, Visitor&& visitor);

// The parts of it that need no visitor.
Result<void> read_series_labels(ByteReader& in, std::vector<LabelView>& labels);
Result<std::pair<std::string_view, MetricMetadata>> read_metadata(ByteReader& in);

template <class Visitor>
Result<void> read_record(std::string_view record, Visitor&& visitor) {
  const auto damaged = [] { return fail(ErrorCode::kCorruption, "a log record is not understood"); };
  ByteReader in(record);
  switch (static_cast<RecordType>(in.byte())) {
    case RecordType::kSeries: {
      const std::uint64_t id = in.varint();
      std::vector<LabelView> labels;
      VIGIL_TRY_VOID(read_series_labels(in, labels));
      if (id == 0 || id > 0xFFFFFFFFU || !in.ok() || !in.done()) return damaged();
      visitor.series(static_cast<SeriesId>(id), labels);
      return {};
    }
    case RecordType::kTransaction: {
      const std::uint64_t samples = in.varint();
      std::uint64_t id = 0;
      std::uint64_t time = 0;
      std::uint64_t integer = 0;
      for (std::uint64_t i = 0; i < samples; ++i) {
        id += static_cast<std::uint64_t>(in.svarint());
        time += static_cast<std::uint64_t>(in.svarint());
        const std::uint64_t value = in.varint();
        if (!in.ok()) return damaged();
        const auto series = static_cast<SeriesId>(id);
        const auto timestamp = static_cast<Timestamp>(time);
        if ((value & 1) == 0) {
          integer += static_cast<std::uint64_t>(unzigzag(value >> 1));
          visitor.sample(series, timestamp, static_cast<double>(static_cast<std::int64_t>(integer)));
        } else if (value == static_cast<std::uint64_t>(TransactionRecord::kRawFloat)) {
          const auto raw = in.raw<double>();
          if (!in.ok()) return damaged();
          visitor.sample(series, timestamp, raw);
        } else if (value == static_cast<std::uint64_t>(TransactionRecord::kHistogram)) {
          VIGIL_TRY(NativeHistogram histogram, read_histogram(in));
          visitor.histogram(series, timestamp, std::make_shared<const NativeHistogram>(std::move(histogram)));
        } else {
          return damaged();
        }
      }
      const std::uint64_t metadata = in.varint();
      for (std::uint64_t i = 0; i < metadata; ++i) {
        VIGIL_TRY(const auto entry, read_metadata(in));
        visitor.metadata(entry.first, entry.second);
      }
      return in.ok() && in.done() ? Result<void>() : damaged();
    }
  }
  return damaged();
}

}  // namespace vigil::storage
