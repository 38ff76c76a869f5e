// The data set of the server benchmarks: a network of nodes that all run one
// binary in different roles, 500 series each.
//
// 280 of 500 series are histogram series (20 histograms of 12 buckets, sum and
// count), 106 counters, 114 gauges and constants. Every node exposes everything
// but only the families of its role are busy. About 5 % of the values are
// full-mantissa floats (sums, ratios), the rest are integers or short decimals.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace vigil::bench {

using LabelPairs = std::vector<std::pair<std::string, std::string>>;  // sorted by name, __name__ included

// xorshift64*: repeatable on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}
  std::uint64_t next();
  double uniform();  // [0, 1)

 private:
  std::uint64_t state_;
};

// One node: a list of series and their values, moved forward by step().
class Node {
 public:
  explicit Node(int id);

  const std::vector<LabelPairs>& series() const { return series_; }
  const std::vector<double>& values() const { return values_; }
  const std::string& job() const { return job_; }
  const std::string& instance() const { return instance_; }

  // Lets `seconds` pass; `now` is the time in seconds since the epoch.
  void step(double now, double seconds);

 private:
  enum class Kind { kCounter, kIntegerGauge, kDecimalGauge, kFloatGauge, kConstant, kHeight, kBytes };
  struct Scalar {
    std::size_t index;
    Kind kind;
    double rate;  // counters: events per second; gauges: size of a move
    double low;
    double high;
  };
  struct Histogram {
    std::size_t first;  // index of the first bucket
    double rate;
    double median;
    std::vector<double> shares;  // of each bucket, not cumulative
  };

  std::size_t add(const std::string& name, LabelPairs labels, double value);
  void scalar(Kind kind, const std::string& name, const LabelPairs& labels, double rate, double low, double high);
  void histogram(const std::string& name, const LabelPairs& labels, double rate, double median);

  Random random_;
  std::string job_;
  std::string instance_;
  std::string node_id_;
  std::string network_;
  std::vector<LabelPairs> series_;
  std::vector<double> values_;
  std::vector<Scalar> scalars_;
  std::vector<Histogram> histograms_;
};

}  // namespace vigil::bench
