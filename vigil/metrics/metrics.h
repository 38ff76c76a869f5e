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
// Thread-safety: all members from any thread. Updates never lock or allocate, except
// a thread's first of an instrument. Handles are small values, valid while the
// instrument lives; with() on a known label set does not lock or allocate either.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "vigil/base/clock.h"
#include "vigil/base/ticks.h"
#include "vigil/metrics/cells.h"
#include "vigil/metrics/family.h"
#include "vigil/metrics/registry.h"
#include "vigil/metrics/schema.h"

namespace vigil::metrics {

// In prepare(): every value of a closed label.
struct Each {};
inline constexpr Each each;

class CounterHandle {
 public:
  CounterHandle() = default;  // counts nowhere
  explicit CounterHandle(const internal::Series* series)
      : cells_(series == nullptr ? internal::kNoCell : series->cells) {}

  // False if a label value was refused: updates go nowhere.
  bool valid() const { return cells_ != internal::kNoCell; }

  void inc() const { internal::add(cells_, std::uint64_t{1}); }
  // Counters only go up: negative amounts and NaN are ignored.
  template <class N>
    requires std::is_arithmetic_v<N>
  void inc(N amount) const {
    if (!(amount > N{0})) return;
    if constexpr (std::is_integral_v<N>) {
      internal::add(cells_, static_cast<std::uint64_t>(amount));
    } else {
      internal::add(cells_ + 1, static_cast<double>(amount));
    }
  }
  // Sums over threads: for tests and reports, not for hot paths.
  double value() const;

 private:
  internal::CellId cells_ = internal::kNoCell;
};

class GaugeHandle {
 public:
  GaugeHandle() = default;  // goes nowhere
  explicit GaugeHandle(internal::Series* series) : value_(series == nullptr ? nullptr : &series->gauge) {}

  bool valid() const { return value_ != nullptr; }
  void set(double value) const {
    if (value_ != nullptr) value_->store(std::bit_cast<std::uint64_t>(value), std::memory_order_relaxed);
  }
  void add(double amount) const;
  void inc() const { add(1); }
  void dec() const { add(-1); }
  // NaN before the first set.
  double value() const;
  // Takes the series off the page until the next set.
  void clear() const {
    if (value_ != nullptr) value_->store(internal::kUnset, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t>* value_ = nullptr;
};

class HistogramTimer;

class HistogramHandle {
 public:
  HistogramHandle() = default;  // observes nothing
  HistogramHandle(const internal::Family& family, const internal::Series* series)
      : buckets_(&family.buckets()), cells_(series == nullptr ? internal::kNoCell : series->cells) {}

  bool valid() const { return cells_ != internal::kNoCell; }

  // NaN is counted in +Inf and makes the sum NaN, as in other clients.
  void observe(double value) const { update(value, value, 1); }
  void observe_n(double value, std::uint64_t times) const {
    if (times > 0) update(value, value * static_cast<double>(times), times);
  }

  // Measures until stop() or the end of the timer's scope, in seconds.
  HistogramTimer time() const;
  // The same on a Clock, for code that runs in virtual time.
  HistogramTimer time(const Clock& clock) const;

  std::uint64_t count() const;
  double sum() const;

 private:
  void update(double value, double amount, std::uint64_t times) const {
    if (cells_ == internal::kNoCell) [[unlikely]]
      return;
    const std::uint32_t bucket = buckets_->find(value);
    // One series' cells lie in one chunk, so one lookup serves both.
    if (internal::Cell* const sum = internal::find_cell(cells_)) [[likely]] {
      internal::bump(*sum, amount);
      internal::bump(sum[1 + bucket], times);
    } else {
      internal::add_slow(cells_, amount);
      internal::add_slow(cells_ + 1 + bucket, times);
    }
  }

  const internal::BucketIndex* buckets_ = nullptr;
  internal::CellId cells_ = internal::kNoCell;
};

// May be moved and stopped on any thread.
class [[nodiscard]] HistogramTimer {
 public:
  explicit HistogramTimer(HistogramHandle histogram, const Clock* clock = nullptr)
      : histogram_(histogram), clock_(clock), start_(read()) {}
  HistogramTimer(HistogramTimer&& other) noexcept
      : histogram_(other.histogram_),
        clock_(other.clock_),
        start_(other.start_),
        running_(std::exchange(other.running_, false)) {}
  HistogramTimer& operator=(HistogramTimer&&) = delete;
  ~HistogramTimer() { stop(); }

  // Observes and returns the seconds since construction; 0 after the first call.
  double stop() {
    if (!std::exchange(running_, false)) return 0;
    const double elapsed = seconds();
    histogram_.observe(elapsed);
    return elapsed;
  }
  void cancel() { running_ = false; }
  double seconds() const {
    const std::uint64_t end = read();
    return clock_ == nullptr ? Ticks::seconds(start_, end) : static_cast<double>(end - start_) * 1e-9;
  }

 private:
  std::uint64_t read() const {
    return clock_ == nullptr ? Ticks::now() : static_cast<std::uint64_t>(clock_->steady().count());
  }
  HistogramHandle histogram_;
  const Clock* clock_;
  std::uint64_t start_;
  bool running_ = true;
};

inline HistogramTimer HistogramHandle::time() const { return HistogramTimer(*this); }
inline HistogramTimer HistogramHandle::time(const Clock& clock) const { return HistogramTimer(*this, &clock); }

namespace internal {

// Joins the global registry, once, for the life of the process.
Family& attach_global(std::atomic<Family*>& family, const Description& description);

// What the three kinds share: declaration, label values, the way to the family.
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
        return std::string_view(value);
      }
    };
    const std::array<std::optional<std::string_view>, kArity> all{convert(values)...};
    family().prepare(all);
  }

  // Joins the registry now, so that the series of closed labels exist from the start.
  void declare() const { family(); }
  std::string_view name() const { return description_.name; }
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

  constexpr explicit Instrument(const Description& description) : description_(description) {}
  Instrument(RegistryRef registry, const Description& description)
      : description_(description),
        attachment_(new Attachment(registry.pointer == nullptr ? nullptr : registry.pointer->state(), description_)) {
    family_.store(attachment_->family.get(), std::memory_order_relaxed);
  }
  ~Instrument() = default;

  Family& family() const {
    Family* const known = family_.load(std::memory_order_acquire);
    if (known != nullptr) [[likely]]
      return *known;
    return attach_global(family_, description_);
  }

  template <class... V>
  Series* series(const V&... values) const {
    if constexpr (kArity == 0) {
      return family().only();
    } else {
      const std::array<std::string_view, kArity> all{std::string_view(values)...};
      return family().get(all);
    }
  }

 private:
  Description description_;
  mutable std::atomic<Family*> family_{nullptr};
  std::unique_ptr<Attachment> attachment_;
};

template <class T>
concept LabelValue = std::convertible_to<const T&, std::string_view>;

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
    return CounterHandle(Base::series(values...));
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
    return GaugeHandle(Base::series(values...));
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
    return HistogramHandle(Base::family(), Base::series(values...));
  }

  void observe(double value) const
    requires(sizeof...(Labels) == 0)
  {
    with().observe(value);
  }
  HistogramTimer time() const
    requires(sizeof...(Labels) == 0)
  {
    return with().time();
  }
};

// Joins several instruments declared at namespace scope to the global registry:
//   declare(requests, rtt);
template <class... I>
void declare(const I&... instruments) {
  (instruments.declare(), ...);
}

}  // namespace vigil::metrics
