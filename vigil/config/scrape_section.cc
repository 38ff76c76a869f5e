#include "vigil/config/scrape_section.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "vigil/base/strings.h"
#include "vigil/config/redact.h"
#include "vigil/config/relabel_config.h"
#include "vigil/net/client_config.h"

namespace vigil::config {
namespace {

using scrape::Protocol;
using scrape::ScrapeConfig;

// Discoveries that Prometheus has and vigil has not.
constexpr std::array<std::string_view, 34> kOtherDiscoveries = {
    "aws_sd_configs",       "azure_sd_configs",    "consul_sd_configs",      "digitalocean_sd_configs",
    "dns_sd_configs",       "docker_sd_configs",   "dockerswarm_sd_configs", "ec2_sd_configs",
    "ecs_sd_configs",       "eureka_sd_configs",   "gce_sd_configs",         "hetzner_sd_configs",
    "http_sd_configs",      "ionos_sd_configs",    "kubernetes_sd_configs",  "kuma_sd_configs",
    "lightsail_sd_configs", "linode_sd_configs",   "marathon_sd_configs",    "msk_sd_configs",
    "nerve_sd_configs",     "nomad_sd_configs",    "oci_sd_configs",         "openstack_sd_configs",
    "outscale_sd_configs",  "ovhcloud_sd_configs", "puppetdb_sd_configs",    "scaleway_sd_configs",
    "serverset_sd_configs", "stackit_sd_configs",  "triton_sd_configs",      "uyuni_sd_configs",
    "vultr_sd_configs",     "openstack_sd_config"};

Result<Protocol> parse_protocol(std::string_view text) {
  if (text == "OpenMetricsText1.0.0") return Protocol::kOpenMetrics100;
  if (text == "OpenMetricsText0.0.1") return Protocol::kOpenMetrics001;
  if (text == "PrometheusText1.0.0") return Protocol::kText100;
  if (text == "PrometheusText0.0.4") return Protocol::kText004;
  if (text == "PrometheusProto") return Protocol::kProtobuf;
  return fail(ErrorCode::kInvalidArgument,
              "unknown scrape protocol " + std::string(text) +
                  ", supported: OpenMetricsText0.0.1, OpenMetricsText1.0.0, PrometheusProto, PrometheusText0.0.4, "
                  "PrometheusText1.0.0");
}

void read_protocols(yaml::Fields& fields, std::vector<Protocol>& out) {
  fields.with("scrape_protocols", [&](const yaml::Node& list) -> Result<void> {
    if (!list.is_sequence()) return std::unexpected(list.error("expected a list of scrape protocols"));
    std::vector<Protocol> protocols;
    for (const yaml::Node& item : list.items()) {
      const auto protocol = parse_protocol(item.text());
      if (!protocol)
        return std::unexpected(item.error("scrape_protocols: " + protocol.error().message(), protocol.error().code()));
      if (std::find(protocols.begin(), protocols.end(), *protocol) != protocols.end()) {
        return std::unexpected(item.error("duplicated protocol in scrape_protocols: " + std::string(item.text())));
      }
      protocols.push_back(*protocol);
    }
    if (protocols.empty()) return std::unexpected(list.error("scrape_protocols cannot be empty"));
    out = std::move(protocols);
    return {};
  });
}

void read_limits(yaml::Fields& fields, ScrapeConfig& out) {
  fields.bytes("body_size_limit", out.body_size_limit);
  fields.optional("sample_limit", out.sample_limit);
  fields.optional("target_limit", out.target_limit);
  fields.optional("label_limit", out.label_limit);
  fields.optional("label_name_length_limit", out.label_name_length_limit);
  fields.optional("label_value_length_limit", out.label_value_length_limit);
  fields.optional("extra_scrape_metrics", out.extra_scrape_metrics);
  fields.ignored("keep_dropped_targets");
}

// Keys that ask for something vigil does not do yet; `false` and defaults are fine.
void read_unsupported(yaml::Fields& fields) {
  bool to_nhcb = false;
  if (fields.optional("convert_classic_histograms_to_nhcb", to_nhcb) && to_nhcb) {
    fields.problems().add(fields.node().find("convert_classic_histograms_to_nhcb"),
                          "convert_classic_histograms_to_nhcb: not supported yet", ErrorCode::kNotSupported);
  }
  for (const char* key :
       {"native_histogram_bucket_limit", "native_histogram_min_bucket_factor", "scrape_failure_log_file"}) {
    fields.unsupported(key);
  }
  std::string validation;
  if (fields.optional("metric_name_validation_scheme", validation) && validation != "utf8") {
    const yaml::Node at = fields.node().find("metric_name_validation_scheme");
    if (validation == "legacy") {
      fields.problems().add(at, "metric_name_validation_scheme: legacy: not supported yet", ErrorCode::kNotSupported);
    } else {
      fields.fail("metric_name_validation_scheme", "unrecognized ValidationScheme: " + go_quote(validation));
    }
  }
  std::string escaping;
  if (fields.optional("metric_name_escaping_scheme", escaping) && escaping != "allow-utf-8") {
    static constexpr std::array<std::string_view, 3> kKnown = {"underscores", "dots", "values"};
    if (std::find(kKnown.begin(), kKnown.end(), escaping) == kKnown.end()) {
      fields.fail("metric_name_escaping_scheme", "unknown global name escaping method " + go_quote(escaping));
    } else {
      fields.problems().add(fields.node().find("metric_name_escaping_scheme"),
                            "metric_name_escaping_scheme: " + escaping + ": not supported yet",
                            ErrorCode::kNotSupported);
    }
  }
  if (validation == "legacy" && escaping == "allow-utf-8") {
    fields.fail("metric_name_escaping_scheme", "utf8 metric names requested but validation scheme is not set to UTF8");
  }
}

Result<void> read_static_configs(const yaml::Node& list, discovery::Config& out, yaml::Problems& problems,
                                 const std::string& path, bool check_addresses) {
  if (!list.is_sequence()) return std::unexpected(list.error("expected a list of static configurations"));
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].is_null()) return std::unexpected(list.error("empty or null section in static_configs"));
    discovery::TargetGroup group;
    group.source = "static/" + std::to_string(i);
    yaml::read_mapping(
        list[i], "static_config", problems,
        [&](yaml::Fields& fields) {
          fields.with("targets", [&](const yaml::Node& targets) -> Result<void> {
            if (!targets.is_sequence()) return std::unexpected(targets.error("expected a list of targets"));
            for (const yaml::Node& target : targets.items()) {
              if (!target.is_scalar())
                return std::unexpected(target.error("expected a target address such as \"localhost:8080\""));
              if (check_addresses) {
                if (auto good = check_address(target.text()); !good)
                  return std::unexpected(target.error(good.error().message()));
              }
              group.targets.push_back(Labels{{"__address__", target.text()}});
            }
            return {};
          });
          fields.with("labels", [&](const yaml::Node& labels) -> Result<void> {
            if (!labels.is_mapping())
              return std::unexpected(labels.error("expected a mapping from label names to values"));
            LabelsBuilder builder;
            for (const auto& [name, value] : labels.entries()) {
              if (name.text().empty() || !is_valid_utf8(name.text())) {
                return std::unexpected(name.error(go_quote(name.text()) + " is not a valid label name"));
              }
              builder.set(name.text(), value.text());
            }
            group.labels = builder.build();
            return {};
          });
        },
        path + "[" + std::to_string(i) + "]");
    out.static_groups.push_back(std::move(group));
  }
  return {};
}

}  // namespace

void read_scrape_defaults(yaml::Fields& global, ScrapeDefaults& out) {
  global.optional("scrape_native_histograms", out.native_histograms);
  global.optional("always_scrape_classic_histograms", out.classic_histograms);
  global.duration("scrape_interval", out.interval);
  out.timeout_set = global.duration("scrape_timeout", out.timeout);
  if (out.interval == 0) out.interval = kMinute;
  if (out.timeout_set && out.timeout > out.interval) {
    global.fail("scrape_timeout", "global scrape timeout greater than scrape interval");
  }
  if (!out.timeout_set) out.timeout = std::min<Duration>(10 * kSecond, out.interval);
  read_protocols(global, out.protocols);
  read_limits(global, out.limits);
  read_unsupported(global);
}

Result<void> check_address(std::string_view address) {
  if (address.empty()) return fail(ErrorCode::kInvalidArgument, "expected a target address such as \"localhost:8080\"");
  if (address.find('/') != std::string_view::npos) {
    return fail(ErrorCode::kInvalidArgument, go_quote(address) + " is not a valid hostname");
  }
  return {};
}

void read_discovery(yaml::Fields& fields, const std::filesystem::path& base, discovery::Config& out,
                    bool check_addresses) {
  fields.with("static_configs", [&](const yaml::Node& list) {
    const std::string path = fields.path().empty() ? "static_configs" : fields.path() + ".static_configs";
    return read_static_configs(list, out, fields.problems(), path, check_addresses);
  });
  fields.objects("file_sd_configs", "file_sd_config", [&](yaml::Fields& file) {
    discovery::FileConfig config;
    file.required("files", config.files);
    if (file.node().is_mapping() && config.files.empty())
      file.fail("file service discovery config must contain at least one path name");
    file.duration("refresh_interval", config.refresh_interval);
    for (std::string& name : config.files) {
      const std::string extension = std::filesystem::path(name).extension().string();
      if (extension != ".json" && extension != ".yml" && extension != ".yaml") {
        file.fail("files", "path name " + go_quote(name) +
                               " is not valid for file discovery: it must end in .json, .yml or .yaml");
      }
      name = net::resolve_file(base, name);
    }
    out.files.push_back(std::move(config));
  });
  for (const std::string_view key : kOtherDiscoveries) fields.unsupported(key);
}

void read_scrape_config(yaml::Fields& job, const ScrapeDefaults& defaults, const std::filesystem::path& base,
                        ScrapeConfig& out) {
  out.interval = defaults.interval;
  out.body_size_limit = defaults.limits.body_size_limit;
  out.sample_limit = defaults.limits.sample_limit;
  out.target_limit = defaults.limits.target_limit;
  out.label_limit = defaults.limits.label_limit;
  out.label_name_length_limit = defaults.limits.label_name_length_limit;
  out.label_value_length_limit = defaults.limits.label_value_length_limit;
  out.extra_scrape_metrics = defaults.limits.extra_scrape_metrics;
  bool native_histograms = defaults.native_histograms;
  bool classic_histograms = defaults.classic_histograms;
  job.optional("scrape_native_histograms", native_histograms);
  job.optional("always_scrape_classic_histograms", classic_histograms);
  if (native_histograms) {
    out.native_histograms =
        classic_histograms ? exposition::NativeHistograms::kBoth : exposition::NativeHistograms::kPrefer;
    // Only protobuf has them; a list that the user wrote stays as it is.
    out.protocols.insert(out.protocols.begin(), Protocol::kProtobuf);
  }
  if (!defaults.protocols.empty()) out.protocols = defaults.protocols;

  if (!job.optional("job_name", out.job_name) || out.job_name.empty()) job.fail("job_name is empty");
  job.duration("scrape_interval", out.interval);
  if (out.interval == 0) out.interval = defaults.interval;
  if (!job.duration("scrape_timeout", out.timeout) || out.timeout == 0)
    out.timeout = std::min(defaults.timeout, out.interval);
  if (out.timeout > out.interval) {
    job.fail("scrape timeout greater than scrape interval for scrape config with job name " + go_quote(out.job_name));
  }
  job.optional("metrics_path", out.metrics_path);
  job.optional("scheme", out.scheme);
  if (out.scheme != "http" && out.scheme != "https")
    job.fail("scheme", "scheme must be http or https, got " + go_quote(out.scheme));
  job.optional("params", out.params);
  job.optional("honor_labels", out.honor_labels);
  job.optional("honor_timestamps", out.honor_timestamps);
  job.optional("track_timestamps_staleness", out.track_timestamps_staleness);
  job.optional("enable_compression", out.enable_compression);
  read_protocols(job, out.protocols);
  out.has_fallback_protocol = job.converted("fallback_scrape_protocol", out.fallback_protocol, parse_protocol);
  read_limits(job, out);
  read_unsupported(job);
  read_relabel_configs(job, "relabel_configs", "target", out.relabel);
  read_relabel_configs(job, "metric_relabel_configs", "metric", out.metric_relabel);
  net::read_client_config(job, base, out.http);
  read_discovery(job, base, out.discovery);

  out.fingerprint = to_yaml(job.node(), /*hide_secrets=*/false);
  // What the job inherits from `global`.
  for (const std::uint64_t inherited :
       {static_cast<std::uint64_t>(out.interval), static_cast<std::uint64_t>(out.timeout), out.sample_limit,
        out.body_size_limit, out.target_limit, out.label_limit, out.label_name_length_limit,
        out.label_value_length_limit, std::uint64_t{out.extra_scrape_metrics ? 1U : 0U},
        static_cast<std::uint64_t>(out.native_histograms)}) {
    out.fingerprint += std::to_string(inherited) + ";";
  }
  for (const Protocol protocol : out.protocols) out.fingerprint += std::to_string(static_cast<int>(protocol));
}

}  // namespace vigil::config
