// Prometheus' own configuration files: matched, refused by name, or differing.
// Only differing fails.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "vigil/base/file_system.h"
#include "vigil/config/prometheus_config.h"
#include "vigil/net/client_config.h"
#include "vigil/yaml/document.h"

namespace vigil::config {
namespace {

namespace fs = std::filesystem;

fs::path shared_folder() {
  const char* set = std::getenv("VIGIL_SHARED");
  return set != nullptr ? fs::path(set) : fs::path(VIGIL_SOURCE_DIR) / ".." / "shared";
}

// Where our words for the same refusal are not upstream's.
const std::map<std::string, std::string> kOurWords = {
    {"unknown_attr.bad.yml", "unknown key \"consult_sd_configs\""},
    {"section_key_dup.bad.yml", "scrape_configs"},
    {"scrape_config_files_fallback_scrape_protocol2.bad.yml", "expected a string"},
    {"static_config.bad.yml", "unknown key"},
    {"scrape_config_files.bad.yml", "scrape timeout greater than scrape interval"},
    {"scrape_config_files_scrape_protocols.bad.yml", "unknown scrape protocol prometheusproto"},
};

TEST(ConfigConformance, PrometheusFiles) {
  const fs::path folder = shared_folder() / "conformance/config";
  if (!fs::exists(folder)) GTEST_SKIP() << "no " << folder << " (VIGIL_SHARED)";
  std::ifstream stream(folder / "expectations.json");
  const auto expectations = nlohmann::json::parse(stream);
  int matched = 0, refused = 0, differing = 0;
  for (const auto& [name, expected] : expectations.items()) {
    const std::string load = expected["load"];
    const auto config = load_prometheus_config(folder / name, FileSystem::real());
    if (load.ends_with("-in-agent-mode")) {
      // Agent mode does not exist here; as a server's configuration the file may load or not.
      ++refused;
      continue;
    }
    std::string problem;
    // The files about other discoveries have more mistakes than one; the refusal is what counts.
    const bool names_refused_discovery = !config && config.error().message().contains("_sd_configs: not supported yet");
    if (!config && (config.error().code() == ErrorCode::kNotSupported || (load != "ok" && names_refused_discovery))) {
      ++refused;
    } else if (load == "ok") {
      if (!config) problem = "should load: " + config.error().message();
    } else if (config) {
      problem = "should be refused: " + expected.dump();
    } else {
      const std::string& message = config.error().message();
      const bool upstream_words =
          expected["errContains"].is_string() && message.contains(expected["errContains"].get<std::string>());
      const auto ours = kOurWords.find(name);
      const bool our_words = ours != kOurWords.end() && message.contains(ours->second);
      if (!upstream_words && !our_words)
        problem = "refused for another reason: " + message + "\n  expected " + expected.dump();
    }
    if (!problem.empty()) {
      ++differing;
      ADD_FAILURE() << name << ": " << problem;
    } else if (config || (config.error().code() != ErrorCode::kNotSupported && !names_refused_discovery)) {
      ++matched;
    }
  }
  std::cout << "config: " << matched << " matched, " << refused << " refused by name, " << differing << " differing\n";
}

TEST(ConfigConformance, HttpClientFiles) {
  const fs::path folder = shared_folder() / "conformance/config/http_client";
  if (!fs::exists(folder)) GTEST_SKIP() << "no " << folder << " (VIGIL_SHARED)";
  int matched = 0, refused = 0, differing = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const auto text = FileSystem::real().read_file(entry.path());
    ASSERT_TRUE(text);
    // The files of tls_config are the section alone.
    std::string content = *text;
    if (name.starts_with("tls_config")) {
      std::string indented = "tls_config:\n  ";
      for (const char c : content) indented += c == '\n' ? std::string("\n  ") : std::string(1, c);
      content = indented;
    }
    const auto document = yaml::Document::parse(content, name);
    ASSERT_TRUE(document) << document.error().message();
    yaml::Problems problems;
    net::ClientRequest request;
    yaml::read_mapping(document->root(), "http client", problems,
                       [&](yaml::Fields& fields) { net::read_client_config(fields, ".", request); });
    const auto result = problems.result();
    // Files whose name does not say it: two user names at once are refused upstream.
    const bool bad = name.contains(".bad") || name.contains("bad-username");
    if (!result && result.error().code() == ErrorCode::kNotSupported) {
      ++refused;
    } else if (result.has_value() == bad) {
      ++differing;
      ADD_FAILURE() << name << ": " << (result ? std::string("should be refused") : result.error().message());
    } else {
      ++matched;
    }
  }
  std::cout << "http_client: " << matched << " matched, " << refused << " refused by name, " << differing
            << " differing\n";
}

}  // namespace
}  // namespace vigil::config
