// What measuring costs, measured: nanoseconds of each kind of update, and the share of a
// consensus replica's work that its metrics take (HS-166: below 1 %).
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace vigil::testkit {

struct BenchmarkResults {
  double counter_ns = 0;    // typed counter, through its handle
  double gauge_ns = 0;      // typed gauge
  double histogram_ns = 0;  // typed histogram of 11 buckets
  double by_name_ns = 0;    // a MetricsCollector's counter with two labels
  double block_us = 0;      // the work behind one block, without metrics
  double updates_us = 0;    // the updates that go with it
  double overhead = 0;      // updates / work: a share, 0.01 is 1 %
};
std::string to_string(const BenchmarkResults& results);

struct OverheadOptions {
  std::size_t updates = 200'000;  // of each kind
  std::size_t blocks = 20;        // of the work
  std::size_t updates_per_block = 25;
  // One block's work. Default: verifying 3 Ed25519 votes and hashing 500 transactions of
  // 200 bytes with SHA-256, a replica of n = 4.
  std::function<void()> work = nullptr;
};

// In real time, on this thread, on the machine it runs on. The best of several rounds, so
// that other load shows little.
BenchmarkResults benchmark_metrics_collection_overhead(const OverheadOptions& options = {});

}  // namespace vigil::testkit
