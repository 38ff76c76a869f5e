// For tests of packs: what a recording API put into a registry, against the catalogue.
//
//   call_everything(metrics);
//   expect_all_recorded(registry, catalog::kAll);
//   EXPECT_EQ(Snapshot(registry).value("votes_total{result=\"approve\"}"), 1);
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/exposition/page_writer.h"
#include "vigil/exposition/validate.h"
#include "vigil/metrics/registry.h"
#include "vigil/metrics/schema.h"

namespace vigil::packs::testing {

// The values of a registry at one time: "name{labels}" -> value; a histogram has
// "name_count{labels}" and "name_sum{labels}".
class Snapshot final : public metrics::Visitor {
 public:
  explicit Snapshot(const metrics::Registry& registry) { registry.visit(*this); }

  void begin_family(const metrics::FamilyView& family) override { name_ = family.name; }
  void point(std::string_view labels, const metrics::PointView& point) override {
    add(labels, point.value != 0);
    values_[name_ + "{" + std::string(labels) + "}"] = point.value;
  }
  void histogram(std::string_view labels, const metrics::HistogramView& value) override {
    add(labels, value.count > 0);
    values_[name_ + "_count{" + std::string(labels) + "}"] = static_cast<double>(value.count);
    values_[name_ + "_sum{" + std::string(labels) + "}"] = value.sum;
  }

  std::optional<double> value(const std::string& series) const {
    const auto found = values_.find(series);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
  }
  // Families of the page, and those of them in which something is recorded.
  const std::set<std::string>& families() const { return families_; }
  const std::set<std::string>& recorded() const { return recorded_; }
  // Label sets by family.
  const std::map<std::string, std::size_t>& label_sets() const { return label_sets_; }

 private:
  void add(std::string_view labels, bool recorded) {
    if (name_.starts_with("vigil_")) return;  // the registry's own
    families_.insert(name_);
    if (recorded) recorded_.insert(name_);
    EXPECT_TRUE(seen_.insert(name_ + "{" + std::string(labels)).second) << name_ << " has {" << labels << "} twice";
    ++label_sets_[name_];
  }

  std::string name_;
  std::map<std::string, double> values_;
  std::set<std::string> families_, recorded_, seen_;
  std::map<std::string, std::size_t> label_sets_;
};

inline std::set<std::string> names_of(std::span<const metrics::Description> catalogue) {
  std::set<std::string> names;
  for (const metrics::Description& metric : catalogue) names.insert(std::string(metric.name));
  return names;
}

// After every function of the recording API was called: each metric of the catalogue
// is there and recorded, nothing else is, and scrapers accept the page.
inline void expect_all_recorded(const metrics::Registry& registry, std::span<const metrics::Description> catalogue) {
  const Snapshot snapshot(registry);
  EXPECT_EQ(snapshot.families(), names_of(catalogue));
  EXPECT_EQ(snapshot.recorded(), names_of(catalogue));
  EXPECT_EQ(registry.problems(), std::vector<std::string>{});
}

// Strict parsers of both text formats accept the page.
inline void expect_strict_page(const metrics::Registry& registry) {
  const auto open = exposition::validate_openmetrics(exposition::page_text(registry, exposition::Format::kOpenMetrics));
  EXPECT_TRUE(open.has_value()) << open.error().message();
  const auto text = exposition::validate_prometheus_text(exposition::page_text(registry, exposition::Format::kText));
  EXPECT_TRUE(text.has_value()) << text.error().message();
}

// Before anything is recorded: counters and histograms of closed labels are there at
// 0, gauges are not, except those named.
inline void expect_fresh(const metrics::Registry& registry, std::span<const metrics::Description> catalogue,
                         const std::set<std::string>& settings = {}) {
  const Snapshot snapshot(registry);
  for (const metrics::Description& metric : catalogue) {
    const std::string name(metric.name);
    const bool open = std::ranges::any_of(metric.labels, [&](std::string_view label) {
      return std::ranges::none_of(metric.options.closed, [&](const auto& closed) { return closed.name == label; });
    });
    if (metric.type == MetricType::kGauge) {
      EXPECT_EQ(snapshot.families().contains(name), settings.contains(name)) << name;
    } else if (!open) {
      EXPECT_TRUE(snapshot.families().contains(name)) << name;
      EXPECT_FALSE(snapshot.recorded().contains(name)) << name;
    }
  }
}

}  // namespace vigil::packs::testing
