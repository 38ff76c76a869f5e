#include "packs/zerostate/zerostate_metrics.h"

namespace vigil::packs::zerostate {

ZeroStateMetrics& process_metrics() {
  static ZeroStateMetrics* const instance = new ZeroStateMetrics(metrics::Registry::global());
  return *instance;
}

}  // namespace vigil::packs::zerostate
