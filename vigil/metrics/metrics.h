// Instruments: counters, gauges and histograms with labels.
//
//   using namespace vigil::metrics;
//   inline constinit Counter<"method", "code"> requests{"http_requests_total", "Requests served."};
//   inline constinit Histogram<"peer"> rtt{"rtt_seconds", "Round trip.", buckets<0.01, 0.1, 1.0>};
//
//   auto ok = requests.with("GET", "200");   // once
//   ok.inc();                                 // a nanosecond
//   auto timer = rtt.with("p1").time();       // observes seconds when it goes out of scope
//
// Declared like this, at namespace scope, an instrument belongs to Registry::global(),
// which it joins at its first use or by declare(). One that is given a registry is
// shown there from construction to destruction:
//   Counter<"reason"> dropped_{registry, "vigil_scrape_dropped_total", "Scrapes not done."};
// Instruments of equal name and schema in one registry share their series.
//
// Label names and their number are checked when compiling. Without labels the
// instrument is its own handle: restarts.inc().
//
// Closed labels (values known in advance) create their series at 0 at once if all
// labels are closed, else by prepare(): otherwise the first event is invisible to
// increase(). Gauges appear at their first set.
//
// Histograms have classic buckets, native ones (exponential, Prometheus' sparse format),
// or both at once: buckets<0.1, 1.0>.with_native(), native(8).
//
// Label sets that come and go (peers, accounts): {.expire_after = 10 * kMinute} takes idle
// ones off the page, remove() does it by hand; handles never dangle.
//
// Thread-safety: all members from any thread. with() on a known label set does not lock
// or allocate; of handles see handles.h.
#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>

#include "vigil/metrics/family.h"
#include "vigil/metrics/handles.h"
#include "vigil/metrics/registry.h"
#include "vigil/metrics/schema.h"
#include "vigil/metrics/timer.h"

namespace vigil::metrics {

// In prepare(): every value of a closed label.
struct Each {};
inline constexpr Each each;

namespace internal {

// Joins the global registry, once, for the life of the process.
Family& attach_global(std::atomic<Family*>& family, const Description& description);

// An instrument's family: the global registry's, joined at the first use, or that of the
// registry it was made with.
class FamilyRef {
 public:
  constexpr explicit FamilyRef(const Description& description) : description_(description) {}
  FamilyRef(RegistryRef registry, const Description& description)
      : description_(description),
        attachment_(new Attachment(registry.pointer == nullptr ? nullptr : registry.pointer->state(), description_)) {
    family_.store(attachment_->family.get(), std::memory_order_relaxed);
  }

  Family& get() const {
    Family* const known = family_.load(std::memory_order_acquire);
    if (known != nullptr) [[likely]]
      return *known;
    return attach_global(family_, description_);
  }
  const Description& description() const { return description_; }

 private:
  Description description_;
  mutable std::atomic<Family*> family_{nullptr};
  std::unique_ptr<Attachment> attachment_;
};

// Text, or an enumeration whose to_string() is found beside it.
template <class T>
concept LabelValue = std::convertible_to<const T&, std::string_view> || (std::is_enum_v<T> && requires(T value) {
                       { to_string(value) } -> std::convertible_to<std::string_view>;
                     });
template <LabelValue T>
std::string_view label_value(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    return to_string(value);
  } else {
    return value;
  }
}

// What the kinds share: declaration, label values, the way to the family.
template <FixedString... Labels>
class Instrument {
 public:
  static constexpr std::size_t kArity = sizeof...(Labels);
  static constexpr const std::array<std::string_view, kArity>& kLabels = kStrings<Labels...>;

  Instrument(const Instrument&) = delete;
  Instrument& operator=(const Instrument&) = delete;

  // Creates series at 0: prepare(each, "1") makes one for every value of the first
  // label, which must be closed. No effect on gauges.
  template <class... V>
    requires(sizeof...(V) == kArity)
  void prepare(const V&... values) const {
    const auto convert = []<class T>(const T& value) -> std::optional<std::string_view> {
      if constexpr (std::is_same_v<T, Each>) {
        return std::nullopt;
      } else {
        return internal::label_value(value);
      }
    };
    const std::array<std::optional<std::string_view>, kArity> all{convert(values)...};
    family().prepare(all);
  }

  // Takes a label set off the page, in constant time; true if it was there. Its handles
  // stay safe to use: an update through one starts the label set again at 0.
  template <LabelValue... V>
    requires(sizeof...(V) == kArity && kArity > 0)
  bool remove(const V&... values) const {
    const std::array<std::string_view, kArity> all{label_value(values)...};
    return family().remove(all);
  }

  // Joins the registry now, so that the series of closed labels exist from the start.
  void declare() const { family(); }
  std::string_view name() const { return family_.description().name; }
  // Label sets alive, overflow included.
  std::size_t size() const { return family().size(); }

 protected:
  static_assert(kArity <= kMaxLabels, "too many labels");
  static_assert((is_good_label_name(Labels.view()) && ...), "not a valid label name");
  static_assert(
      [] {
        auto sorted = kLabels;
        std::ranges::sort(sorted);
        return std::ranges::adjacent_find(sorted) == sorted.end();
      }(),
      "a label name appears twice");

  constexpr explicit Instrument(const Description& description) : family_(description) {}
  Instrument(RegistryRef registry, const Description& description) : family_(registry, description) {}
  ~Instrument() = default;

  Family& family() const { return family_.get(); }

  template <class... V>
  Target target(const V&... values) const {
    if constexpr (kArity == 0) {
      return family().only();
    } else {
      const std::array<std::string_view, kArity> all{label_value(values)...};
      return family().get(all);
    }
  }

 private:
  FamilyRef family_;
};

}  // namespace internal

template <FixedString... Labels>
class Counter : public internal::Instrument<Labels...> {
  using Base = internal::Instrument<Labels...>;

 public:
  using Definition = CounterDef<Labels...>;

  constexpr explicit Counter(const Definition& definition) : Base(definition.describe()) {}
  Counter(RegistryRef registry, const Definition& definition) : Base(registry, definition.describe()) {}
  constexpr Counter(CounterName name, std::string_view help, Options options = {})
      : Counter(Definition{name, help, options}) {}
  Counter(RegistryRef registry, CounterName name, std::string_view help, Options options = {})
      : Counter(registry, Definition{name, help, options}) {}

  template <internal::LabelValue... V>
    requires(sizeof...(V) == sizeof...(Labels))
  CounterHandle with(const V&... values) const {
    return CounterHandle(Base::target(values...));
  }

  void inc() const
    requires(sizeof...(Labels) == 0)
  {
    with().inc();
  }
  template <class N>
    requires(sizeof...(Labels) == 0 && std::is_arithmetic_v<N>)
  void inc(N amount) const {
    with().inc(amount);
  }
  double value() const
    requires(sizeof...(Labels) == 0)
  {
    return with().value();
  }
};

template <FixedString... Labels>
class Gauge : public internal::Instrument<Labels...> {
  using Base = internal::Instrument<Labels...>;

 public:
  using Definition = GaugeDef<Labels...>;

  constexpr explicit Gauge(const Definition& definition) : Base(definition.describe()) {}
  Gauge(RegistryRef registry, const Definition& definition) : Base(registry, definition.describe()) {}
  constexpr Gauge(Name name, std::string_view help, Options options = {}) : Gauge(Definition{name, help, options}) {}
  Gauge(RegistryRef registry, Name name, std::string_view help, Options options = {})
      : Gauge(registry, Definition{name, help, options}) {}

  template <internal::LabelValue... V>
    requires(sizeof...(V) == sizeof...(Labels))
  GaugeHandle with(const V&... values) const {
    return GaugeHandle(Base::target(values...));
  }

  void set(double value) const
    requires(sizeof...(Labels) == 0)
  {
    with().set(value);
  }
  void add(double amount) const
    requires(sizeof...(Labels) == 0)
  {
    with().add(amount);
  }
  void inc() const
    requires(sizeof...(Labels) == 0)
  {
    with().add(1);
  }
  void dec() const
    requires(sizeof...(Labels) == 0)
  {
    with().add(-1);
  }
  double value() const
    requires(sizeof...(Labels) == 0)
  {
    return with().value();
  }
};

template <FixedString... Labels>
class Histogram : public internal::Instrument<Labels...> {
  using Base = internal::Instrument<Labels...>;
  static_assert(((Labels.view() != "le") && ...), "\"le\" is the label of the buckets");

 public:
  using Definition = HistogramDef<Labels...>;

  constexpr explicit Histogram(const Definition& definition) : Base(definition.describe()) {}
  Histogram(RegistryRef registry, const Definition& definition) : Base(registry, definition.describe()) {}
  constexpr Histogram(Name name, std::string_view help, Layout layout = kDefaultBuckets, Options options = {})
      : Histogram(Definition{name, help, layout, options}) {}
  Histogram(RegistryRef registry, Name name, std::string_view help, Layout layout = kDefaultBuckets,
            Options options = {})
      : Histogram(registry, Definition{name, help, layout, options}) {}

  template <internal::LabelValue... V>
    requires(sizeof...(V) == sizeof...(Labels))
  HistogramHandle with(const V&... values) const {
    return HistogramHandle(Base::target(values...));
  }

  void observe(double value) const
    requires(sizeof...(Labels) == 0)
  {
    with().observe(value);
  }
  void observe(double value, const TraceContext& trace) const
    requires(sizeof...(Labels) == 0)
  {
    with().observe(value, trace);
  }
  HistogramTimer time() const
    requires(sizeof...(Labels) == 0)
  {
    return with().time();
  }
};

// What a program is: one label set, always 1 (OpenMetrics 1.0, "Info").
//   inline constinit Info<"version", "revision"> build{"myapp_build_info", "Build."};
//   build.set("1.2", "abc");
template <FixedString... Labels>
class Info : public internal::Instrument<Labels...> {
  using Base = internal::Instrument<Labels...>;
  static_assert(sizeof...(Labels) > 0, "an info metric is its labels");

 public:
  using Definition = InfoDef<Labels...>;

  constexpr explicit Info(const Definition& definition) : Base(definition.describe()) {}
  Info(RegistryRef registry, const Definition& definition) : Base(registry, definition.describe()) {}
  constexpr Info(InfoName name, std::string_view help) : Info(Definition{name, help}) {}
  Info(RegistryRef registry, InfoName name, std::string_view help) : Info(registry, Definition{name, help}) {}

  // Replaces what was set before.
  template <internal::LabelValue... V>
    requires(sizeof...(V) == sizeof...(Labels))
  void set(const V&... values) const {
    const internal::Target target = Base::target(values...);
    GaugeHandle(target).set(1);
    Base::family().clear_others(target.series);
  }
};

// Which of a few states hold: one series a state, 1 or 0 (OpenMetrics 1.0, "StateSet").
//   inline constinit StateSet<"leader", "follower"> role{"node_role", "What the node is."};
//   role.set("leader");                 // exactly this one
//   role.set("follower", true);         // this one too
template <FixedString... States>
class StateSet {
  static_assert(sizeof...(States) > 0, "a state set has states");

 public:
  constexpr StateSet(Name name, std::string_view help) : label_{name.text}, family_{describe(help)} {}
  StateSet(RegistryRef registry, Name name, std::string_view help)
      : label_{name.text}, family_(registry, describe(help)) {}

  // True if there is such a state.
  bool set(std::string_view state) const {
    if (!known(state)) return false;
    for (const std::string_view one : internal::kStrings<States...>) set(one, one == state);
    return true;
  }
  bool set(std::string_view state, bool holds) const {
    if (!known(state)) return false;
    const std::array<std::string_view, 1> values{state};
    GaugeHandle(family_.get().get(values)).set(holds ? 1 : 0);
    return true;
  }
  void declare() const { family_.get(); }

 private:
  static constexpr bool known(std::string_view state) { return ((States.view() == state) || ...); }
  constexpr Description describe(std::string_view help) const {
    Options options;
    options.closed[0] = {label_[0], internal::kStrings<States...>};
    // OpenMetrics wants the label to be named like the metric.
    return {MetricType::kStateSet, label_[0], help, label_, {}, options};
  }

  std::array<std::string_view, 1> label_;
  internal::FamilyRef family_;
};

// Joins several instruments declared at namespace scope to the global registry:
//   declare(requests, rtt);
template <class... I>
void declare(const I&... instruments) {
  (instruments.declare(), ...);
}

}  // namespace vigil::metrics
