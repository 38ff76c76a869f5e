// For tests of packs: a catalogue in C++ against the shared one in JSON.
//
//   check_catalog("zk", catalog::kAll);
//
// Compares, metric by metric, name, type, labels, buckets, unit, the closed values that
// the help text lists ("reason = a, b"), and the room that a label's own cap needs.
// Skips the calling test where the shared catalogue is absent.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "vigil/base/file_system.h"
#include "vigil/exposition/page_writer.h"
#include "vigil/metrics/metrics.h"

namespace vigil::packs::testing {

inline std::vector<std::string> split_values(std::string text) {
  std::ranges::replace(text, ',', ' ');
  std::istringstream words(text);
  std::vector<std::string> values;
  for (std::string word; words >> word;) values.push_back(word);
  return values;
}

// "a, b (why), c" -> a b c; nothing if it is a sentence and not a list.
inline std::vector<std::string> listed_values(const std::string& text) {
  std::vector<std::string> values;
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ',');) {
    std::istringstream words(item.substr(0, item.find('(')));
    std::string value, more;
    if (!(words >> value) || words >> more) return {};
    values.push_back(value);
  }
  return values;
}

// The unit that OpenMetrics wants told: where the name carries it.
inline std::string unit_of(const nlohmann::json& metric) {
  static const std::map<std::string, std::string> kUnits{
      {"s", "seconds"},    {"By", "bytes"},    {"ratio", "ratio"}, {"By/s", "bytes_per_second"},
      {"token", "tokens"}, {"ether", "ether"}, {"wei", "wei"},     {"utia", "utia"}};
  const auto unit = kUnits.find(metric["unit"].get<std::string>());
  if (unit == kUnits.end()) return "";
  std::string name = metric["name"];
  if (name.ends_with("_total")) name.resize(name.size() - 6);
  return name.ends_with("_" + unit->second) ? unit->second : "";
}

inline void check_metric(const metrics::Description& metric, const nlohmann::json& expected) {
  SCOPED_TRACE(metric.name);
  EXPECT_EQ(to_string(metric.type), expected["type"].get<std::string>());
  EXPECT_EQ(metric.options.unit, unit_of(expected));
  std::string labels;
  for (const auto label : metric.labels) labels += (labels.empty() ? "" : ", ") + std::string(label);
  EXPECT_EQ(labels.empty() ? "-" : labels, expected["labels"].get<std::string>());
  std::vector<double> bounds;
  for (const std::string& bound : split_values(expected["buckets"])) bounds.push_back(std::stod(bound));
  EXPECT_EQ(std::vector<double>(metric.layout.bounds.begin(), metric.layout.bounds.end()), bounds);

  std::size_t closed_sets = 1;
  const std::string help = expected["help"];
  for (const metrics::ClosedLabel& closed : metric.options.closed) {
    if (closed.values.empty()) continue;
    closed_sets *= closed.values.size();
    EXPECT_NE(std::ranges::find(metric.labels, closed.name), metric.labels.end()) << closed.name;
    const std::string listed = std::string(closed.name) + " = ";
    const std::size_t at = help.find(listed);
    if (at == std::string::npos) continue;
    const std::size_t start = at + listed.size();
    const auto values = listed_values(help.substr(start, help.find(';', start) - start));
    if (!values.empty()) {
      EXPECT_EQ(std::vector<std::string>(closed.values.begin(), closed.values.end()), values);
    }
  }
  for (const auto& [label, cap] : expected["caps"].items()) {
    EXPECT_EQ(metric.options.max_label_sets, (cap.get<std::size_t>() + 1) * closed_sets) << label;
  }
  if (expected["caps"].empty()) {
    EXPECT_LE(metric.options.max_label_sets, metrics::kDefaultMaxLabelSets);
  }
}

inline void check_catalog(const std::string& system, std::span<const metrics::Description> catalog) {
  const char* const shared = std::getenv("VIGIL_SHARED");
  if (shared == nullptr) GTEST_SKIP() << "VIGIL_SHARED does not name the folder of domain-scripts/catalog.json";
  const std::string file = std::string(shared) + "/domain-scripts/catalog.json";
  const auto text = FileSystem::real().read_file(file);
  if (!text) GTEST_SKIP() << file << " is missing";
  const nlohmann::json document = nlohmann::json::parse(*text);
  std::map<std::string, const nlohmann::json*> wanted;
  for (const auto& metric : document[system]["metrics"]) wanted[metric["name"]] = &metric;
  EXPECT_EQ(catalog.size(), wanted.size());
  for (const metrics::Description& metric : catalog) {
    const auto found = wanted.find(std::string(metric.name));
    ASSERT_NE(found, wanted.end()) << metric.name << " is not in " << file;
    check_metric(metric, *found->second);
    wanted.erase(found);
  }
  for (const auto& [name, metric] : wanted) ADD_FAILURE() << name << " is missing";
}

// The page of a registry in Prometheus text.
inline std::string page(const metrics::Registry& registry) {
  return exposition::page_text(registry, exposition::Format::kText);
}

// The value of `series` ("name{labels}") on the page; -1 if it is not there.
inline double value(const metrics::Registry& registry, const std::string& series) {
  const std::string text = "\n" + page(registry);
  const std::string start = "\n" + series + " ";
  const std::size_t at = text.find(start);
  return at == std::string::npos ? -1 : std::stod(text.substr(at + start.size()));
}

}  // namespace vigil::packs::testing
