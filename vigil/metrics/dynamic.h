// Instruments whose names come from outside: from configuration, another language, a
// library with metrics of its own. What compilers check of the typed ones (metrics.h) is
// checked here when a family is made.
//
//   const std::array<std::string_view, 1> labels{"method"};
//   VIGIL_TRY(auto calls, DynamicFamily::make(registry, {.type = MetricType::kCounter,
//                                                        .name = "calls_total", .help = "Calls.", .labels = labels}));
//   calls.with({"eth_call"}).counter().inc();
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>

#include "vigil/base/error.h"
#include "vigil/metrics/handles.h"
#include "vigil/metrics/registry.h"
#include "vigil/metrics/schema.h"

namespace vigil::metrics {

// One label set of a DynamicFamily. Its handle is of the family's kind: the others, and
// those of values that a closed label does not have, go nowhere (valid() is false).
class DynamicSeries {
 public:
  bool valid() const { return target_.series != nullptr; }
  // The family was at its cap: this is "other".
  bool overflow() const;

  CounterHandle counter() const { return CounterHandle(of(MetricType::kCounter)); }
  GaugeHandle gauge() const { return GaugeHandle(of(MetricType::kGauge)); }
  HistogramHandle histogram() const { return HistogramHandle(of(MetricType::kHistogram)); }

 private:
  friend class DynamicFamily;
  explicit DynamicSeries(const internal::Target& target) : target_(target) {}
  internal::Target of(MetricType type) const {
    return valid() && target_.family->type() == type ? target_ : internal::Target{};
  }

  internal::Target target_;
};

// Shown by the registry from construction to destruction; families of equal name and
// schema share their series. Handles live as long as the family.
//
// Thread-safety: any thread. Finding a known label set does not lock or allocate.
class DynamicFamily {
 public:
  // A counter, gauge or histogram; the registry may be null. `description` is copied. Fails
  // (kInvalidArgument) for a name or label that is not valid, bounds that do not ascend, and
  // a name that is taken by another kind of metric.
  static Result<DynamicFamily> make(RegistryRef registry, const Description& description);

  MetricType type() const { return family().type(); }
  // As shown: with the registry's prefix.
  std::string_view name() const { return family().name(); }
  // Label sets alive, "other" included.
  std::size_t size() const { return family().size(); }

  // `values`: as many as labels, in their order.
  DynamicSeries with(std::span<const std::string_view> values) const;
  DynamicSeries with(std::initializer_list<std::string_view> values) const { return with(std::span(values)); }

  // Takes a label set off the page; true if it was there.
  bool remove(std::span<const std::string_view> values) const;

 private:
  explicit DynamicFamily(std::unique_ptr<internal::Attachment> attachment) : attachment_(std::move(attachment)) {}
  internal::Family& family() const { return *attachment_->family; }

  std::unique_ptr<internal::Attachment> attachment_;
};

}  // namespace vigil::metrics
