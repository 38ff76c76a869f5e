// Label sets: the identity of a series.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vigil {

inline constexpr std::string_view kMetricName = "__name__";
inline constexpr std::string_view kAlertNameLabel = "alertname";
inline constexpr std::string_view kBucketLabel = "le";
inline constexpr std::string_view kQuantileLabel = "quantile";

struct LabelView {
  std::string_view name;
  std::string_view value;
  friend bool operator==(const LabelView&, const LabelView&) = default;
  friend auto operator<=>(const LabelView&, const LabelView&) = default;
};

// An immutable set of labels, sorted by name, without empty values. One pointer to
// a shared block of bytes: copies are cheap, the hash is computed once.
//
// Thread-safety: like a const std::shared_ptr target; distinct copies are independent.
// Views returned live as long as any copy of the set.
class Labels {
 public:
  Labels() = default;
  Labels(std::initializer_list<LabelView> labels);
  // `sorted` must be sorted by name, unique, without empty names or values.
  static Labels from_sorted(std::span<const LabelView> sorted);
  // Sorts; later duplicates of a name win; empty values are dropped.
  static Labels from(std::vector<LabelView> labels);

  Labels(const Labels& other) noexcept;
  Labels(Labels&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Labels& operator=(const Labels& other) noexcept;
  Labels& operator=(Labels&& other) noexcept;
  ~Labels();

  bool empty() const { return block_ == nullptr; }
  std::size_t size() const;
  // The value, or "" if absent (absent and empty are the same thing).
  std::string_view get(std::string_view name) const;
  std::string_view metric_name() const { return get(kMetricName); }
  bool has(std::string_view name) const { return !get(name).empty(); }

  // Equal sets have equal hashes within one process; never stored.
  std::uint64_t hash() const;

  class Iterator {
   public:
    using value_type = LabelView;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    explicit Iterator(const char* at) : at_(at) {}
    LabelView operator*() const;
    Iterator& operator++();
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const char* at_ = nullptr;
  };
  Iterator begin() const;
  Iterator end() const;

  // Prometheus' order: label by label, name then value, shorter first.
  friend std::strong_ordering operator<=>(const Labels& a, const Labels& b);
  friend bool operator==(const Labels& a, const Labels& b);

  // `name{a="b", c="d"}` as Prometheus prints a series: legacy-invalid names quoted.
  std::string to_string() const;

  // Copies without / with only the names given (any order).
  Labels without(std::span<const std::string_view> names) const;
  Labels with_only(std::span<const std::string_view> names) const;
  Labels without_name() const;  // drops __name__

  // Bytes on the heap of this set, shared by all copies.
  std::size_t byte_size() const;

 private:
  struct Block;
  explicit Labels(Block* block) : block_(block) {}
  Block* block_ = nullptr;
};

// Changes a label set step by step. Setting a value to "" deletes the label.
class LabelsBuilder {
 public:
  LabelsBuilder() = default;
  explicit LabelsBuilder(const Labels& base) { reset(base); }

  void reset(const Labels& base);
  LabelsBuilder& set(std::string_view name, std::string_view value);
  LabelsBuilder& erase(std::string_view name) { return set(name, ""); }
  std::string_view get(std::string_view name) const;
  // Current content, sorted.
  const std::vector<std::pair<std::string, std::string>>& pairs() const { return pairs_; }
  Labels build() const;

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;  // sorted by name
};

// [a-zA-Z_][a-zA-Z0-9_]*
bool is_legacy_label_name(std::string_view name);
// [a-zA-Z_:][a-zA-Z0-9_:]*
bool is_legacy_metric_name(std::string_view name);

struct LabelsHash {
  std::size_t operator()(const Labels& labels) const { return labels.hash(); }
};

}  // namespace vigil
