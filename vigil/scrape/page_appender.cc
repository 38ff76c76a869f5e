#include "vigil/scrape/page_appender.h"

#include <algorithm>
#include <string>
#include <unordered_set>

#include "vigil/base/strings.h"

namespace vigil::scrape {
namespace {

using exposition::Format;
using exposition::PageParser;
using exposition::SampleView;

constexpr std::string_view kExportedPrefix = "exported_";

bool has_name(std::span<const LabelView> labels, std::string_view name) {
  return std::any_of(labels.begin(), labels.end(), [&](const LabelView& label) { return label.name == name; });
}

// `exported_`, repeated until neither the target, the scraped labels nor what was set so far has the name.
std::string exported_name(std::string_view name, std::span<const LabelView> scraped, const Labels& target,
                          const LabelsBuilder& labels) {
  std::string exported(name);
  do {
    exported.insert(0, kExportedPrefix);
  } while (has_name(scraped, exported) || target.has(exported) || !labels.get(exported).empty());
  return exported;
}

Result<void> check_label_limits(const Labels& labels, const ScrapeConfig& config) {
  const auto exceeded = [&](std::string_view which, const std::string& details) {
    return fail(ErrorCode::kLimitExceeded, std::string(which) + " exceeded (metric: " +
                                               std::string(labels.metric_name().substr(0, 50)) + ", " + details + ")");
  };
  if (config.label_limit > 0 && labels.size() > config.label_limit) {
    return exceeded("label_limit", "number of labels: " + std::to_string(labels.size()) +
                                       ", limit: " + std::to_string(config.label_limit));
  }
  if (config.label_name_length_limit == 0 && config.label_value_length_limit == 0) return {};
  for (const LabelView label : labels) {
    const auto details = [&](std::size_t length, std::uint64_t limit) {
      return "label name: " + std::string(label.name.substr(0, 50)) + ", length: " + std::to_string(length) +
             ", limit: " + std::to_string(limit);
    };
    if (config.label_name_length_limit > 0 && label.name.size() > config.label_name_length_limit) {
      return exceeded("label_name_length_limit", details(label.name.size(), config.label_name_length_limit));
    }
    if (config.label_value_length_limit > 0 && label.value.size() > config.label_value_length_limit) {
      return exceeded("label_value_length_limit", details(label.value.size(), config.label_value_length_limit));
    }
  }
  return {};
}

Error sample_limit_error(std::size_t samples, std::uint64_t limit) {
  return {ErrorCode::kLimitExceeded,
          "sample limit exceeded (samples: " + std::to_string(samples) + ", limit: " + std::to_string(limit) + ")"};
}

// Without relabelling the number of samples is known before any is stored: a page of
// ten million series must not create the first million of them. Only pages that have room
// for more samples than the limit are read twice.
Result<void> check_sample_limit(std::string_view page, Format format, const ScrapeConfig& config, PageCounts& counts) {
  if (config.sample_limit == 0 || !config.metric_relabel.empty() || page.size() < config.sample_limit) return {};
  if (format == Format::kProtobuf) {
    // A bucket with a bound of its own takes 11 bytes, any other sample more.
    constexpr std::uint64_t kBytesPerSample = 11;
    if (page.size() / kBytesPerSample < config.sample_limit) return {};
  } else if (static_cast<std::uint64_t>(std::count(page.begin(), page.end(), '\n')) < config.sample_limit) {
    return {};
  }
  PageParser parser(page, format, config.native_histograms);
  std::size_t samples = 0;
  for (auto event = parser.next(); event != PageParser::Event::kEnd; event = parser.next()) {
    if (event == PageParser::Event::kError) return std::unexpected(parser.error());
    if (event == PageParser::Event::kSample) ++samples;
  }
  if (samples <= config.sample_limit) return {};
  counts.samples = counts.kept = samples;
  return std::unexpected(sample_limit_error(samples, config.sample_limit));
}

// An exemplar that the store does not want is no loss worth a failed scrape.
void append_exemplar(const exposition::ExemplarView& exemplar, SeriesRef series, Timestamp at, Appender& appender) {
  auto labels = exposition::parse_exemplar_labels(exemplar.labels);
  if (!labels) return;
  const bool has_time = exemplar.has_timestamp;
  static_cast<void>(appender.append_exemplar(
      series, {std::move(*labels), exemplar.value, has_time ? exemplar.timestamp : at, has_time}));
}

}  // namespace

Result<Labels> series_labels(std::span<const LabelView> scraped, const Labels& target, const ScrapeConfig& config) {
  LabelsBuilder labels;
  for (const LabelView& label : scraped) labels.set(label.name, label.value);
  std::vector<LabelView> conflicts;
  for (const LabelView label : target) {
    if (config.honor_labels) {
      // A label that is exposed with an empty value hides the target's.
      if (!has_name(scraped, label.name)) labels.set(label.name, label.value);
      continue;
    }
    if (const std::string_view exposed = labels.get(label.name); !exposed.empty()) {
      const auto at =
          std::find_if(scraped.begin(), scraped.end(), [&](const LabelView& s) { return s.name == label.name; });
      conflicts.push_back(*at);
    }
    labels.set(label.name, label.value);
  }
  // Shortest first, so that `x` and `exported_x`, both in conflict, come out the same every time.
  std::sort(conflicts.begin(), conflicts.end(), [](const LabelView& a, const LabelView& b) {
    return a.name.size() != b.name.size() ? a.name.size() < b.name.size() : a.name < b.name;
  });
  for (const LabelView& label : conflicts) labels.set(exported_name(label.name, scraped, target, labels), label.value);
  if (!config.metric_relabel.apply(labels)) return Labels();
  Labels result = labels.build();
  if (result.empty()) return result;
  if (result.metric_name().empty()) return fail(ErrorCode::kInvalidArgument, "missing metric name (__name__ label)");
  for (const LabelView label : result) {
    if (!is_valid_utf8(label.name) || !is_valid_utf8(label.value)) {
      return fail(ErrorCode::kInvalidArgument, "relabelling made invalid UTF-8 of label " + go_quote(label.name));
    }
  }
  return result;
}

Result<void> PageAppender::append(std::string_view page, Format format, Timestamp timestamp,
                                  const std::shared_ptr<const ScrapeConfig>& config, const Labels& labels,
                                  Appender& appender, PageCounts& counts) {
  if (config_ != config) {
    // Other rules may give other labels to the same lines: series that do not come back are ended.
    for (const SeriesCache::Entry& entry : cache_.entries()) {
      if (entry.alive) retired_.push_back(entry.ref);
    }
    cache_.erase_if([](const SeriesCache::Entry&) { return true; });
    config_ = config;
  }
  cache_.begin_round();
  metadata_.begin_page();
  VIGIL_TRY_VOID(check_sample_limit(page, format, *config_, counts));
  PageParser parser(page, format, config_->native_histograms);
  if (auto appended = append_samples(parser, timestamp, labels, appender, counts, format); !appended) {
    // A page that fails again and again with other series must not fill the cache.
    cache_.erase_if([](const SeriesCache::Entry& entry) { return !entry.alive; });
    return appended;
  }
  end_vanished(timestamp, appender);
  metadata_.publish(appender);
  return {};
}

Result<void> PageAppender::append_samples(PageParser& parser, Timestamp timestamp, const Labels& labels,
                                          Appender& appender, PageCounts& counts, Format format) {
  const std::uint64_t limit = config_->sample_limit;
  while (true) {
    const PageParser::Event event = parser.next();
    if (event == PageParser::Event::kSample) [[likely]] {
      const SampleView& sample = parser.sample();
      ++counts.samples;
      // Over the limit the rest is only counted, so that the error can say how much there is.
      if (limit > 0 && counts.kept > limit) {
        ++counts.kept;
        continue;
      }
      auto [entry, is_new] = cache_.find_or_add(sample.series);
      if (is_new) {
        auto resolved = resolve_new(sample, parser.type(), labels, appender, entry, counts);
        if (!resolved) {
          cache_.remove_newest();
          if (resolved.error().code() == ErrorCode::kInvalidArgument) {
            return std::unexpected(parser.error_at(sample.series.data(), resolved.error().message()));
          }
          return std::unexpected(resolved.error());
        }
        if (!*resolved) {
          cache_.remove_newest();
          continue;
        }
      }
      if (entry.ref == 0) continue;  // dropped by relabelling
      ++counts.kept;
      VIGIL_TRY_VOID(append_sample(sample, timestamp, appender, entry, counts));
    } else if (event == PageParser::Event::kEnd) {
      if (limit > 0 && counts.kept > limit) return std::unexpected(sample_limit_error(counts.kept, limit));
      return {};
    } else if (event == PageParser::Event::kError) {
      return std::unexpected(parser.error());
    } else {
      metadata_.observe(event, parser.metadata(), format);
    }
  }
}

Result<bool> PageAppender::resolve_new(const SampleView& sample, MetricType type, const Labels& target,
                                       Appender& appender, SeriesCache::Entry& entry, PageCounts& counts) {
  VIGIL_TRY_VOID(series_parser_.parse(sample.series));
  series_parser_.make_canonical(type);
  VIGIL_TRY(Labels labels, series_labels(series_parser_.labels(), target, *config_));
  if (labels.empty()) return true;  // remembered as dropped
  VIGIL_TRY_VOID(check_label_limits(labels, *config_));
  auto ref = appender.resolve(labels);
  if (!ref) {
    if (ref.error().code() != ErrorCode::kLimitExceeded) return std::unexpected(std::move(ref).error());
    // The store is full of series: the known ones go on, this one is tried again next time.
    ++counts.kept;
    ++counts.refused;
    return false;
  }
  entry.ref = *ref;
  entry.labels = std::move(labels);
  ++counts.added;
  return true;
}

Result<void> PageAppender::append_sample(const SampleView& sample, Timestamp timestamp, Appender& appender,
                                         SeriesCache::Entry& entry, PageCounts& counts) {
  const bool explicit_time = sample.has_timestamp && config_->honor_timestamps;
  if (entry.repeated && !explicit_time) {
    ++counts.duplicates;
    return {};
  }
  entry.tracked = !explicit_time || config_->track_timestamps_staleness;
  const Timestamp at = explicit_time ? sample.timestamp : timestamp;
  const auto store = [&] {
    return sample.histogram == nullptr ? appender.append(entry.ref, at, sample.value)
                                       : appender.append_histogram(entry.ref, at, sample.histogram);
  };
  auto appended = store();
  if (!appended && appended.error().code() == ErrorCode::kNotFound) {
    // The store has dropped the series meanwhile.
    VIGIL_TRY(entry.ref, appender.resolve(entry.labels));
    appended = store();
  }
  if (!appended) {
    switch (appended.error().code()) {
      case ErrorCode::kOutOfOrder: ++counts.out_of_order; return {};
      case ErrorCode::kAlreadyExists: ++counts.duplicates; return {};
      case ErrorCode::kOutOfBounds: ++counts.out_of_bounds; return {};
      case ErrorCode::kLimitExceeded: ++counts.refused; return {};
      default: return appended;
    }
  }
  if (sample.has_exemplar) append_exemplar(sample.exemplar, entry.ref, at, appender);
  for (const exposition::ExemplarView& exemplar : sample.histogram_exemplars) {
    append_exemplar(exemplar, entry.ref, at, appender);
  }
  return {};
}

// Markers may be refused, e.g. as out of order where the target came back under another loop: nothing is lost.
void PageAppender::end_vanished(Timestamp timestamp, Appender& appender) {
  for (SeriesCache::Entry& entry : cache_.entries()) {
    if (entry.round == cache_.round()) {
      entry.alive = entry.ref != 0 && entry.tracked;
    } else if (entry.alive) {
      static_cast<void>(appender.append(entry.ref, timestamp, stale_nan()));
    }
  }
  cache_.erase_if([this](const SeriesCache::Entry& entry) { return entry.round != cache_.round(); });
  if (retired_.empty()) return;
  std::unordered_set<SeriesRef> current;
  for (const SeriesCache::Entry& entry : cache_.entries()) current.insert(entry.ref);
  for (const SeriesRef ref : retired_) {
    if (!current.contains(ref)) static_cast<void>(appender.append(ref, timestamp, stale_nan()));
  }
  retired_.clear();
}

void PageAppender::end_all(Timestamp timestamp, Appender& appender) {
  for (SeriesCache::Entry& entry : cache_.entries()) {
    if (!entry.alive) continue;
    static_cast<void>(appender.append(entry.ref, timestamp, stale_nan()));
    entry.alive = false;
  }
  for (const SeriesRef ref : retired_) static_cast<void>(appender.append(ref, timestamp, stale_nan()));
  retired_.clear();
}

}  // namespace vigil::scrape
