// The metrics a pack knows, and whether a PromQL expression makes sense over them.
//
// Thread-safety: const after construction.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/model/sample.h"
#include "vigil/pack/pack.h"
#include "vigil/promql/ast.h"

namespace vigil::lab {

class Vocabulary {
 public:
  // The pack's catalogue and foreign metrics, and what the engine itself writes (`up`,
  // `ALERTS`).
  explicit Vocabulary(const pack::Pack& pack);

  // The output of a recording rule: any labels.
  void add_recorded(std::string_view name);

  // One sentence a problem: an unknown metric, label or label value; rate() of a gauge or
  // deriv() of a counter; a quantile compared with a number that is no bucket bound, so
  // that the alert would depend on interpolation. `text` must be PromQL.
  std::vector<std::string> check(std::string_view text) const;

 private:
  struct Metric {
    MetricType type = MetricType::kUnknown;
    std::set<std::string, std::less<>> labels;
    std::map<std::string, std::set<std::string, std::less<>>, std::less<>> closed;  // label -> its values
    std::vector<double> bounds;
    bool any_labels = false;
  };
  class Walk;

  void add(std::string_view name, MetricType type, std::span<const std::string_view> labels,
           std::span<const double> bounds, std::span<const metrics::ClosedLabel> closed);

  std::map<std::string, Metric, std::less<>> metrics_;  // a histogram's three series each
};

}  // namespace vigil::lab
