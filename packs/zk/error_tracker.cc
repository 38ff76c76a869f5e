#include "packs/zk/error_tracker.h"

#include <algorithm>
#include <utility>

#include "vigil/base/log.h"

namespace vigil::packs::zk {
namespace {

static_assert(std::ranges::equal(catalog::kErrorCategories, errors::kProofCategories));
static_assert(std::ranges::equal(catalog::kSeverities.values, errors::kSeverityNames));

std::shared_ptr<errors::SentryClient> sentry_of_environment() {
  auto sentry = errors::SentryClient::from_environment({.registry = metrics::Registry::global()});
  if (sentry) return std::move(*sentry);
  log::error("zk", "errors are not sent to Sentry", {{"error", sentry.error().message()}});
  return nullptr;
}

}  // namespace

ZkErrorTracker::ZkErrorTracker() : ZkErrorTracker(ZkErrorOptions{.sentry = sentry_of_environment()}) {}

ZkErrorTracker::ZkErrorTracker(ZkErrorOptions options)
    : errors_(options.registry, catalog::kErrors),
      deduplicated_(options.registry, catalog::kErrorsDeduplicated),
      export_failures_(options.registry, catalog::kErrorExportFailures),
      tracker_(
          {.system = "zk",
           .hooks = {.tracked = [this](std::string_view category,
                                       ErrorSeverity severity) { errors_.with(category, to_string(severity)).inc(); },
                     .repeated = [this](std::string_view category) { deduplicated_.with(category).inc(); },
                     .export_failed = [this](std::string_view sink) { export_failures_.with(sink).inc(); }},
           .limits = options.limits,
           .sentry = std::move(options.sentry),
           .clock = options.clock,
           .registry = options.registry}) {
  for (const std::string_view category : catalog::kErrorCategories) {
    errors_.prepare(category, metrics::each);
    deduplicated_.prepare(category);
  }
}

}  // namespace vigil::packs::zk
