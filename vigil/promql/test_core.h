// Which evaluations of a test file are core: those that need neither native histograms
// nor experimental functions.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "vigil/promql/test_command.h"

namespace vigil::promql {

class CoreClassifier {
 public:
  void clear() { histogram_names_.clear(); }
  void load(const TestLoad& load);
  bool is_core(const TestEval& eval) const;

 private:
  // Metrics that hold native histograms since the last `clear`.
  std::set<std::string, std::less<>> histogram_names_;
};

}  // namespace vigil::promql
