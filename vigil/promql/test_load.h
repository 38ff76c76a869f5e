// Puts the series of a `load` into a store.
#pragma once

#include "vigil/base/error.h"
#include "vigil/promql/test_command.h"
#include "vigil/storage_api/appender.h"

namespace vigil::promql {

// One commit. With `with_nhcb` every set of classic series X_bucket, X_count, X_sum is
// loaded as a native histogram X with custom buckets as well.
Result<void> load_test_series(const TestLoad& load, Appendable& store);

}  // namespace vigil::promql
