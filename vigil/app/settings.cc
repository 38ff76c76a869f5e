#include "vigil/app/settings.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "packs/all/all.h"
#include "vigil/base/glob.h"
#include "vigil/base/strings.h"
#include "vigil/config/prometheus_config.h"
#include "vigil/rules/manager.h"
#include "vigil/sim/serve.h"
#include "vigil/tuning/overrides.h"
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

// Scraped often, so that the page is alive at once.
constexpr Duration kDemoInterval = 5 * kSecond;

// The pages of a pack's simulated network as scrape jobs.
std::vector<scrape::ScrapeConfig> demo_jobs(const pack::Pack& pack) {
  std::vector<scrape::ScrapeConfig> jobs;
  for (const sim::Page& page : sim::pages(pack)) {
    // The wallet's demo is real processes, without the stand-ins of its exporters.
    if (pack.name == "mpc" && page.job != "mpc-nodes") continue;
    auto job = std::ranges::find(jobs, page.job, &scrape::ScrapeConfig::job_name);
    if (job == jobs.end()) {
      job = jobs.insert(jobs.end(), scrape::ScrapeConfig());
      job->job_name = page.job;
      job->fingerprint = "demo " + std::string(pack.name) + " " + page.job;
      job->interval = job->timeout = kDemoInterval;
    }
    LabelsBuilder target;
    target.set("__address__", page.address).set("stack", pack.name);
    for (const auto& [name, value] : page.labels) target.set(name, value);
    discovery::TargetGroup group;
    group.source = "demo/" + page.address;
    group.targets.push_back(target.build());
    job->discovery.static_groups.push_back(std::move(group));
  }
  return jobs;
}

Result<void> add_pack(const pack::Pack& pack, bool demo, const tuning::Overrides& overrides,
                      const rules::RuleFileOptions& rule_options, FileSystem& files, Settings& out) {
  std::vector<scrape::ScrapeConfig> jobs;
  if (demo) {
    jobs = demo_jobs(pack);
  } else {
    VIGIL_TRY(auto config,
              config::parse_prometheus_config(pack.scrape_configs, "pack:" + std::string(pack.name), files));
    jobs = std::move(config.scrape_configs);
  }
  for (auto& job : jobs) {
    auto& all = out.engine.scrape_configs;
    for (auto& group : job.discovery.static_groups) group.source = std::string(pack.name) + "/" + group.source;
    const auto same = std::ranges::find(all, job.job_name, &scrape::ScrapeConfig::job_name);
    if (same == all.end()) {
      out.pack_jobs.insert(job.job_name);
      all.push_back(std::move(job));
    } else if (out.pack_jobs.contains(job.job_name)) {
      // Two packs watch the same kind of exporter: one job, whose targets `stack` tells apart.
      std::ranges::move(job.discovery.static_groups, std::back_inserter(same->discovery.static_groups));
      same->fingerprint += " " + std::string(pack.name);
    }  // else the user's own job of that name wins
  }
  const auto changed = overrides.find(pack.name);
  VIGIL_TRY(
      auto groups,
      tuning::rule_groups(pack, changed == overrides.end() ? tuning::PackOverrides() : changed->second, rule_options));
  std::ranges::move(groups, std::back_inserter(out.engine.rule_groups));
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
  tuning::Overrides overrides;
  if (!options.pack_overrides.empty()) {
    VIGIL_TRY(const std::string text, files.read_file(options.pack_overrides));
    VIGIL_TRY(overrides, tuning::parse_overrides(text, options.pack_overrides));
    for (const auto& [name, changes] : overrides) {
      if (packs::find(name) == nullptr) {
        return fail(ErrorCode::kInvalidArgument, options.pack_overrides + ": there is no pack " + go_quote(name));
      }
    }
  }
  for (const pack::Pack* const pack : packs::all()) {
    const auto wanted = [pack](const std::string& name) { return name == pack->name || name == "all"; };
    if (std::none_of(names.begin(), names.end(), wanted)) continue;
    const bool is_demo = std::any_of(options.demos.begin(), options.demos.end(), wanted);
    settings.packs.push_back(pack);
    VIGIL_TRY_VOID(add_pack(*pack, is_demo, overrides, rule_options, files, settings));
  }
  if (options.config_file.empty()) {  // exporters that no pack has as its own
    for (const auto& exporter : found_exporters) {
      const auto same_target = [&exporter](const scrape::ScrapeConfig& job) {
        for (const auto& group : job.discovery.static_groups) {
          for (const Labels& target : group.targets) {
            // A pack's own target carries more labels.
            const Labels& found = exporter.discovery.static_groups[0].targets[0];
            if (target.get("__address__") == found.get("__address__")) return true;
          }
        }
        return false;
      };
      auto& jobs = settings.engine.scrape_configs;
      if (std::none_of(jobs.begin(), jobs.end(), same_target)) jobs.push_back(exporter);
    }
  }
  for (const std::string& name : names) {
    if (name != "all" && packs::find(name) == nullptr)
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
