#include "vigil/promql/test_load.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <unordered_map>

#include "vigil/base/strings.h"
#include "vigil/model/sample.h"

namespace vigil::promql {
namespace {

Result<void> append(Appender& appender, const TestSeries& series, Duration step) {
  VIGIL_TRY(const SeriesRef ref, appender.resolve(series.labels));
  for (std::size_t i = 0; i < series.values.size(); ++i) {
    const TestValue& value = series.values[i];
    if (value.omitted) continue;
    const Timestamp at = step * static_cast<Duration>(i);
    VIGIL_TRY_VOID(value.histogram ? appender.append_histogram(ref, at, value.histogram)
                                   : appender.append(ref, at, value.value));
  }
  return {};
}

// The classic series of one histogram at one time.
struct ClassicSample {
  std::map<double, double> buckets;  // cumulative, by bound; of equal bounds the first
  double count = 0;
  double sum = 0;
  bool has_count = false;
};

struct ClassicHistogram {
  Labels labels;
  std::map<std::size_t, ClassicSample> samples;  // by index in time
};

Result<HistogramPtr> to_native(const ClassicSample& sample) {
  NativeHistogram histogram;
  histogram.schema = NativeHistogram::kCustomBucketsSchema;
  histogram.sum = sample.sum;
  double previous = 0;
  for (const auto& [bound, count] : sample.buckets) {
    if (count < previous || count < 0) {
      return fail(ErrorCode::kInvalidArgument, "buckets of a classic histogram are not cumulative");
    }
    histogram.positive_buckets.push_back(count - previous);
    previous = count;
    if (std::isfinite(bound)) histogram.custom_values.push_back(bound);
  }
  histogram.count = sample.has_count ? sample.count : previous;
  const bool has_infinite = !sample.buckets.empty() && std::isinf(sample.buckets.rbegin()->first);
  if (!has_infinite) {
    if (histogram.count < previous) {
      return fail(ErrorCode::kInvalidArgument, "count of a classic histogram is less than its buckets");
    }
    histogram.positive_buckets.push_back(histogram.count - previous);
  }
  histogram.positive_spans = {{0, static_cast<std::uint32_t>(histogram.positive_buckets.size())}};
  return std::make_shared<const NativeHistogram>(std::move(histogram));
}

Result<void> append_native(Appender& appender, const TestLoad& load) {
  std::unordered_map<Labels, std::size_t, LabelsHash> found;
  std::vector<ClassicHistogram> histograms;
  for (const TestSeries& series : load.series) {
    const std::string_view name = series.labels.metric_name();
    enum class Part { kBucket, kCount, kSum } part = Part::kBucket;
    std::string_view base;
    double bound = 0;
    if (name.ends_with("_bucket")) {
      const auto le = parse_float(series.labels.get(kBucketLabel));
      if (!le || std::isnan(*le)) continue;
      bound = *le;
      base = name.substr(0, name.size() - 7);
    } else if (name.ends_with("_count")) {
      part = Part::kCount;
      base = name.substr(0, name.size() - 6);
    } else if (name.ends_with("_sum")) {
      part = Part::kSum;
      base = name.substr(0, name.size() - 4);
    } else {
      continue;
    }
    LabelsBuilder labels(series.labels);
    labels.set(kMetricName, base).erase(kBucketLabel);
    const auto [entry, inserted] = found.try_emplace(labels.build(), histograms.size());
    if (inserted) histograms.push_back(ClassicHistogram{entry->first, {}});
    auto& samples = histograms[entry->second].samples;
    for (std::size_t i = 0; i < series.values.size(); ++i) {
      const TestValue& value = series.values[i];
      if (value.omitted || value.histogram) continue;
      ClassicSample& sample = samples[i];
      if (part == Part::kBucket) {
        sample.buckets.try_emplace(bound, value.value);
      } else if (part == Part::kCount) {
        sample.count = value.value;
        sample.has_count = true;
      } else {
        sample.sum = value.value;
      }
    }
  }
  for (const ClassicHistogram& histogram : histograms) {
    VIGIL_TRY(const SeriesRef ref, appender.resolve(histogram.labels));
    for (const auto& [index, sample] : histogram.samples) {
      VIGIL_TRY(HistogramPtr native, to_native(sample));
      VIGIL_TRY_VOID(appender.append_histogram(ref, load.step * static_cast<Duration>(index), std::move(native)));
    }
  }
  return {};
}

}  // namespace

Result<void> load_test_series(const TestLoad& load, Appendable& store) {
  const auto appender = store.appender();
  // The same series twice: the last line wins.
  std::unordered_map<Labels, std::size_t, LabelsHash> last;
  for (std::size_t i = 0; i < load.series.size(); ++i) last[load.series[i].labels] = i;
  for (std::size_t i = 0; i < load.series.size(); ++i) {
    if (last[load.series[i].labels] == i) VIGIL_TRY_VOID(append(*appender, load.series[i], load.step));
  }
  if (load.with_nhcb) VIGIL_TRY_VOID(append_native(*appender, load));
  return appender->commit();
}

}  // namespace vigil::promql
