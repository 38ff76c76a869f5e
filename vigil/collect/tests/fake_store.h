// A store in memory that keeps what is committed as text, and counts.
#pragma once

#include <fmt/format.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vigil/base/strings.h"
#include "vigil/storage_api/appender.h"

namespace vigil::collect {

class FakeStore final : public Appendable {
 public:
  std::unique_ptr<Appender> appender() override { return std::make_unique<Transaction>(*this); }

  // "value@time …" of one series, "stale@time" for markers; "" if there is none.
  std::string samples(const std::string& series) const {
    const auto found = committed.find(series);
    return found == committed.end() ? "" : found->second;
  }
  // All series that have a sample, one per line, but `up`.
  std::string series() const {
    std::string out;
    for (const auto& [name, samples] : committed) {
      if (!name.starts_with("up")) out += name + "\n";
    }
    return out;
  }

  std::map<std::string, std::string> committed;
  std::map<std::string, MetricMetadata> metadata;
  std::vector<std::string> exemplars;
  std::optional<Error> commit_error;
  std::size_t max_series = 1'000'000;
  std::size_t resolves = 0;
  std::size_t commits = 0;
  // As if every series had been dropped: refs given so far are dead.
  void forget_refs() {
    first_ref_ += names_.size();
    names_.clear();
  }

 private:
  class Transaction final : public Appender {
   public:
    explicit Transaction(FakeStore& store) : store_(store) {}

    Result<SeriesRef> resolve(const Labels& labels) override {
      ++store_.resolves;
      const std::string name = labels.to_string();
      for (std::size_t i = 0; i < store_.names_.size(); ++i) {
        if (store_.names_[i] == name) return store_.first_ref_ + i;
      }
      if (store_.names_.size() >= store_.max_series) return fail(ErrorCode::kLimitExceeded, "too many series");
      store_.names_.push_back(name);
      return store_.first_ref_ + store_.names_.size() - 1;
    }
    Result<void> append(SeriesRef ref, Timestamp time, double value) override {
      return put(ref, time, is_stale_nan(value) ? "stale" : format_float(value));
    }
    Result<void> append_histogram(SeriesRef ref, Timestamp time, HistogramPtr histogram) override {
      return put(ref, time, is_stale_nan(histogram->sum) ? "stale" : to_string(*histogram));
    }
    Result<void> append_exemplar(SeriesRef ref, const Exemplar& exemplar) override {
      exemplars_.push_back(fmt::format("{} {} {}@{}", store_.names_.at(ref - store_.first_ref_),
                                       exemplar.labels.to_string(), exemplar.value, exemplar.timestamp));
      return {};
    }
    Result<void> set_metadata(std::string_view metric, const MetricMetadata& declared) override {
      metadata_.emplace_back(metric, declared);
      return {};
    }
    Result<void> commit() override {
      if (store_.commit_error) return std::unexpected(*store_.commit_error);
      ++store_.commits;
      for (const auto& [name, time, text] : samples_) {
        std::string& all = store_.committed[name];
        all += fmt::format("{}{}@{}", all.empty() ? "" : " ", text, time);
        store_.newest_[name] = time;
      }
      for (auto& [name, value] : metadata_) store_.metadata[name] = value;
      store_.exemplars.insert(store_.exemplars.end(), exemplars_.begin(), exemplars_.end());
      return {};
    }
    void rollback() override { samples_.clear(); }

   private:
    struct Item {
      std::string name;
      Timestamp time;
      std::string text;
    };
    Result<void> put(SeriesRef ref, Timestamp time, std::string text) {
      if (ref < store_.first_ref_ || ref - store_.first_ref_ >= store_.names_.size())
        return fail(ErrorCode::kNotFound, "dead ref");
      const std::string& name = store_.names_[ref - store_.first_ref_];
      std::optional<Timestamp> last;
      if (const auto found = store_.newest_.find(name); found != store_.newest_.end()) last = found->second;
      for (const Item& item : samples_) {
        if (item.name == name) last = item.time;
      }
      if (last && time < *last) return fail(ErrorCode::kOutOfOrder, "out of order");
      if (last && time == *last) return fail(ErrorCode::kAlreadyExists, "there is a value");
      samples_.push_back({name, time, std::move(text)});
      return {};
    }

    FakeStore& store_;
    std::vector<Item> samples_;
    std::vector<std::pair<std::string, MetricMetadata>> metadata_;
    std::vector<std::string> exemplars_;
  };

  SeriesRef first_ref_ = 1;
  std::vector<std::string> names_;
  std::map<std::string, Timestamp> newest_;
};

}  // namespace vigil::collect
