#include "packs/reference/metrics_reference.h"

#include <fmt/format.h>

#include <span>
#include <string_view>

#include "packs/hotstuff2/catalog.h"
#include "packs/l2/catalog.h"
#include "packs/mpc/catalog.h"
#include "packs/zerostate/catalog.h"
#include "packs/zk/catalog.h"

namespace vigil::packs {
namespace {

// In a table cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

std::string labels_of(const metrics::Description& metric) {
  std::string out;
  for (const std::string_view label : metric.labels) {
    out += fmt::format("{}`{}`", out.empty() ? "" : "<br>", label);
    for (const metrics::ClosedLabel& closed : metric.options.closed) {
      if (closed.name != label || closed.values.empty()) continue;
      std::string values;
      for (const std::string_view value : closed.values)
        values += fmt::format("{}{}", values.empty() ? "" : ", ", value);
      out += " = " + values;
    }
  }
  return out.empty() ? "–" : out;
}

std::string buckets_of(const metrics::Description& metric) {
  std::string out;
  for (const double bound : metric.layout.bounds) out += fmt::format("{}{:.15g}", out.empty() ? "" : " ", bound);
  return out.empty() ? "–" : out;
}

void add(std::string& out, std::string_view title, std::string_view folder,
         std::span<const metrics::Description> catalog) {
  out += fmt::format("\n## {}\n\n`packs/{}/catalog.h`, {} metrics.\n\n", title, folder, catalog.size());
  out += "| metric | type | labels | buckets | meaning |\n|---|---|---|---|---|\n";
  for (const metrics::Description& metric : catalog) {
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", metric.name, to_string(metric.type), cell(labels_of(metric)),
                       buckets_of(metric), cell(metric.help));
  }
}

}  // namespace

std::string metrics_reference() {
  std::string out =
      "# Metrics\n\nEvery metric of the five catalogues, as the code declares it. Counters and histograms of closed\n"
      "labels exist at 0 from the start; gauges appear at their first set. Labels without listed values are open: a\n"
      "family holds 99 label sets unless its catalogue says otherwise, the rest is counted under `other`.\n";
  add(out, "NexusZero ZK prover", "zk", zk::catalog::kAll);
  add(out, "ZeroState agent network", "zerostate", zerostate::catalog::kAll);
  add(out, "ZKFair L2 rollup", "l2", l2::catalog::kAll);
  add(out, "MPC threshold-signature wallet", "mpc", mpc::catalog::kAll);
  add(out, "HotStuff-2 consensus", "hotstuff2", hotstuff2::catalog::kAll);
  return out;
}

}  // namespace vigil::packs
