#include "packs/l2/l2_metrics.h"

namespace vigil::packs::l2 {

L2Metrics& process_metrics() {
  static auto* const instance = new L2Metrics(metrics::Registry::global());
  return *instance;
}

}  // namespace vigil::packs::l2
