// Data with the shape of a real fleet, as the benchmark of the peers uses it: every node
// has 500 series, 280 of them of histograms, about a hundred counters, the rest gauges
// and constants; every node exposes all families, only those of its role are busy; a
// twentieth of the series are floats with a full mantissa; a fiftieth of the scrapes
// are a few milliseconds off their grid.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "vigil/base/time.h"
#include "vigil/model/labels.h"

namespace vigil::storage {

class FleetNode {
 public:
  FleetNode(int number, Timestamp start, Duration interval = 15 * kSecond)
      : number_(number),
        random_(static_cast<std::uint64_t>(number) + 1),
        time_(start + number * 997 % interval),
        interval_(interval) {
    const bool prover = number % 5 == 1;
    const bool rpc = number % 5 == 2;
    for (int h = 0; h < 20; ++h) {
      // Five proof kinds, eight methods, seven stages: busy where the role is.
      const double base = h < 5 ? 3.0 * prover : h < 13 ? 20.0 * (rpc ? 1 : 0.01) / (h - 3) : 12.0 * (h % 5 != 0);
      add_histogram(h, base);
    }
    for (int c = 0; c < 106; ++c) {
      add("requests_total", "kind", c, c % 6 == 0 ? Kind::kBytes : Kind::kCounter,
          c % 3 == 0   ? 120
          : c % 3 == 1 ? 0.004
                       : 4);
    }
    add("cpu_seconds_total", "kind", 0, Kind::kCentiseconds, 1.4);
    for (int g = 0; g < 30; ++g) add("queue_length", "queue", g, Kind::kInteger, g % 4 == 0 ? 60 : 2);
    for (int g = 0; g < 10; ++g) add("temperature_celsius", "sensor", g, prover ? Kind::kTenths : Kind::kConstant, 60);
    for (int g = 0; g < 7; ++g) add("balance", "account", g, Kind::kFloat, 1000);
    while (series.size() < 500) add("setting", "key", static_cast<int>(series.size()), Kind::kConstant, 1 << 12);
  }

  std::vector<Labels> series;
  std::vector<double> values;

  // Moves on by one scrape; returns its timestamp.
  Timestamp advance() {
    const double seconds = static_cast<double>(interval_) / 1000;
    const double load = 1 + 0.35 * std::sin(static_cast<double>(step_++) * seconds / 3437.7 + number_);
    for (auto& [index, kind, rate] : scalars_) {
      double& value = values[index];
      switch (kind) {
        case Kind::kCounter: value += draw(rate * seconds * load); break;
        case Kind::kBytes: value += std::floor(rate * 300 * seconds * load * (.8 + .4 * uniform())); break;
        case Kind::kCentiseconds:
          value = std::round((value + rate * seconds * load * (.9 + .2 * uniform())) * 100) / 100;
          break;
        case Kind::kInteger:
          if (uniform() < .7) value = std::max(0.0, std::floor(value + (uniform() - .5) * 2 * rate + .5));
          break;
        case Kind::kTenths: value = std::round((value + (uniform() - .5) * .8) * 10) / 10; break;
        case Kind::kFloat: value += (uniform() - .5) * .04; break;
        case Kind::kConstant: break;
      }
    }
    for (const auto& [index, rate] : histograms_) {
      const double n = rate * seconds * load * (.8 + .4 * uniform());
      double total = 0;
      for (std::size_t i = 0; i < kBuckets; ++i) {
        total += draw(n * kShare[i]);
        values[index + i] += total;
      }
      values[index + kBuckets] += total * .07 * (.9 + .2 * uniform());
      values[index + kBuckets + 1] += total;
    }
    const Timestamp now = time_ + (uniform() < .02 ? static_cast<Timestamp>(uniform() * 9) : 0);
    time_ += interval_;
    return now;
  }

 private:
  enum class Kind { kCounter, kBytes, kCentiseconds, kInteger, kTenths, kFloat, kConstant };
  static constexpr std::size_t kBuckets = 12;
  static constexpr std::array<double, kBuckets> kShare = {.01, .04, .1, .15, .2, .2, .15, .08, .04, .02, .008, .002};

  struct Scalar {
    std::size_t index;
    Kind kind;
    double rate;
  };

  double uniform() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  double draw(double mean) {
    const double x = mean * (.7 + .6 * uniform());
    return std::floor(x) + (uniform() < x - std::floor(x) ? 1 : 0);
  }

  std::size_t add_series(const std::string& name, const std::string& label, const std::string& value,
                         const std::string& le) {
    const std::string node = "node-" + std::to_string(number_);
    const std::string instance = "10.0.0." + std::to_string(number_) + ":9100";
    static constexpr const char* kJobs[] = {"sequencer", "prover", "rpc", "verifier", "bridge"};
    std::vector<LabelView> labels = {{"__name__", name},     {"instance", instance}, {"job", kJobs[number_ % 5]},
                                     {"network", "mainnet"}, {"node_id", node},      {label, value}};
    if (!le.empty()) labels.push_back({"le", le});
    series.push_back(Labels::from(labels));
    values.push_back(0);
    return series.size() - 1;
  }
  void add(const std::string& name, const std::string& label, int value, Kind kind, double rate) {
    const std::size_t index = add_series(name, label, "v" + std::to_string(value), "");
    values[index] = kind == Kind::kFloat ? 1 + uniform() * rate : std::floor(uniform() * rate);
    scalars_.push_back({index, kind, rate});
  }
  void add_histogram(int number, double rate) {
    static constexpr const char* kBounds[] = {"0.005", "0.01", "0.025", "0.05", "0.1", "0.25",
                                              "0.5",   "1",    "2.5",   "5",    "10",  "+Inf"};
    const std::string method = "method_" + std::to_string(number);
    histograms_.emplace_back(series.size(), rate);
    for (const char* bound : kBounds) add_series("request_duration_seconds_bucket", "method", method, bound);
    add_series("request_duration_seconds_sum", "method", method, "");
    add_series("request_duration_seconds_count", "method", method, "");
  }

  int number_;
  std::mt19937_64 random_;
  Timestamp time_;
  Duration interval_;
  std::int64_t step_ = 0;
  std::vector<Scalar> scalars_;
  std::vector<std::pair<std::size_t, double>> histograms_;
};

}  // namespace vigil::storage
