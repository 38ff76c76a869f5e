// Compile-time parts of an instrument: label names, closed value sets, bucket
// bounds, and names that are checked where they are written.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>

#include "vigil/base/time.h"
#include "vigil/model/sample.h"

namespace vigil::metrics {

// A string literal as a template argument.
template <std::size_t N>
struct FixedString {
  char text[N]{};
  consteval FixedString(const char (&literal)[N]) {
    std::copy_n(literal, N, text);
  }  // NOLINT(google-explicit-constructor)
  constexpr std::string_view view() const { return {text, N - 1}; }
};

// [a-zA-Z_][a-zA-Z0-9_]*, and ':' where `colon` is set. Labels starting with "__" are reserved.
constexpr bool is_plain_name(std::string_view name, bool colon) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::ranges::all_of(name, [colon](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (colon && c == ':');
  });
}
constexpr bool is_good_label_name(std::string_view name) {
  return is_plain_name(name, false) && !name.starts_with("__");
}

// A metric name; a literal that is not a valid one does not compile.
struct Name {
  std::string_view text;
  consteval Name(const char* literal) : text(literal) {  // NOLINT(google-explicit-constructor)
    if (!is_plain_name(text, true)) throw "not a valid metric name";
  }
};

// The same for counters, whose names end in "_total".
struct CounterName {
  std::string_view text;
  consteval CounterName(const char* literal) : text(Name(literal).text) {  // NOLINT(google-explicit-constructor)
    if (!text.ends_with("_total")) throw "the name of a counter ends in _total";
  }
};

// The same for info metrics, whose names end in "_info".
struct InfoName {
  std::string_view text;
  consteval InfoName(const char* literal) : text(Name(literal).text) {  // NOLINT(google-explicit-constructor)
    if (!text.ends_with("_info")) throw "the name of an info metric ends in _info";
  }
};

// A label whose values are known in advance: their series exist from the start at
// 0 (counters, histograms), and no other value is accepted.
struct ClosedLabel {
  std::string_view name;
  std::span<const std::string_view> values;
};

// Of one histogram, without +Inf.
inline constexpr std::size_t kMaxBounds = 500;

namespace internal {
template <FixedString... Values>
inline constexpr std::array<std::string_view, sizeof...(Values)> kStrings{Values.view()...};

template <double... Bounds>
struct BoundsOf {
  static constexpr std::array<double, sizeof...(Bounds)> kBounds{Bounds...};
  static_assert(std::ranges::adjacent_find(kBounds, std::greater_equal<double>{}) == kBounds.end(),
                "bucket bounds must ascend");
  static_assert(sizeof...(Bounds) <= kMaxBounds, "too many buckets");
  static_assert(((Bounds < std::numeric_limits<double>::infinity()) && ...), "+Inf is implied");
};
}  // namespace internal

// closed<"result", "approve", "reject">
template <FixedString Label, FixedString... Values>
inline constexpr ClosedLabel closed{Label.view(), internal::kStrings<Values...>};

// Exponential buckets of a native histogram: bucket bounds grow by 2^(2^-schema), 9 % at
// schema 3, and need not be chosen in advance.
struct NativeLayout {
  int schema = 3;                    // -4..8; lowered by itself when a series outgrows max_buckets
  double zero_threshold = 0x1p-128;  // observations this near to 0 share one bucket
  std::uint32_t max_buckets = 160;   // of a series, rounded down to whole pages of 16; at most 512
};

// How a histogram divides its observations: by given bounds, exponentially, or both.
struct Layout {
  std::span<const double> bounds{};  // upper bounds, ascending; +Inf is implied
  bool has_native = false;
  NativeLayout native{};

  // buckets<0.1, 0.5, 1>.with_native()
  constexpr Layout with_native(NativeLayout layout = {}) const { return {bounds, true, layout}; }
};

// buckets<0.1, 0.5, 1>
template <double... Bounds>
inline constexpr Layout buckets{internal::BoundsOf<Bounds...>::kBounds, false, {}};

// Native buckets only: text formats show count and sum, protobuf the buckets.
constexpr Layout native(int schema = 3) { return Layout{}.with_native({.schema = schema}); }

// Seconds of an ordinary request, as Prometheus clients have them.
inline constexpr Layout kDefaultBuckets = buckets<0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0>;

inline constexpr std::uint32_t kDefaultMaxLabelSets = 99;
inline constexpr std::size_t kMaxLabels = 32;  // of one instrument

struct Options {
  std::array<ClosedLabel, 6> closed{};
  // Label sets a family may hold, the overflow set included. Beyond it every new set is
  // counted under one whose open labels say "other".
  std::uint32_t max_label_sets = kDefaultMaxLabelSets;
  // Label sets without an update for this long leave the page and make room for others, as
  // seen by the visits of the registry; 0: never. Ignored where all labels are closed.
  Duration expire_after = 0;
  // OpenMetrics unit, e.g. "seconds"; the name must end in "_" + unit (before "_total").
  std::string_view unit{};
};

// What an instrument is: the same for every registry it is shown in. A catalogue is
// an array of these.
struct Description {
  MetricType type = MetricType::kUnknown;
  std::string_view name;
  std::string_view help;
  std::span<const std::string_view> labels{};
  Layout layout{};
  Options options{};
};

template <FixedString... Labels>
class Counter;
template <FixedString... Labels>
class Gauge;
template <FixedString... Labels>
class Histogram;
template <FixedString... Labels>
class Info;
template <FixedString... States>
class StateSet;

// Definitions: an instrument without a registry, for catalogues that declare each
// metric once and create it where it is needed:
//   inline constexpr CounterDef<"result"> kVotes{"votes_total", "Votes cast."};
//   InstrumentOf<kVotes> votes{registry, kVotes};
template <FixedString... Labels>
struct CounterDef {
  using Instrument = Counter<Labels...>;
  CounterName name;
  std::string_view help;
  Options options{};
  constexpr Description describe() const {
    return {MetricType::kCounter, name.text, help, internal::kStrings<Labels...>, {}, options};
  }
};
template <FixedString... Labels>
struct GaugeDef {
  using Instrument = Gauge<Labels...>;
  Name name;
  std::string_view help;
  Options options{};
  constexpr Description describe() const {
    return {MetricType::kGauge, name.text, help, internal::kStrings<Labels...>, {}, options};
  }
};
template <FixedString... Labels>
struct HistogramDef {
  using Instrument = Histogram<Labels...>;
  Name name;
  std::string_view help;
  Layout layout = kDefaultBuckets;
  Options options{};
  constexpr Description describe() const {
    return {MetricType::kHistogram, name.text, help, internal::kStrings<Labels...>, layout, options};
  }
};
template <FixedString... Labels>
struct InfoDef {
  using Instrument = Info<Labels...>;
  InfoName name;
  std::string_view help;
  constexpr Description describe() const {
    return {MetricType::kInfo, name.text, help, internal::kStrings<Labels...>, {}, {}};
  }
};
template <const auto& Definition>
using InstrumentOf = typename std::remove_cvref_t<decltype(Definition)>::Instrument;

}  // namespace vigil::metrics
