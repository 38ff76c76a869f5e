// A counter of wei, exact to the wei inside and rounded once, when it is read:
// adding doubles would lose the small amounts beside the large sum, and the identity
// deposits - costs - withdrawals = balance with them.
//
//   WeiCounter<catalog::kErc4337SponsoredGasCostWei> cost{registry};
//   cost.add(amount, "main");
//
// Closed labels exist at 0 from construction; beyond max_label_sets open labels are
// "other". One for each registry and definition.
//
// Thread-safety: any thread; each call takes the lock.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "packs/l2/units.h"
#include "vigil/base/mutex.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::l2 {

template <const auto& Definition>
class WeiCounter {
  static constexpr std::size_t kArity = metrics::InstrumentOf<Definition>::kArity;
  using Values = std::array<std::string, kArity>;

 public:
  explicit WeiCounter(metrics::RegistryRef registry)
      : collector_(registry, Definition.describe(), [this](metrics::CollectorSink& sink) { collect(sink); }) {
    if (!std::ranges::any_of(kClosed, [](const auto& values) { return values.empty(); })) prepare_closed({}, 0);
  }

  template <class... V>
    requires(sizeof...(V) == kArity)
  void add(Wei amount, const V&... values) {
    Values key{std::string(values)...};
    MutexLock lock(mutex_);
    auto found = totals_.find(key);
    if (found == totals_.end() && totals_.size() + 1 >= Definition.options.max_label_sets) {
      for (std::size_t i = 0; i < kArity; ++i) {
        if (kClosed[i].empty()) key[i] = "other";
      }
    }
    totals_[std::move(key)] += amount;
  }

 private:
  static constexpr auto kClosed = [] {
    std::array<std::span<const std::string_view>, kArity> closed;
    for (std::size_t i = 0; i < kArity; ++i) {
      for (const metrics::ClosedLabel& label : Definition.options.closed) {
        if (label.name == metrics::InstrumentOf<Definition>::kLabels[i]) closed[i] = label.values;
      }
    }
    return closed;
  }();

  void prepare_closed(Values key, std::size_t label) {
    if (label == kArity) {
      MutexLock lock(mutex_);
      totals_.emplace(std::move(key), 0);
      return;
    }
    for (const std::string_view value : kClosed[label]) {
      key[label] = value;
      prepare_closed(key, label + 1);
    }
  }

  void collect(metrics::CollectorSink& sink) {
    MutexLock lock(mutex_);
    for (const auto& [values, total] : totals_) {
      std::apply([&](const auto&... value) { sink.point({std::string_view(value)...}, static_cast<double>(total)); },
                 values);
    }
  }

  Mutex mutex_;
  std::map<Values, Wei> totals_ GUARDED_BY(mutex_);
  metrics::Collector collector_;  // reads totals_, so it goes first
};

}  // namespace vigil::packs::l2
