#include "vigil/testkit/overhead.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <vector>

#include "vigil/base/clock.h"
#include "vigil/base/error.h"
#include "vigil/base/strings.h"
#include "vigil/metrics/metrics.h"
#include "vigil/telemetry/registry_collector.h"

namespace vigil::testkit {
namespace {

constexpr int kRounds = 5;

// The shortest of several rounds of `repeat` calls, in nanoseconds a call.
template <class Operation>
double nanoseconds(std::size_t repeat, const Operation& operation) {
  const Clock& clock = Clock::system();
  double best = std::numeric_limits<double>::infinity();
  for (int round = 0; round < kRounds; ++round) {
    const auto start = clock.steady();
    for (std::size_t i = 0; i < repeat; ++i) operation(i);
    const std::chrono::duration<double, std::nano> elapsed = clock.steady() - start;
    best = std::min(best, elapsed.count() / static_cast<double>(std::max<std::size_t>(repeat, 1)));
  }
  return best;
}

template <auto Free>
struct Freeing {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

class ReferenceBlock {
 public:
  ReferenceBlock() {
    EVP_PKEY* key = nullptr;
    const Context context(EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr));
    VIGIL_CHECK(context != nullptr && EVP_PKEY_keygen_init(context.get()) == 1 &&
                EVP_PKEY_keygen(context.get(), &key) == 1);
    key_.reset(key);
    const Digest digest(EVP_MD_CTX_new());
    std::size_t size = signature_.size();
    VIGIL_CHECK(EVP_DigestSignInit(digest.get(), nullptr, nullptr, nullptr, key) == 1 &&
                EVP_DigestSign(digest.get(), signature_.data(), &size, vote_.data(), vote_.size()) == 1);
  }

  void operator()() const {
    for (int vote = 0; vote < 3; ++vote) {
      const Digest digest(EVP_MD_CTX_new());
      VIGIL_CHECK(EVP_DigestVerifyInit(digest.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
                  EVP_DigestVerify(digest.get(), signature_.data(), signature_.size(), vote_.data(), vote_.size()) ==
                      1);
    }
    std::array<unsigned char, 32> hash{};
    for (int transaction = 0; transaction < 500; ++transaction) {
      unsigned size = 0;
      VIGIL_CHECK(EVP_Digest(transaction_.data(), transaction_.size(), hash.data(), &size, EVP_sha256(), nullptr) == 1);
    }
  }

 private:
  using Context = std::unique_ptr<EVP_PKEY_CTX, Freeing<EVP_PKEY_CTX_free>>;
  using Digest = std::unique_ptr<EVP_MD_CTX, Freeing<EVP_MD_CTX_free>>;
  std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>> key_;
  std::array<unsigned char, 64> signature_{};
  std::array<unsigned char, 120> vote_{};
  std::array<unsigned char, 200> transaction_{};
};

}  // namespace

std::string to_string(const BenchmarkResults& r) {
  return "counter " + format_float(r.counter_ns) + " ns, gauge " + format_float(r.gauge_ns) + " ns, histogram " +
         format_float(r.histogram_ns) + " ns, by name " + format_float(r.by_name_ns) + " ns; a block " +
         format_float(r.block_us) + " us and its updates " + format_float(r.updates_us) +
         " us: " + format_float(r.overhead * 100) + " %";
}

BenchmarkResults benchmark_metrics_collection_overhead(const OverheadOptions& options) {
  metrics::Registry registry;
  metrics::Counter<"type"> counter{registry, "votes_total", "Votes."};
  metrics::Gauge<> gauge{registry, "view", "View."};
  metrics::Histogram<> histogram{registry, "commit_seconds", "Commit time."};
  telemetry::RegistryCollector collector(registry, Clock::system());
  const auto votes = counter.with("prepare");
  const auto view = gauge.with();
  const auto commit = histogram.with();

  BenchmarkResults results;
  results.counter_ns = nanoseconds(options.updates, [&](std::size_t) { votes.inc(); });
  results.gauge_ns = nanoseconds(options.updates, [&](std::size_t i) { view.set(static_cast<double>(i)); });
  results.histogram_ns =
      nanoseconds(options.updates, [&](std::size_t i) { commit.observe(static_cast<double>(i % 1000) * 0.001); });
  results.by_name_ns = nanoseconds(options.updates, [&](std::size_t) {
    collector.increment_counter("named", {{"type", "prepare"}, {"peer", "validator-1"}});
  });

  std::function<void()> work = options.work;
  if (!work) work = [block = std::make_shared<const ReferenceBlock>()] { (*block)(); };
  results.block_us = nanoseconds(options.blocks, [&](std::size_t) { work(); }) / 1000;
  // As many of each kind as a replica makes: mostly counters, some gauges and histograms.
  results.updates_us = nanoseconds(options.updates / std::max<std::size_t>(options.updates_per_block, 1),
                                   [&](std::size_t) {
                                     for (std::size_t i = 0; i < options.updates_per_block; ++i) {
                                       if (i % 5 == 3) {
                                         view.set(static_cast<double>(i));
                                       } else if (i % 5 == 4) {
                                         commit.observe(0.05);
                                       } else {
                                         votes.inc();
                                       }
                                     }
                                   }) /
                       1000;
  results.overhead = results.block_us > 0 ? results.updates_us / results.block_us : 0;
  return results;
}

}  // namespace vigil::testkit
