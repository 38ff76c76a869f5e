// An instrument whose labels are all closed, recorded by enumerators:
//
//   inline constexpr CounterDef<"state"> kJobs{"jobs_total", "Jobs.", {.closed = {closed<"state", "done", "lost">}}};
//   enum class State : std::uint8_t { kDone, kLost };   // in the order of the closed values
//   ByEnum<kJobs, State> jobs{registry};
//   jobs(State::kDone).inc();
//
// A value outside the set cannot be written, and the handles lie in an array: a
// record is an index and an update, for events that come by the million.
//
// Thread-safety: as the instruments of metrics.h.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "vigil/metrics/metrics.h"

namespace vigil::metrics {

template <const auto& Definition, class... Enums>
class ByEnum {
  static_assert((std::is_enum_v<Enums> && ...));
  using Instrument = InstrumentOf<Definition>;
  static_assert(Instrument::kArity == sizeof...(Enums), "one enum for each label");

  static constexpr std::span<const std::string_view> values_of(std::size_t label) {
    for (const ClosedLabel& closed : Definition.options.closed) {
      if (closed.name == Instrument::kLabels[label]) return closed.values;
    }
    return {};
  }
  static constexpr std::array<std::size_t, sizeof...(Enums)> kSizes = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array{values_of(I).size()...};
  }(std::index_sequence_for<Enums...>());
  static constexpr std::size_t kCount = [] {
    std::size_t count = 1;
    for (const std::size_t size : kSizes) count *= size;
    return count;
  }();
  static_assert(kCount > 0, "every label must be closed");

 public:
  explicit ByEnum(RegistryRef registry) : instrument_(registry, Definition) {
    for (std::size_t i = 0; i < kCount; ++i) handles_[i] = handle(i, std::index_sequence_for<Enums...>());
  }

  const auto& operator()(Enums... values) const {
    std::size_t index = 0;
    std::size_t label = 0;
    ((index = index * kSizes[label++] + static_cast<std::size_t>(values)), ...);
    return handles_[index];
  }

 private:
  template <std::size_t... I>
  auto handle(std::size_t index, std::index_sequence<I...>) const {
    std::array<std::string_view, sizeof...(Enums)> values;
    for (std::size_t label = sizeof...(Enums); label-- > 0; index /= kSizes[label]) {
      values[label] = values_of(label)[index % kSizes[label]];
    }
    return instrument_.with(values[I]...);
  }

  using Handle = decltype(std::declval<const Instrument&>().with((static_cast<void>(sizeof(Enums)), "")...));

  Instrument instrument_;
  std::array<Handle, kCount> handles_;
};

}  // namespace vigil::metrics
