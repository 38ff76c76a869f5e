#include "vigil/storage/head/series.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace vigil::storage {
namespace {

// In `packed`: newest timestamp, size, chunk.
constexpr std::size_t kPackedHeader = sizeof(Timestamp) + sizeof(std::uint16_t);

template <class Function>
void for_each_packed(std::string_view packed, Function function) {
  while (packed.size() >= kPackedHeader) {
    const auto maxt = load_raw<Timestamp>(packed.data());
    const auto size = load_raw<std::uint16_t>(packed.data() + sizeof(Timestamp));
    const std::string_view entry = packed.substr(0, kPackedHeader + size);
    function(maxt, entry.substr(std::min(entry.size(), kPackedHeader)), entry);
    packed.remove_prefix(entry.size());
  }
}

// Scratch memory of the thread that encodes.
std::string& scratch() {
  thread_local std::string bytes;
  bytes.clear();
  return bytes;
}
SampleColumns& scratch_columns() {
  thread_local SampleColumns columns;
  columns.clear();
  return columns;
}

void encode(const std::vector<std::pair<Timestamp, HistogramPtr>>& samples, std::string& out) {
  std::vector<Timestamp> times;
  std::vector<HistogramPtr> histograms;
  for (const auto& [time, histogram] : samples) {
    times.push_back(time);
    histograms.push_back(histogram);
  }
  encode_histogram_chunk(times, histograms, out);
}

std::uint64_t sum_bits(const NativeHistogram& histogram) { return std::bit_cast<std::uint64_t>(histogram.sum); }

}  // namespace

void MemoryView::clear() {
  visible_until = kMaxTimestamp;
  first = kMaxTimestamp;
  sealed.clear();
  packed.clear();
  raw_count = 0;
  histograms.clear();
}

Result<void> MemoryView::decode(Timestamp mint, Timestamp maxt, SampleColumns& out) const {
  maxt = std::min(maxt, visible_until);
  if (mint > maxt) return {};
  for (auto chunk = sealed.rbegin(); chunk != sealed.rend(); ++chunk) {
    if ((*chunk)->mint <= maxt) VIGIL_TRY_VOID(decode_chunk((*chunk)->bytes(), mint, maxt, out));
  }
  Result<void> done;
  for_each_packed(packed, [&](Timestamp, std::string_view chunk, std::string_view) {
    if (done) done = decode_chunk(chunk, mint, maxt, out);
  });
  VIGIL_TRY_VOID(std::move(done));
  for (std::size_t i = 0; i < raw_count; ++i) {
    if (raw_times[i] < mint || raw_times[i] > maxt) continue;
    out.timestamps.push_back(raw_times[i]);
    out.values.push_back(raw_values[i]);
  }
  for (const auto& [time, histogram] : histograms) {
    if (time < mint || time > maxt) continue;
    out.histograms.emplace_back(out.timestamps.size(), histogram);
    out.timestamps.push_back(time);
    out.values.push_back(0);
  }
  return {};
}

std::unique_ptr<Series> Series::create(SeriesId id, std::span<const PairId> pairs) {
  void* memory = ::operator new(sizeof(Series) + pairs.size_bytes());
  return std::unique_ptr<Series>(::new (memory) Series(id, pairs));
}

Series::Series(SeriesId id, std::span<const PairId> pairs)
    : id_(id),
      pair_count_(static_cast<std::uint16_t>(pairs.size())),
      // The first chunks end at different lengths, so that series that began together
      // do not all seal in the same scrape for ever.
      seal_at_(static_cast<std::uint16_t>(kChunkSamples / 2 + (id * 7 % 9) * kRawSamples)) {
  std::memcpy(static_cast<void*>(this + 1), pairs.data(), pairs.size_bytes());
}

Series::~Series() {
  while (sealed_ != nullptr) delete std::exchange(sealed_, sealed_->older);
}

bool Series::equals_last(const NativeHistogram& histogram) {
  const std::lock_guard lock(lock_);
  if (histograms_ == nullptr || histograms_->last == nullptr) return false;
  // NaN sums of staleness markers are equal, too.
  NativeHistogram a = *histograms_->last;
  NativeHistogram b = histogram;
  if (sum_bits(a) != sum_bits(b)) return false;
  a.sum = b.sum = 0;
  return a == b;
}

void Series::prefetch() const {
  __builtin_prefetch(this, 1);
  __builtin_prefetch(reinterpret_cast<const char*>(this) + 64, 1);
}

void Series::begin_commit(const Commit& commit) {
  if (past_.sequence == commit.sequence) return;
  if (commit.oldest_query < past_.sequence) {
    if (more_past_ == nullptr) more_past_ = std::make_unique<std::vector<Past>>();
    std::erase_if(*more_past_, [&](const Past& past) { return past.sequence <= commit.oldest_query; });
    more_past_->push_back(past_);
  } else {
    more_past_.reset();
  }
  past_ = {commit.sequence, last_time_.load(std::memory_order_relaxed)};
}

void Series::sample_stored(Timestamp timestamp, std::uint64_t bits) {
  last_bits_.store(bits, std::memory_order_relaxed);
  last_time_.store(timestamp, std::memory_order_release);
  if (open_first_ == kMaxTimestamp) open_first_ = timestamp;
  if (first_time_.load(std::memory_order_relaxed) == kMaxTimestamp) {
    first_time_.store(timestamp, std::memory_order_relaxed);
  }
}

Series::Outcome Series::append(Timestamp timestamp, double value, const Commit& commit) {
  const std::lock_guard lock(lock_);
  const Timestamp last = last_time_.load(std::memory_order_relaxed);
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(value);
  if (timestamp <= last) {
    // At start the newest sample may be known only by its time, from a chunk file.
    if (timestamp == last) last_bits_.store(bits, std::memory_order_relaxed);
    return {};
  }
  begin_commit(commit);
  const SealedChunk* sealed = nullptr;
  if (histograms_ != nullptr) {
    sealed = seal_histograms();
    histograms_.reset();
  }
  if (raw_ == nullptr) raw_ = std::make_unique<RawBuffer>();
  RawBuffer* raw = raw_.get();
  if (raw->count != 0 && timestamp - raw->base > std::numeric_limits<std::int32_t>::max()) pack_raw();
  if (raw->count == 0) raw->base = timestamp;
  raw->offsets[raw->count] = static_cast<std::int32_t>(timestamp - raw->base);
  raw->values[raw->count] = value;
  sample_stored(timestamp, bits);
  if (++raw->count == kRawSamples) {
    pack_raw();
    if (packed_samples_ >= seal_at_) sealed = seal_packed();
  }
  return {true, sealed};
}

Series::Outcome Series::append(Timestamp timestamp, const HistogramPtr& histogram, const Commit& commit) {
  const std::lock_guard lock(lock_);
  if (timestamp <= last_time_.load(std::memory_order_relaxed)) return {};
  begin_commit(commit);
  const SealedChunk* sealed = nullptr;
  if (raw_ != nullptr || packed_samples_ != 0) {
    pack_raw();
    sealed = seal_packed();
    raw_.reset();
  }
  if (histograms_ == nullptr) histograms_ = std::make_unique<HistogramBuffer>();
  histograms_->samples.emplace_back(timestamp, histogram);
  histograms_->last = histogram;
  sample_stored(timestamp, sum_bits(*histogram));
  if (histograms_->samples.size() >= kHistogramChunkSamples) sealed = seal_histograms();
  return {true, sealed};
}

void Series::add_packed(Timestamp maxt, std::string_view chunk) {
  const std::size_t size = packed_bytes_ + kPackedHeader + chunk.size();
  std::unique_ptr<char[]> grown(new char[size]);
  std::copy_n(packed_.get(), packed_bytes_, grown.get());
  char* at = grown.get() + packed_bytes_;
  const auto length = static_cast<std::uint16_t>(chunk.size());
  std::memcpy(at, &maxt, sizeof maxt);
  std::memcpy(at + sizeof maxt, &length, sizeof length);
  std::memcpy(at + kPackedHeader, chunk.data(), chunk.size());
  packed_ = std::move(grown);
  packed_bytes_ = static_cast<std::uint32_t>(size);
}

void Series::pack_raw() {
  if (raw_ == nullptr || raw_->count == 0) return;
  std::array<Timestamp, kRawSamples> times;
  for (std::size_t i = 0; i < raw_->count; ++i) times[i] = raw_->base + raw_->offsets[i];
  std::string& chunk = scratch();
  encode_float_chunk(std::span(times).first(raw_->count), std::span(raw_->values).first(raw_->count), chunk);
  add_packed(times[raw_->count - 1], chunk);
  packed_samples_ = static_cast<std::uint16_t>(packed_samples_ + raw_->count);
  raw_->count = 0;
}

const SealedChunk* Series::seal_packed() {
  if (packed_samples_ == 0) return nullptr;
  SampleColumns& all = scratch_columns();
  Result<void> done;
  for_each_packed({packed_.get(), packed_bytes_}, [&](Timestamp, std::string_view chunk, std::string_view) {
    if (done) done = decode_chunk(chunk, kMinTimestamp, kMaxTimestamp, all);
  });
  packed_.reset();
  packed_bytes_ = 0;
  packed_samples_ = 0;
  seal_at_ = kChunkSamples;
  // Our own bytes, but perhaps by way of a checkpoint: no reason to die if they are bad.
  if (!done || all.empty()) return nullptr;
  std::string& chunk = scratch();
  encode_float_chunk(all.timestamps, all.values, chunk);
  return push_sealed(all.timestamps.front(), all.timestamps.back(), all.size(), chunk);
}

const SealedChunk* Series::seal_histograms() {
  if (histograms_ == nullptr || histograms_->samples.empty()) return nullptr;
  std::string& chunk = scratch();
  auto& samples = histograms_->samples;
  encode(samples, chunk);
  const SealedChunk* sealed = push_sealed(samples.front().first, samples.back().first, samples.size(), chunk);
  samples.clear();
  return sealed;
}

const SealedChunk* Series::push_sealed(Timestamp mint, Timestamp maxt, std::size_t samples, std::string_view bytes) {
  auto chunk = std::make_unique<SealedChunk>();
  chunk->mint = mint;
  chunk->maxt = maxt;
  chunk->samples = static_cast<std::uint32_t>(samples);
  chunk->size = static_cast<std::uint32_t>(bytes.size());
  chunk->data.reset(new char[bytes.size()]);
  std::memcpy(chunk->data.get(), bytes.data(), bytes.size());
  chunk->older = sealed_;
  sealed_ = chunk.release();
  open_first_ = kMaxTimestamp;
  return sealed_;
}

const SealedChunk* Series::seal_now() {
  const std::lock_guard lock(lock_);
  pack_raw();
  raw_.reset();
  const SealedChunk* sealed = seal_packed();
  if (histograms_ != nullptr) {
    sealed = seal_histograms();
    histograms_.reset();
  }
  return sealed;
}

void Series::view(std::uint64_t snapshot, Timestamp mint, Timestamp maxt, MemoryView& out) {
  out.clear();
  const std::lock_guard lock(lock_);
  if (past_.sequence > snapshot) {
    out.visible_until = past_.newest;
    if (more_past_ != nullptr) {
      for (const Past& past : *more_past_) {
        if (past.sequence <= snapshot) continue;
        out.visible_until = past.newest;
        break;
      }
    }
  }
  out.first = open_first_;
  for (const SealedChunk* chunk = sealed_; chunk != nullptr; chunk = chunk->older) {
    out.first = chunk->mint;
    if (chunk->maxt >= mint && chunk->mint <= maxt) out.sealed.push_back(chunk);
  }
  if (open_first_ > maxt || last_time_.load(std::memory_order_relaxed) < mint) return;
  for_each_packed({packed_.get(), packed_bytes_}, [&](Timestamp newest, std::string_view, std::string_view entry) {
    if (newest >= mint) out.packed += entry;
  });
  if (raw_ != nullptr) {
    out.raw_count = raw_->count;
    for (std::size_t i = 0; i < raw_->count; ++i) {
      out.raw_times[i] = raw_->base + raw_->offsets[i];
      out.raw_values[i] = raw_->values[i];
    }
  }
  if (histograms_ != nullptr) out.histograms = histograms_->samples;
}

std::vector<const SealedChunk*> Series::sealed() {
  const std::lock_guard lock(lock_);
  std::vector<const SealedChunk*> chunks;
  for (const SealedChunk* chunk = sealed_; chunk != nullptr; chunk = chunk->older) chunks.push_back(chunk);
  std::reverse(chunks.begin(), chunks.end());
  return chunks;
}

Timestamp Series::memory_first() {
  const std::lock_guard lock(lock_);
  Timestamp first = open_first_;
  for (const SealedChunk* chunk = sealed_; chunk != nullptr; chunk = chunk->older) first = chunk->mint;
  return first;
}

SealedChunk* Series::take_sealed(const SealedChunk* newest, std::uint32_t file) {
  const std::lock_guard lock(lock_);
  last_file_ = file;
  SealedChunk** link = &sealed_;
  while (*link != nullptr && *link != newest) link = &(*link)->older;
  return std::exchange(*link, nullptr);
}

SealedChunk* Series::take_expired(Timestamp cutoff) {
  const std::lock_guard lock(lock_);
  SealedChunk** link = &sealed_;
  while (*link != nullptr && (*link)->maxt >= cutoff) link = &(*link)->older;
  return std::exchange(*link, nullptr);
}

void Series::save(std::string& out) {
  const std::lock_guard lock(lock_);
  put_svarint(out, first_time_.load(std::memory_order_relaxed));
  put_svarint(out, last_time_.load(std::memory_order_relaxed));
  put_raw(out, last_bits_.load(std::memory_order_relaxed));
  put_varint(out, last_file_);
  put_svarint(out, open_first_);
  put_varint(out, seal_at_);
  put_varint(out, packed_samples_);
  put_text(out, {packed_.get(), packed_bytes_});

  std::vector<const SealedChunk*> chunks;
  for (const SealedChunk* chunk = sealed_; chunk != nullptr; chunk = chunk->older) chunks.push_back(chunk);
  put_varint(out, chunks.size());
  for (auto it = chunks.rbegin(); it != chunks.rend(); ++it) {
    const SealedChunk* chunk = *it;
    put_svarint(out, chunk->mint);
    put_svarint(out, chunk->maxt);
    put_varint(out, chunk->samples);
    put_text(out, chunk->bytes());
  }
  // Open samples as one chunk.
  std::string& open = scratch();
  if (raw_ != nullptr && raw_->count != 0) {
    std::array<Timestamp, kRawSamples> times;
    for (std::size_t i = 0; i < raw_->count; ++i) times[i] = raw_->base + raw_->offsets[i];
    encode_float_chunk(std::span(times).first(raw_->count), std::span(raw_->values).first(raw_->count), open);
  } else if (histograms_ != nullptr && !histograms_->samples.empty()) {
    encode(histograms_->samples, open);
  }
  put_text(out, open);
}

Result<void> Series::restore(ByteReader& in) {
  const auto damaged = [] { return fail(ErrorCode::kCorruption, "the state of a series is damaged"); };
  first_time_ = in.svarint();
  last_time_ = in.svarint();
  last_bits_ = in.raw<std::uint64_t>();
  last_file_ = static_cast<std::uint32_t>(in.varint());
  open_first_ = in.svarint();
  seal_at_ = static_cast<std::uint16_t>(std::clamp<std::uint64_t>(in.varint(), kRawSamples, kChunkSamples));
  packed_samples_ = static_cast<std::uint16_t>(in.varint());
  const std::string_view packed = in.text();
  std::size_t samples = 0;
  bool good = packed.size() <= std::numeric_limits<std::uint32_t>::max();
  std::size_t covered = 0;
  for_each_packed(packed, [&](Timestamp, std::string_view chunk, std::string_view entry) {
    const auto info = chunk_info(chunk);
    good = good && info && info->kind == ChunkKind::kFloat;
    if (good) samples += info->samples;
    covered += entry.size();
  });
  if (!in.ok() || !good || samples != packed_samples_ || samples > kMaxChunkSamples || covered != packed.size()) {
    return damaged();
  }
  packed_bytes_ = static_cast<std::uint32_t>(packed.size());
  if (packed_bytes_ != 0) {
    packed_.reset(new char[packed.size()]);
    std::memcpy(packed_.get(), packed.data(), packed.size());
  }
  const Timestamp open_first = open_first_;
  const std::uint64_t chunks = in.varint();
  for (std::uint64_t i = 0; i < chunks && in.ok(); ++i) {
    const Timestamp mint = in.svarint();
    const Timestamp maxt = in.svarint();
    const std::uint64_t count = in.varint();
    const std::string_view bytes = in.text();
    if (!in.ok() || count > kMaxChunkSamples) return damaged();
    push_sealed(mint, maxt, count, bytes);
  }
  open_first_ = open_first;
  const std::string_view open = in.text();
  if (!in.ok()) return damaged();
  if (open.empty()) return {};
  SampleColumns columns;
  VIGIL_TRY_VOID(decode_chunk(open, kMinTimestamp, kMaxTimestamp, columns));
  if (!columns.histograms.empty()) {
    histograms_ = std::make_unique<HistogramBuffer>();
    for (const auto& [index, histogram] : columns.histograms) {
      histograms_->samples.emplace_back(columns.timestamps[index], histogram);
      histograms_->last = histogram;
    }
    return {};
  }
  if (columns.size() >= kRawSamples) return damaged();
  raw_ = std::make_unique<RawBuffer>();
  raw_->base = columns.timestamps.front();
  raw_->count = static_cast<std::uint32_t>(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    raw_->offsets[i] = static_cast<std::int32_t>(columns.timestamps[i] - raw_->base);
    raw_->values[i] = columns.values[i];
  }
  return {};
}

void Series::drop_through(Timestamp maxt, std::uint32_t file) {
  MemoryView rest;
  view(~std::uint64_t{0}, kMinTimestamp, kMaxTimestamp, rest);
  const Timestamp last = last_time();
  const std::uint64_t bits = last_bits();
  SampleColumns kept;
  // Our own bytes, checked when they were read: a failure here can only drop too much.
  if (maxt != kMaxTimestamp) static_cast<void>(rest.decode(maxt + 1, kMaxTimestamp, kept));
  while (sealed_ != nullptr) delete std::exchange(sealed_, sealed_->older);
  packed_.reset();
  packed_bytes_ = 0;
  packed_samples_ = 0;
  raw_.reset();
  histograms_.reset();
  open_first_ = kMaxTimestamp;
  last_file_ = std::max(last_file_, file);
  first_time_ = std::min(first_time_.load(), maxt);
  last_time_ = maxt;
  std::size_t next_histogram = 0;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (next_histogram < kept.histograms.size() && kept.histograms[next_histogram].first == i) {
      append(kept.timestamps[i], kept.histograms[next_histogram++].second, {});
    } else {
      append(kept.timestamps[i], kept.values[i], {});
    }
  }
  if (last >= maxt) last_bits_ = bits;
}

SeriesFootprint Series::footprint() {
  const std::lock_guard lock(lock_);
  SeriesFootprint size;
  size.samples = packed_samples_;
  size.heap_bytes = sizeof(Series) + pairs().size_bytes() + packed_bytes_;
  if (raw_ != nullptr) {
    size.samples += raw_->count;
    size.heap_bytes += sizeof(RawBuffer);
  }
  if (histograms_ != nullptr) {
    size.samples += histograms_->samples.size();
    for (const auto& [time, histogram] : histograms_->samples) {
      size.heap_bytes += sizeof(NativeHistogram) + 32 +
                         (histogram->positive_buckets.size() + histogram->negative_buckets.size()) * sizeof(double);
    }
  }
  for (const SealedChunk* chunk = sealed_; chunk != nullptr; chunk = chunk->older) {
    ++size.sealed_chunks;
    size.sealed_samples += chunk->samples;
    size.sealed_bytes += chunk->size;
    size.samples += chunk->samples;
    size.heap_bytes += sizeof(SealedChunk) + chunk->size;
  }
  if (has_labels_.load(std::memory_order_relaxed)) size.heap_bytes += labels_.byte_size();
  return size;
}

}  // namespace vigil::storage
