// What both libraries are given.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <random>
#include <string>
#include <vector>

namespace vigil::bench {

inline constexpr std::size_t kBuckets = 30;
inline constexpr std::size_t kValues = 4096;
inline constexpr std::size_t kLabelSets = 1000;

// 1 us to 5 s, each 1.7 times the one before.
inline const std::array<double, kBuckets>& bounds() {
  static const std::array<double, kBuckets> all = [] {
    std::array<double, kBuckets> made{};
    double bound = 1e-6;
    for (double& each : made) {
      each = bound;
      bound *= 1.7;
    }
    return made;
  }();
  return all;
}

// Observed in turn: spread evenly over the buckets, and a little beyond.
inline const std::vector<double>& values() {
  static const std::vector<double> all = [] {
    std::mt19937 random(7);
    std::uniform_real_distribution<double> logarithm(std::log(bounds().front() / 2), std::log(bounds().back() * 1.5));
    std::vector<double> made(kValues);
    for (double& value : made) value = std::exp(logarithm(random));
    return made;
  }();
  return all;
}

struct LabelSet {
  std::string method;
  std::string path;
  std::string status;
};

inline LabelSet label_set(std::size_t index) {
  return {index % 2 == 0 ? "GET" : "POST", "/api/v1/endpoint/" + std::to_string(index), index % 4 < 2 ? "200" : "500"};
}

inline const std::vector<LabelSet>& label_sets() {
  static const std::vector<LabelSet> all = [] {
    std::vector<LabelSet> made;
    for (std::size_t i = 0; i < kLabelSets; ++i) made.push_back(label_set(i));
    return made;
  }();
  return all;
}

}  // namespace vigil::bench
