#include "vigil/metrics/dynamic.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "vigil/model/sample.h"

namespace vigil::metrics {
namespace {

std::string label_problem(const Description& description) {
  if (description.labels.size() > kMaxLabels) return "has more than " + std::to_string(kMaxLabels) + " labels";
  for (std::size_t i = 0; i < description.labels.size(); ++i) {
    const std::string_view label = description.labels[i];
    const auto before = description.labels.first(i);
    if (!is_good_label_name(label)) return "has \"" + std::string(label) + "\", which is not a label name";
    if (description.type == MetricType::kHistogram && label == "le") return "has \"le\", the label of the buckets";
    if (std::ranges::find(before, label) != before.end()) return "has the label " + std::string(label) + " twice";
  }
  return {};
}

std::string problem_of(const Description& description) {
  switch (description.type) {
    case MetricType::kCounter:
    case MetricType::kGauge:
    case MetricType::kHistogram: break;
    default: return "is of type " + std::string(to_string(description.type)) + ", not a counter, gauge or histogram";
  }
  const std::span<const double> bounds = description.layout.bounds;
  if (bounds.size() > kMaxBounds) return "has more than " + std::to_string(kMaxBounds) + " buckets";
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const double before = i > 0 ? bounds[i - 1] : -std::numeric_limits<double>::infinity();
    if (!(bounds[i] > before)) return "has bucket bounds that do not ascend";
    if (bounds[i] == std::numeric_limits<double>::infinity()) return "has the bound +Inf, which is implied";
  }
  return label_problem(description);
}

}  // namespace

Result<DynamicFamily> DynamicFamily::make(RegistryRef registry, const Description& description) {
  std::string problem = problem_of(description);
  if (problem.empty()) {
    auto attachment = std::make_unique<internal::Attachment>(
        registry.pointer == nullptr ? nullptr : registry.pointer->state(), description);
    if (attachment->refusal.empty()) return DynamicFamily(std::move(attachment));
    problem = attachment->refusal;
  }
  return fail(ErrorCode::kInvalidArgument, "metric " + std::string(description.name) + " " + problem);
}

bool DynamicSeries::overflow() const { return valid() && target_.family->is_overflow(*target_.series); }

DynamicSeries DynamicFamily::with(std::span<const std::string_view> values) const {
  if (values.size() != family().arity()) return DynamicSeries({});
  return DynamicSeries(values.empty() ? family().only() : family().get(values));
}

bool DynamicFamily::remove(std::span<const std::string_view> values) const {
  return values.size() == family().arity() && family().remove(values);
}

}  // namespace vigil::metrics
