#include "vigil/app/settings.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "vigil/app/pack_files.h"
#include "vigil/base/glob.h"
#include "vigil/base/strings.h"
#include "vigil/config/prometheus_config.h"
#include "vigil/rules/manager.h"
#include "vigil/yaml/scalars.h"

namespace vigil::app {
namespace {

Result<Duration> duration_flag(const char* name, const std::string& text) {
  auto duration = parse_duration(text);
  if (!duration) return std::unexpected(duration.error().with_context(std::string("--") + name));
  return duration;
}

// Sizes are written as in YAML: reuse its reader.
Result<std::uint64_t> bytes_flag(const char* name, const std::string& text) {
  std::uint64_t bytes = 0;
  VIGIL_TRY(const auto document, yaml::Document::parse(text, std::string("--") + name));
  VIGIL_TRY_VOID(yaml::decode_bytes(document.root(), bytes));
  return bytes;
}

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (const std::size_t equals = text.find('='); equals != std::string_view::npos) {
      out.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return out;
}

scrape::ScrapeConfig self_scrape(const std::string& own_address) {
  scrape::ScrapeConfig job;
  job.job_name = "vigil";
  job.interval = 5 * kSecond;
  job.timeout = 5 * kSecond;
  job.fingerprint = "self " + own_address;
  discovery::TargetGroup group;
  group.source = "self";
  group.targets.push_back(Labels{{"__address__", own_address}});
  job.discovery.static_groups.push_back(std::move(group));
  return job;
}

// A demo scrapes often, so that the page is alive at once, and leaves out the jobs of
// exporters that do not run here: a demo that starts with alerts about them misleads.
struct DemoOptions {
  Duration scrape_interval = 2 * kSecond;
  std::set<std::string> running_exporters;
};

Result<void> add_pack(const PackFiles& pack, const DemoOptions* demo, const rules::RuleFileOptions& rule_options,
                      FileSystem& files, Settings& out) {
  VIGIL_TRY(auto jobs, config::parse_prometheus_config(pack.scrape_configs, "pack:" + std::string(pack.name), files));
  for (auto& job : jobs.scrape_configs) {
    if (demo != nullptr) {
      if (job.job_name != pack.simulated_job && !demo->running_exporters.contains(job.job_name)) continue;
      job.interval = demo->scrape_interval;
      job.timeout = std::min(job.timeout, demo->scrape_interval);
    }
    bool taken = false;
    for (const auto& other : out.engine.scrape_configs) taken = taken || other.job_name == job.job_name;
    if (!taken) out.engine.scrape_configs.push_back(std::move(job));  // the user's own job of that name wins
  }
  for (const RuleText& file : pack.rules) {
    VIGIL_TRY(auto rules, rules::parse_rule_file(file.text, std::string(file.name), rule_options));
    for (auto& group : rules.groups) out.engine.rule_groups.push_back(std::move(group));
  }
  return {};
}

}  // namespace

Result<promql::EngineOptions> query_options(const ServerOptions& options) {
  promql::EngineOptions query;
  query.max_samples = options.query_max_samples;
  query.max_concurrency = options.query_max_concurrency;
  VIGIL_TRY(query.max_bytes, bytes_flag("query.max-memory", options.query_max_memory));
  VIGIL_TRY(query.timeout, duration_flag("query.timeout", options.query_timeout));
  VIGIL_TRY(query.lookback_delta, duration_flag("query.lookback-delta", options.query_lookback_delta));
  for (const std::string& feature : options.features) {
    if (feature == "promql-experimental-functions") {
      query.experimental_functions = true;
    } else if (feature == "promql-extended-range-selectors") {
      query.extended_range_selectors = true;
    } else if (feature == "promql-binop-fill-modifiers") {
      query.binop_fill_modifiers = true;
    } else if (feature == "promql-delayed-name-removal") {
      query.delayed_name_removal = true;
    } else {
      return fail(ErrorCode::kInvalidArgument, "--enable-feature: unknown feature " + go_quote(feature));
    }
  }
  return query;
}

Result<Settings> load_settings(const ServerOptions& options, const std::string& own_address,
                               const std::vector<scrape::ScrapeConfig>& found_exporters, FileSystem& files) {
  Settings settings;
  rules::RuleFileOptions rule_options;
  VIGIL_TRY(const auto query, query_options(options));
  rule_options.parser = {.experimental_functions = query.experimental_functions,
                         .extended_range_selectors = query.extended_range_selectors,
                         .binop_fill_modifiers = query.binop_fill_modifiers,
                         .duration_expressions = query.duration_expressions};

  if (!options.config_file.empty()) {
    VIGIL_TRY(auto config, config::load_prometheus_config(options.config_file, files, {.environment = environment()}));
    std::vector<std::string> rule_files;
    for (const std::string& pattern : config.rule_files) {
      VIGIL_TRY(auto found, expand_glob(pattern, files));
      rule_files.insert(rule_files.end(), std::move_iterator(found.begin()), std::move_iterator(found.end()));
    }
    VIGIL_TRY(settings.engine.rule_groups, rules::load_rule_files(files, rule_files, rule_options));
    settings.engine.external_labels = config.external_labels;
    settings.engine.evaluation_interval = config.evaluation_interval;
    settings.engine.rule_query_offset = config.rule_query_offset;
    settings.engine.scrape_configs = std::move(config.scrape_configs);
    settings.engine.alertmanagers = std::move(config.alerting);
    if (config.retention_time > 0) settings.retention = config.retention_time;
    settings.retention_bytes = config.retention_bytes;
    settings.shown_config = std::move(config.redacted_text);
  } else {
    settings.engine.evaluation_interval = 5 * kSecond;
    settings.engine.scrape_configs.push_back(self_scrape(own_address));
    settings.shown_config = "# no --config.file: vigil scrapes itself and the exporters that answer on loopback\n";
  }

  std::vector<std::string> names = options.packs;
  for (const std::string& demo : options.demos) names.push_back(demo);
  for (const PackFiles& pack : packs()) {
    const auto wanted = [&pack](const std::string& name) { return name == pack.name || name == "all"; };
    if (std::none_of(names.begin(), names.end(), wanted)) continue;
    DemoOptions demo;
    for (const auto& exporter : found_exporters) demo.running_exporters.insert(exporter.job_name);
    const bool is_demo = std::any_of(options.demos.begin(), options.demos.end(), wanted);
    VIGIL_TRY_VOID(add_pack(pack, is_demo ? &demo : nullptr, rule_options, files, settings));
  }
  if (options.config_file.empty()) {  // exporters that no pack has as its own
    for (const auto& exporter : found_exporters) {
      const auto same_target = [&exporter](const scrape::ScrapeConfig& job) {
        for (const auto& group : job.discovery.static_groups) {
          for (const Labels& target : group.targets) {
            if (target == exporter.discovery.static_groups[0].targets[0]) return true;
          }
        }
        return false;
      };
      auto& jobs = settings.engine.scrape_configs;
      if (std::none_of(jobs.begin(), jobs.end(), same_target)) jobs.push_back(exporter);
    }
  }
  for (const std::string& name : names) {
    if (name != "all" && find_pack(name) == nullptr)
      return fail(ErrorCode::kInvalidArgument, "there is no pack " + go_quote(name));
  }

  if (!options.alertmanager_config_file.empty()) {
    VIGIL_TRY(const std::string text, files.read_file(options.alertmanager_config_file));
    VIGIL_TRY(settings.alerting, alerting::parse_config(text, options.alertmanager_config_file));
  }
  // Flags win over the configuration.
  if (!options.retention_time.empty()) {
    VIGIL_TRY(settings.retention, duration_flag("storage.tsdb.retention.time", options.retention_time));
  }
  if (!options.retention_size.empty()) {
    VIGIL_TRY(settings.retention_bytes, bytes_flag("storage.tsdb.retention.size", options.retention_size));
  }
  return settings;
}

}  // namespace vigil::app
