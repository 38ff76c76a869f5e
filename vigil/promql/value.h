// Results of queries.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "vigil/base/time.h"
#include "vigil/model/labels.h"
#include "vigil/model/native_histogram.h"

namespace vigil::promql {

struct Point {
  Timestamp timestamp = 0;
  double value = 0;
  HistogramPtr histogram;  // set: a histogram sample, `value` is meaningless
};

struct InstantSample {
  Labels labels;
  Point point;
};

struct SeriesResult {
  Labels labels;
  std::vector<Point> points;
};

struct Scalar {
  Timestamp timestamp = 0;
  double value = 0;
};
struct StringValue {
  Timestamp timestamp = 0;
  std::string value;
};
using Vector = std::vector<InstantSample>;
using Matrix = std::vector<SeriesResult>;  // sorted by labels
using Value = std::variant<Scalar, StringValue, Vector, Matrix>;

// A remark on a successful query, as Prometheus prints it: "PromQL warning: … (1:5)".
struct Annotations {
  std::vector<std::string> warnings;
  std::vector<std::string> infos;
};

struct QueryStats {
  std::size_t samples_read = 0;  // decoded from storage
  std::size_t peak_samples = 0;  // held at one time
  std::size_t peak_bytes = 0;
  double seconds = 0;        // evaluation
  double queue_seconds = 0;  // waiting for a free slot
};

struct QueryResult {
  Value value;
  Annotations annotations;
  QueryStats stats;
};

}  // namespace vigil::promql
