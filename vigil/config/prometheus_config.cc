#include "vigil/config/prometheus_config.h"

#include <set>
#include <utility>

#include "vigil/base/glob.h"
#include "vigil/base/strings.h"
#include "vigil/config/redact.h"
#include "vigil/config/relabel_config.h"
#include "vigil/config/scrape_section.h"
#include "vigil/net/client_config.h"
#include "vigil/yaml/document.h"
#include "vigil/yaml/fields.h"

namespace vigil::config {
namespace {

using std::filesystem::path;

// Go's os.Expand: $NAME, ${NAME}, $$ for a dollar.
std::string expand_environment(std::string_view text, const std::map<std::string, std::string>& environment) {
  std::string out;
  const auto is_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    if (text[i + 1] == '$') {
      out += '$';
      ++i;
      continue;
    }
    const bool braces = text[i + 1] == '{';
    std::size_t end = i + (braces ? 2 : 1);
    const std::size_t begin = end;
    while (end < text.size() && is_name(text[end])) ++end;
    if (end == begin || (braces && (end == text.size() || text[end] != '}'))) {
      out += text[i];
      continue;
    }
    const auto found = environment.find(std::string(text.substr(begin, end - begin)));
    if (found != environment.end()) out += found->second;
    i = braces ? end : end - 1;
  }
  return out;
}

Result<void> read_external_labels(const yaml::Node& node, const LoadOptions& options, Labels& out) {
  if (!node.is_mapping()) return std::unexpected(node.error("expected a mapping from label names to values"));
  LabelsBuilder builder;
  for (const auto& [name, value] : node.entries()) {
    if (name.text().empty() || !is_valid_utf8(name.text())) {
      return std::unexpected(name.error(go_quote(name.text()) + " is not a valid label name"));
    }
    const std::string text = expand_environment(value.text(), options.environment);
    if (!is_valid_utf8(text)) return std::unexpected(value.error(go_quote(text) + " is not a valid label value"));
    builder.set(name.text(), text);
  }
  out = builder.build();
  return {};
}

void read_global(yaml::Fields& global, const LoadOptions& options, PrometheusConfig& out, ScrapeDefaults& defaults) {
  read_scrape_defaults(global, defaults);
  out.scrape_interval = defaults.interval;
  out.scrape_timeout = defaults.timeout;
  global.duration("evaluation_interval", out.evaluation_interval);
  if (out.evaluation_interval == 0) out.evaluation_interval = kMinute;
  global.duration("rule_query_offset", out.rule_query_offset);
  global.with("external_labels",
              [&](const yaml::Node& node) { return read_external_labels(node, options, out.external_labels); });
  global.unsupported("query_log_file");
}

void read_alertmanager(yaml::Fields& fields, const path& base, alerting::ExternalConfig& out) {
  fields.optional("scheme", out.scheme);
  fields.optional("path_prefix", out.path_prefix);
  while (out.path_prefix.ends_with('/')) out.path_prefix.pop_back();
  if (!out.path_prefix.empty() && !out.path_prefix.starts_with('/')) out.path_prefix.insert(0, "/");
  fields.duration("timeout", out.timeout);
  std::string version = "v2";
  if (fields.optional("api_version", version) && version != "v2") {
    fields.fail("api_version", "expected Alertmanager api version to be one of [v2] but got " + version);
  }
  net::read_client_config(fields, base, out.http);
  discovery::Config discovery;
  read_discovery(fields, base, discovery, /*check_addresses=*/false);
  Relabeler relabel;
  read_relabel_configs(fields, "relabel_configs", "target", relabel);
  for (const auto& group : discovery.static_groups) {
    for (const Labels& target : group.targets) {
      LabelsBuilder labels(target);
      for (const LabelView label : group.labels) labels.set(label.name, label.value);
      if (!relabel.apply(labels)) continue;
      const std::string_view address = labels.get("__address__");
      if (auto good = check_address(address); !good) fields.fail("static_configs", good.error().message());
      out.targets.emplace_back(address);
    }
  }
  if (!discovery.files.empty()) {
    fields.problems().add(fields.node().find("file_sd_configs"), fields.path() + ".file_sd_configs: not supported yet",
                          ErrorCode::kNotSupported);
  }
  read_relabel_configs(fields, "alert_relabel_configs", "alert", out.alert_relabel);
  fields.unsupported("sigv4");
}

void read_storage(yaml::Fields& storage, PrometheusConfig& out) {
  storage.object("tsdb", [&](yaml::Fields& tsdb) {
    tsdb.unsupported("out_of_order_time_window");
    tsdb.unsupported("stale_series_compaction_threshold");
    tsdb.object("chunk_encoding", [&](yaml::Fields& encoding) {
      std::string floats;
      if (encoding.optional("floats", floats) && floats != "xor" && floats != "xor2") {
        encoding.fail("floats",
                      "'storage.tsdb.chunk_encoding.floats' must be 'xor' or 'xor2', or the field must be omitted "
                      "entirely, got " +
                          go_quote(floats));
      }
    });
    tsdb.object("retention", [&](yaml::Fields& retention) {
      retention.duration("time", out.retention_time);
      std::string size;
      if (retention.optional("size", size) && size.starts_with('-')) {
        retention.fail("size", "'storage.tsdb.retention.size' must be greater than or equal to 0, got " + size);
      } else {
        retention.bytes("size", out.retention_bytes);
      }
      double percentage = 0;
      if (retention.optional("percentage", percentage) && (percentage < 0 || percentage > 100)) {
        retention.fail("percentage", "'storage.tsdb.retention.percentage' must be in the range [0, 100], got " +
                                         format_float(percentage));
      } else if (percentage != 0) {
        retention.unsupported("percentage");
      }
    });
  });
  storage.unsupported("exemplars");
}

// Sections that are only checked for mistakes and then refused.
void read_refused_sections(yaml::Fields& root) {
  for (const char* key : {"remote_write", "remote_read"}) {
    const yaml::Node list = root.node().find(key);
    if (list.is_sequence() && list.size() > 0 && list[0].is_null()) {
      root.fail(key, std::string("empty or null remote ") + (key[7] == 'w' ? "write" : "read") + " config section");
      root.ignored(key);
    } else {
      root.unsupported(key);
    }
  }
  const yaml::Node tracing = root.node().find("tracing");
  if (tracing.is_mapping()) {
    const yaml::Node compression = tracing.find("compression");
    if (!tracing.find("endpoint")) root.fail("tracing", "tracing endpoint must be set");
    if (compression && compression.text() != "gzip" && !compression.text().empty()) {
      root.problems().add(compression, "invalid compression type " + std::string(compression.text()) +
                                           " provided, valid options: gzip");
    }
  }
  root.unsupported("tracing");
  root.unsupported("otlp");
}

// The list of jobs of the main file or of one of scrape_config_files.
void read_jobs(yaml::Fields& root, const ScrapeDefaults& defaults, const path& base, std::set<std::string>& names,
               PrometheusConfig& out) {
  root.with("scrape_configs", [&](const yaml::Node& list) -> Result<void> {
    if (!list.is_sequence()) return std::unexpected(list.error("expected a list of scrape configurations"));
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (list[i].is_null()) return std::unexpected(list.error("empty or null scrape config section"));
      scrape::ScrapeConfig job;
      yaml::read_mapping(
          list[i], "scrape_config", root.problems(),
          [&](yaml::Fields& fields) { read_scrape_config(fields, defaults, base, job); },
          "scrape_configs[" + std::to_string(i) + "]");
      if (!names.insert(job.job_name).second) {
        root.problems().add(list[i], "found multiple scrape configs with job name " + go_quote(job.job_name));
      }
      out.scrape_configs.push_back(std::move(job));
    }
    return {};
  });
}

void read_scrape_config_files(yaml::Fields& root, const std::vector<std::string>& patterns,
                              const ScrapeDefaults& defaults, const path& base, FileSystem& files,
                              std::set<std::string>& names, PrometheusConfig& out) {
  for (const std::string& pattern : patterns) {
    const auto found = expand_glob(net::resolve_file(base, pattern), files);
    if (!found) {
      root.fail("scrape_config_files", found.error().message());
      continue;
    }
    for (const std::string& name : *found) {
      const auto text = files.read_file(name);
      if (!text) {
        root.fail("scrape_config_files", text.error().message());
        continue;
      }
      const auto document = yaml::Document::parse(*text, name);
      if (!document) {
        root.problems().add(document.error());
        continue;
      }
      yaml::read_mapping(document->root(), "scrape config file", root.problems(), [&](yaml::Fields& fields) {
        read_jobs(fields, defaults, path(name).parent_path(), names, out);
      });
    }
  }
}

}  // namespace

Result<PrometheusConfig> parse_prometheus_config(std::string_view text, const path& file, FileSystem& files,
                                                 const LoadOptions& options) {
  VIGIL_TRY(const auto document, yaml::Document::parse(text, file.string()));
  const path base = file.has_parent_path() ? file.parent_path() : path(".");
  PrometheusConfig config;
  yaml::Problems problems;
  yaml::read_mapping(document.root(), "prometheus configuration", problems, [&](yaml::Fields& root) {
    ScrapeDefaults defaults;
    root.object("global", [&](yaml::Fields& global) { read_global(global, options, config, defaults); });
    root.ignored("runtime");  // settings of the Go runtime
    root.optional("rule_files", config.rule_files);
    for (std::string& name : config.rule_files) name = net::resolve_file(base, name);
    std::vector<std::string> scrape_config_files;
    root.optional("scrape_config_files", scrape_config_files);
    std::set<std::string> names;
    read_jobs(root, defaults, base, names, config);
    read_scrape_config_files(root, scrape_config_files, defaults, base, files, names, config);
    root.object("alerting", [&](yaml::Fields& alerting) {
      read_relabel_configs(alerting, "alert_relabel_configs", "alert", config.alerting.alert_relabel);
      alerting.objects("alertmanagers", "alertmanager_config", [&](yaml::Fields& fields) {
        read_alertmanager(fields, base, config.alerting.alertmanagers.emplace_back());
      });
    });
    root.object("storage", [&](yaml::Fields& storage) { read_storage(storage, config); });
    read_refused_sections(root);
  });
  VIGIL_TRY_VOID(problems.result());
  config.redacted_text = to_yaml(document.root(), /*hide_secrets=*/true);
  return config;
}

Result<PrometheusConfig> load_prometheus_config(const path& file, FileSystem& files, const LoadOptions& options) {
  VIGIL_TRY(const std::string text, files.read_file(file));
  return parse_prometheus_config(text, file, files, options);
}

}  // namespace vigil::config
