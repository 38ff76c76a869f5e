// `vigil check metrics` over a page of all catalogues is silent but for names that the
// documents prescribe; docs/operating/metric-names.md lists each with its reason.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "packs/hotstuff2/catalog.h"
#include "packs/l2/catalog.h"
#include "packs/mpc/catalog.h"
#include "packs/zerostate/catalog.h"
#include "packs/zk/catalog.h"
#include "vigil/check/metrics_lint.h"
#include "vigil/exposition/page_writer.h"

namespace vigil::packs {
namespace {

// Every metric with one label set.
std::string page_of(std::span<const metrics::Description> catalog) {
  std::string page;
  exposition::PageWriter writer(exposition::Format::kText, [&](std::string_view chunk) {
    page += chunk;
    return true;
  });
  for (const metrics::Description& metric : catalog) {
    const std::vector<std::string> names(metric.labels.begin(), metric.labels.end());
    std::string labels;
    for (const std::string& name : names) metrics::append_label(labels, name, "x");
    writer.begin_family({metric.type, metric.name, metric.help, metric.options.unit, names, metric.layout.bounds});
    if (metric.type == MetricType::kHistogram) {
      const std::vector<std::uint64_t> counts(metric.layout.bounds.size() + 1);
      writer.histogram(labels, {.counts = counts});
    } else {
      writer.point(labels, {.value = 1});
    }
    writer.end_family();
  }
  writer.finish();
  return page;
}

TEST(MetricNames, LintFindsOnlyWhatIsExplained) {
  std::set<std::string> found;
  for (const std::span<const metrics::Description> catalog : {std::span<const metrics::Description>(zk::catalog::kAll),
                                                              {zerostate::catalog::kAll},
                                                              {l2::catalog::kAll},
                                                              {mpc::catalog::kAll},
                                                              {hotstuff2::catalog::kAll}}) {
    const auto findings = check::lint_metrics(page_of(catalog));
    ASSERT_TRUE(findings) << findings.error().message();
    for (const auto& finding : *findings) found.insert("`" + finding.metric + "` | " + finding.text);
  }
  std::set<std::string> explained;
  std::ifstream file(std::string(VIGIL_SOURCE_DIR) + "/docs/operating/metric-names.md");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `")) continue;
    const std::size_t reason = line.rfind(" | ");
    EXPECT_GT(line.size(), reason + 10) << "without a reason: " << line;
    explained.insert(line.substr(2, reason - 2));
  }
  EXPECT_EQ(found, explained);
}

}  // namespace
}  // namespace vigil::packs
