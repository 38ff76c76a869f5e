#include "vigil/app/histogram_usage.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "vigil/base/strings.h"

namespace vigil::app {
namespace {

using Json = nlohmann::json;

class SpreadOf {
 public:
  void add(double value) {
    spread_.min = count_ == 0 ? value : std::min(spread_.min, value);
    spread_.max = count_ == 0 ? value : std::max(spread_.max, value);
    sum_ += value;
    ++count_;
  }
  Spread get() const {
    Spread out = spread_;
    if (count_ > 0) out.mean = sum_ / static_cast<double>(count_);
    return out;
  }

 private:
  Spread spread_;
  double sum_ = 0;
  std::size_t count_ = 0;
};

double number(const Json& text) {
  return text.is_string() ? parse_float(text.get_ref<const std::string&>()).value_or(0) : text.get<double>();
}

// Observations by bucket at one time. The key is what identifies a bucket.
template <class Key>
using Counts = std::map<Key, double>;

// `steps`: the counts at each time, in order.
template <class Key>
void measure(const std::vector<Counts<Key>>& steps, HistogramUsage& out) {
  SpreadOf populated, changed, delta;
  Counts<Key> all;
  for (const auto& step : steps) all.insert(step.begin(), step.end());
  const auto count_in = [](const Counts<Key>& step, const Key& key) {
    const auto found = step.find(key);
    return found == step.end() ? 0.0 : found->second;
  };
  for (std::size_t i = 1; i < steps.size(); ++i) {
    std::size_t differ = 0;
    double by = 0;
    for (const auto& [key, ignored] : all) {
      const double difference = std::fabs(count_in(steps[i], key) - count_in(steps[i - 1], key));
      if (difference == 0) continue;
      ++differ;
      by += difference;
    }
    populated.add(
        static_cast<double>(std::ranges::count_if(steps[i], [](const auto& bucket) { return bucket.second != 0; })));
    changed.add(static_cast<double>(differ));
    delta.add(by);
  }
  out.samples = steps.size();
  out.buckets = all.size();
  out.populated = populated.get();
  out.changed = changed.get();
  out.delta = delta.get();
}

HistogramUsage native_usage(const Labels& labels, const Json& histograms) {
  using Key = std::tuple<double, double, int>;  // the bounds and which of them belong to it
  std::vector<Counts<Key>> steps;
  for (const auto& sample : histograms) {
    Counts<Key>& step = steps.emplace_back();
    for (const auto& bucket : sample.at(1).value("buckets", Json::array())) {
      step[{number(bucket.at(1)), number(bucket.at(2)), bucket.at(0).get<int>()}] += number(bucket.at(3));
    }
  }
  HistogramUsage out{.native = true, .labels = labels};
  measure(steps, out);
  return out;
}

// Cumulative counts by time, then by bound.
using ClassicSamples = std::map<double, std::map<double, double>>;

HistogramUsage classic_usage(const Labels& labels, std::size_t buckets, const ClassicSamples& samples) {
  std::vector<Counts<double>> steps;
  for (const auto& [time, cumulative] : samples) {
    if (cumulative.size() != buckets) continue;
    Counts<double>& step = steps.emplace_back();
    double below = 0;
    for (const auto& [bound, count] : cumulative) step[bound] = count - std::exchange(below, count);
  }
  HistogramUsage out{.native = false, .labels = labels};
  measure(steps, out);
  return out;
}

Json to_json(const Spread& spread) { return {{"min", spread.min}, {"avg", spread.mean}, {"max", spread.max}}; }

Result<std::vector<HistogramUsage>> analyze(const Json& data) {
  if (data.value("resultType", "") != "matrix") {
    return fail(ErrorCode::kInvalidArgument, "expected a matrix, got " + data.value("resultType", "something else") +
                                                 ": give selectors without a range, such as 'name{job=\"a\"}'");
  }
  struct Classic {
    std::size_t buckets = 0;
    ClassicSamples samples;
  };
  std::map<Labels, Classic> classic;
  std::vector<HistogramUsage> found;
  for (const auto& series : data.at("result")) {
    LabelsBuilder labels;
    for (const auto& [name, value] : series.at("metric").items()) labels.set(name, value.get<std::string>());
    if (series.contains("histograms")) found.push_back(native_usage(labels.build(), series.at("histograms")));
    const auto bound = parse_float(labels.get("le"));
    if (!bound || !series.contains("values")) continue;
    labels.erase("le");
    Classic& histogram = classic[labels.build()];
    ++histogram.buckets;
    for (const auto& point : series.at("values")) {
      histogram.samples[point.at(0).get<double>()][*bound] = number(point.at(1));
    }
  }
  for (const auto& [labels, histogram] : classic) {
    found.push_back(classic_usage(labels, histogram.buckets, histogram.samples));
  }
  std::erase_if(found, [](const HistogramUsage& usage) { return usage.samples < 2; });
  return found;
}

}  // namespace

Result<std::vector<HistogramUsage>> analyze_histograms(const Json& data) {
  try {
    return analyze(data);
  } catch (const Json::exception& error) {
    return fail(ErrorCode::kInvalidArgument, std::string("unexpected answer: ") + error.what());
  }
}

std::string bucket_selector(std::string_view selector) {
  constexpr std::string_view kSum = "_sum";
  const std::size_t end = std::min(selector.find('{'), selector.size());
  if (!selector.substr(0, end).ends_with(kSum)) return std::string(selector);
  return std::string(selector.substr(0, end - kSum.size())) + "_bucket" + std::string(selector.substr(end));
}

Json to_json(const HistogramUsage& usage) {
  Json metric = Json::object();
  for (const LabelView label : usage.labels) metric[std::string(label.name)] = label.value;
  return {{"type", usage.native ? "native" : "classic"},
          {"metric", std::move(metric)},
          {"samples", usage.samples},
          {"buckets", usage.buckets},
          {"populated", to_json(usage.populated)},
          {"changed", to_json(usage.changed)},
          {"delta", to_json(usage.delta)}};
}

}  // namespace vigil::app
