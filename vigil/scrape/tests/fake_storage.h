// A store in memory that records what is committed, for tests of this module.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vigil/base/strings.h"
#include "vigil/storage_api/appender.h"

namespace vigil::scrape {

class FakeStorage final : public Appendable {
 public:
  std::unique_ptr<Appender> appender() override { return std::make_unique<Transaction>(*this); }

  // "value@timestamp …" of one series, "stale" for markers; "" if there is none.
  std::string samples(const std::string& series) const {
    std::string out;
    const auto found = data_.find(series);
    if (found == data_.end()) return out;
    for (const auto& [time, value] : found->second) {
      if (!out.empty()) out += " ";
      out += (is_stale_nan(value) ? "stale" : format_float(value)) + "@" + std::to_string(time);
    }
    return out;
  }
  // All series but those a scrape writes about itself.
  std::string series() const {
    std::string out;
    for (const auto& [name, samples] : data_) {
      if (!name.starts_with("scrape_") && !name.starts_with("up{")) out += name + "\n";
    }
    return out;
  }
  double last(const std::string& series) const {
    const auto found = data_.find(series);
    return found == data_.end() || found->second.empty() ? -999 : found->second.rbegin()->second;
  }
  void clear() {
    for (auto& [name, samples] : data_) samples.clear();
  }
  // As if the head had dropped every series: old refs are dead.
  void forget_refs() {
    for (auto& [ref, name] : names_) name.clear();
    refs_.clear();
  }

  std::optional<Error> commit_error;
  std::size_t max_series = 1'000'000;
  std::size_t resolves = 0;
  std::size_t commits = 0;
  std::vector<std::pair<std::string, MetricMetadata>> metadata;
  std::vector<std::string> exemplars;
  std::vector<std::string> histograms;

 private:
  class Transaction final : public Appender {
   public:
    explicit Transaction(FakeStorage& storage) : storage_(storage) {}

    Result<SeriesRef> resolve(const Labels& labels) override {
      ++storage_.resolves;
      const std::string name = labels.to_string();
      if (const auto found = storage_.refs_.find(name); found != storage_.refs_.end()) return found->second;
      if (storage_.refs_.size() >= storage_.max_series) return fail(ErrorCode::kLimitExceeded, "too many series");
      const SeriesRef ref = storage_.names_.size() + 1;
      storage_.refs_[name] = ref;
      storage_.names_[ref] = name;
      return ref;
    }
    Result<void> append(SeriesRef series, Timestamp timestamp, double value) override {
      const auto name = storage_.names_.find(series);
      if (name == storage_.names_.end() || name->second.empty()) return fail(ErrorCode::kNotFound, "dead ref");
      const auto& stored = storage_.data_[name->second];
      if (!stored.empty() && timestamp < stored.rbegin()->first) return fail(ErrorCode::kOutOfOrder, "out of order");
      if (const auto same = stored.find(timestamp); same != stored.end() && same->second != value) {
        return fail(ErrorCode::kAlreadyExists, "another value");
      }
      pending_.emplace_back(name->second, Sample{timestamp, value});
      return {};
    }
    Result<void> append_histogram(SeriesRef series, Timestamp timestamp, HistogramPtr histogram) override {
      storage_.histograms.push_back(storage_.names_[series] + " " + to_string(*histogram) + "@" +
                                    std::to_string(timestamp));
      return {};
    }
    Result<void> append_exemplar(SeriesRef series, const Exemplar& exemplar) override {
      storage_.exemplars.push_back(storage_.names_[series] + " " + exemplar.labels.to_string() + " " +
                                   format_float(exemplar.value) + "@" + std::to_string(exemplar.timestamp));
      return {};
    }
    Result<void> set_metadata(std::string_view metric, const MetricMetadata& declared) override {
      storage_.metadata.emplace_back(metric, declared);
      return {};
    }
    Result<void> commit() override {
      ++storage_.commits;
      if (storage_.commit_error) return std::unexpected(*storage_.commit_error);
      for (const auto& [name, sample] : pending_) storage_.data_[name][sample.timestamp] = sample.value;
      pending_.clear();
      return {};
    }
    void rollback() override { pending_.clear(); }

   private:
    FakeStorage& storage_;
    std::vector<std::pair<std::string, Sample>> pending_;
  };

  std::map<std::string, SeriesRef> refs_;
  std::map<SeriesRef, std::string> names_;
  std::map<std::string, std::map<Timestamp, double>> data_;
};

}  // namespace vigil::scrape
