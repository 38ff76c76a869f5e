#include "vigil/storage/wal_records.h"

namespace vigil::storage {

void put_series_record(std::string& out, SeriesId id, const Labels& labels) {
  out += static_cast<char>(RecordType::kSeries);
  put_varint(out, id);
  put_varint(out, labels.size());
  for (const LabelView label : labels) {
    put_text(out, label.name);
    put_text(out, label.value);
  }
}

void put_metadata(std::string& out, std::string_view metric, const MetricMetadata& metadata) {
  put_text(out, metric);
  out += static_cast<char>(metadata.type);
  put_text(out, metadata.help);
  put_text(out, metadata.unit);
}

void TransactionRecord::begin(std::size_t samples) {
  used_ = 0;
  last_series_ = 0;
  last_time_ = 0;
  last_integer_ = 0;
  if (bytes_.size() < 4096) bytes_.resize(4096);
  char* at = bytes_.data();
  *at++ = static_cast<char>(RecordType::kTransaction);
  used_ = static_cast<std::size_t>(write_varint(at, samples) - bytes_.data());
}

void TransactionRecord::append(std::string_view more) {
  if (bytes_.size() - used_ < more.size()) bytes_.resize(bytes_.size() * 2 + more.size());
  std::memcpy(bytes_.data() + used_, more.data(), more.size());
  used_ += more.size();
}

void TransactionRecord::add(SeriesId series, Timestamp timestamp, const NativeHistogram& histogram) {
  char* at = begin_sample(series, timestamp);
  *at++ = kHistogram;
  used_ = static_cast<std::size_t>(at - bytes_.data());
  std::string encoded;
  put_histogram(encoded, histogram);
  append(encoded);
}

void TransactionRecord::begin_metadata(std::size_t count) {
  std::string encoded;
  put_varint(encoded, count);
  append(encoded);
}

void TransactionRecord::add_metadata(std::string_view metric, const MetricMetadata& metadata) {
  std::string encoded;
  put_metadata(encoded, metric, metadata);
  append(encoded);
}

Result<void> read_series_labels(ByteReader& in, std::vector<LabelView>& labels) {
  const std::uint64_t count = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const std::string_view name = in.text();
    const std::string_view value = in.text();
    // Sorted and not empty, as Labels demands.
    if (!in.ok() || name.empty() || value.empty() || (!labels.empty() && labels.back().name >= name)) {
      return fail(ErrorCode::kCorruption, "the labels of a series are damaged");
    }
    labels.push_back({name, value});
  }
  if (labels.empty() || labels.size() > 0xFFFF)
    return fail(ErrorCode::kCorruption, "the labels of a series are damaged");
  return {};
}

Result<std::pair<std::string_view, MetricMetadata>> read_metadata(ByteReader& in) {
  const std::string_view metric = in.text();
  const std::uint8_t type = in.byte();
  MetricMetadata metadata;
  metadata.help = in.text();
  metadata.unit = in.text();
  if (!in.ok() || type > static_cast<std::uint8_t>(MetricType::kStateSet)) {
    return fail(ErrorCode::kCorruption, "metadata are damaged");
  }
  metadata.type = static_cast<MetricType>(type);
  return std::pair{metric, std::move(metadata)};
}

}  // namespace vigil::storage
