#include "vigil/model/labels.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "vigil/base/error.h"
#include "vigil/base/hash.h"
#include "vigil/base/strings.h"

namespace vigil {

// Header, then for each label: u32 name size, u32 value size, name bytes, value bytes.
// Sizes are memcpy'd: the bytes are not aligned.
struct Labels::Block {
  std::atomic<std::uint32_t> references;
  std::uint32_t count;
  std::uint64_t hash;
  std::uint64_t bytes;

  const char* data() const { return reinterpret_cast<const char*>(this + 1); }
  char* data() { return reinterpret_cast<char*>(this + 1); }
  std::string_view view() const { return {data(), bytes}; }
};

namespace {

constexpr std::size_t kSizes = 2 * sizeof(std::uint32_t);

std::uint32_t read_size(const char* at) {
  std::uint32_t size;
  std::memcpy(&size, at, sizeof size);
  return size;
}

}  // namespace

Labels Labels::from_sorted(std::span<const LabelView> sorted) {
  if (sorted.empty()) return {};
  std::size_t bytes = 0;
  for (const LabelView& label : sorted) bytes += kSizes + label.name.size() + label.value.size();
  void* memory = ::operator new(sizeof(Block) + bytes);
  auto* block = new (memory) Block{1, static_cast<std::uint32_t>(sorted.size()), 0, bytes};
  char* at = block->data();
  for (const LabelView& label : sorted) {
    const std::uint32_t sizes[2] = {static_cast<std::uint32_t>(label.name.size()),
                                    static_cast<std::uint32_t>(label.value.size())};
    std::memcpy(at, sizes, kSizes);
    at = std::copy_n(label.name.data(), label.name.size(), at + kSizes);
    at = std::copy_n(label.value.data(), label.value.size(), at);
  }
  block->hash = hash64(block->view());
  return Labels(block);
}

Labels Labels::from(std::vector<LabelView> labels) {
  std::stable_sort(labels.begin(), labels.end(),
                   [](const LabelView& a, const LabelView& b) { return a.name < b.name; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (i + 1 < labels.size() && labels[i + 1].name == labels[i].name) continue;  // the later one wins
    if (!labels[i].value.empty()) labels[kept++] = labels[i];
  }
  labels.resize(kept);
  return from_sorted(labels);
}

Labels::Labels(std::initializer_list<LabelView> labels) : Labels(from(std::vector<LabelView>(labels))) {}

Labels::Labels(const Labels& other) noexcept : block_(other.block_) {
  if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
}

Labels& Labels::operator=(const Labels& other) noexcept {
  Labels copy(other);
  std::swap(block_, copy.block_);
  return *this;
}

Labels& Labels::operator=(Labels&& other) noexcept {
  std::swap(block_, other.block_);
  return *this;
}

Labels::~Labels() {
  if (block_ != nullptr && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    block_->~Block();
    ::operator delete(block_);
  }
}

std::size_t Labels::size() const { return block_ == nullptr ? 0 : block_->count; }
std::uint64_t Labels::hash() const { return block_ == nullptr ? 0 : block_->hash; }
std::size_t Labels::byte_size() const { return block_ == nullptr ? 0 : sizeof(Block) + block_->bytes; }

std::string_view Labels::get(std::string_view name) const {
  for (const LabelView label : *this) {
    if (label.name == name) return label.value;
    if (label.name > name) break;
  }
  return {};
}

LabelView Labels::Iterator::operator*() const {
  const std::uint32_t name = read_size(at_);
  const std::uint32_t value = read_size(at_ + sizeof(std::uint32_t));
  const char* text = at_ + kSizes;
  return {{text, name}, {text + name, value}};
}

Labels::Iterator& Labels::Iterator::operator++() {
  at_ += kSizes + read_size(at_) + read_size(at_ + sizeof(std::uint32_t));
  return *this;
}

Labels::Iterator Labels::begin() const { return Iterator(block_ == nullptr ? nullptr : block_->data()); }
Labels::Iterator Labels::end() const { return Iterator(block_ == nullptr ? nullptr : block_->data() + block_->bytes); }

std::strong_ordering operator<=>(const Labels& a, const Labels& b) {
  if (a.block_ == b.block_) return std::strong_ordering::equal;
  return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
}

bool operator==(const Labels& a, const Labels& b) {
  if (a.block_ == b.block_) return true;
  if (a.block_ == nullptr || b.block_ == nullptr) return false;
  return a.block_->hash == b.block_->hash && a.block_->view() == b.block_->view();
}

std::string Labels::to_string() const {
  std::string out;
  const std::string_view name = metric_name();
  const bool bare = is_legacy_metric_name(name);
  if (bare) out += name;
  if (size() == (bare ? 1U : 0U) && bare) return out;
  out += '{';
  bool first = true;
  if (!name.empty() && !bare) {
    out += go_quote(name);
    first = false;
  }
  for (const LabelView label : *this) {
    if (label.name == kMetricName) continue;
    if (!first) out += ", ";
    first = false;
    out += is_legacy_label_name(label.name) ? std::string(label.name) : go_quote(label.name);
    out += '=';
    out += go_quote(label.value);
  }
  out += '}';
  return out;
}

Labels Labels::without(std::span<const std::string_view> names) const {
  std::vector<LabelView> kept;
  kept.reserve(size());
  for (const LabelView label : *this) {
    if (std::find(names.begin(), names.end(), label.name) == names.end()) kept.push_back(label);
  }
  return kept.size() == size() ? *this : from_sorted(kept);
}

Labels Labels::with_only(std::span<const std::string_view> names) const {
  std::vector<LabelView> kept;
  for (const LabelView label : *this) {
    if (std::find(names.begin(), names.end(), label.name) != names.end()) kept.push_back(label);
  }
  return kept.size() == size() ? *this : from_sorted(kept);
}

Labels Labels::without_name() const {
  const std::string_view names[] = {kMetricName};
  return without(names);
}

void LabelsBuilder::reset(const Labels& base) {
  pairs_.clear();
  for (const LabelView label : base) pairs_.emplace_back(label.name, label.value);
}

LabelsBuilder& LabelsBuilder::set(std::string_view name, std::string_view value) {
  const auto at = std::lower_bound(pairs_.begin(), pairs_.end(), name,
                                   [](const auto& pair, std::string_view wanted) { return pair.first < wanted; });
  const bool found = at != pairs_.end() && at->first == name;
  if (value.empty()) {
    if (found) pairs_.erase(at);
  } else if (found) {
    at->second = value;
  } else {
    pairs_.emplace(at, std::string(name), std::string(value));
  }
  return *this;
}

std::string_view LabelsBuilder::get(std::string_view name) const {
  for (const auto& [key, value] : pairs_) {
    if (key == name) return value;
  }
  return {};
}

Labels LabelsBuilder::build() const {
  std::vector<LabelView> views;
  views.reserve(pairs_.size());
  for (const auto& [name, value] : pairs_) views.push_back({name, value});
  return Labels::from_sorted(views);
}

namespace {
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
}  // namespace

bool is_legacy_label_name(std::string_view name) {
  if (name.empty() || !is_letter(name[0])) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

bool is_legacy_metric_name(std::string_view name) {
  if (name.empty() || (!is_letter(name[0]) && name[0] != ':')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c) || c == ':'; });
}

}  // namespace vigil
