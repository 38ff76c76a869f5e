#include "vigil/scrape/target.h"

#include <map>
#include <unordered_set>
#include <utility>

#include "vigil/base/strings.h"
#include "vigil/net/url.h"

namespace vigil::scrape {
namespace {

constexpr std::string_view kAddress = "__address__";
constexpr std::string_view kScheme = "__scheme__";
constexpr std::string_view kMetricsPath = "__metrics_path__";
constexpr std::string_view kInterval = "__scrape_interval__";
constexpr std::string_view kTimeout = "__scrape_timeout__";
constexpr std::string_view kParamPrefix = "__param_";

void set_default(LabelsBuilder& labels, std::string_view name, std::string_view value) {
  if (labels.get(name).empty()) labels.set(name, value);
}

Labels with_defaults(const ScrapeConfig& config, const Labels& target, const Labels& group) {
  LabelsBuilder labels(group);
  for (const LabelView label : target) labels.set(label.name, label.value);
  set_default(labels, "job", config.job_name);
  set_default(labels, kInterval, format_duration(config.interval));
  set_default(labels, kTimeout, format_duration(config.timeout));
  set_default(labels, kMetricsPath, config.metrics_path);
  set_default(labels, kScheme, config.scheme);
  for (const auto& [name, values] : config.params) {
    if (!values.empty()) labels.set(std::string(kParamPrefix) + name, values.front());
  }
  return labels.build();
}

// Relabelling may have changed the first value of a parameter, or added one.
std::string query_of(const ScrapeConfig& config, const LabelsBuilder& labels) {
  std::map<std::string, std::vector<std::string>> params;
  for (const auto& [name, values] : config.params) params[name] = values;
  for (const auto& [name, value] : labels.pairs()) {
    if (!name.starts_with(kParamPrefix)) continue;
    auto& values = params[name.substr(kParamPrefix.size())];
    if (values.empty()) values.emplace_back();
    values.front() = value;
  }
  std::string query;
  for (const auto& [name, values] : params) {
    for (const std::string& value : values) {
      query += query.empty() ? '?' : '&';
      query += net::encode_query_component(name) + "=" + net::encode_query_component(value);
    }
  }
  return query;
}

Result<Duration> positive_duration(const LabelsBuilder& labels, std::string_view name, std::string_view what) {
  auto parsed = parse_duration(labels.get(name));
  if (!parsed) return std::unexpected(parsed.error().with_context("error parsing " + std::string(what)));
  if (*parsed <= 0) return fail(ErrorCode::kInvalidArgument, std::string(what) + " cannot be 0");
  return *parsed;
}

Result<Target> make_target(const ScrapeConfig& config, const LabelsBuilder& relabelled, Labels discovered) {
  const std::string_view address = relabelled.get(kAddress);
  if (address.empty()) return fail(ErrorCode::kInvalidArgument, "no address");
  if (address.find('/') != std::string_view::npos) {
    return fail(ErrorCode::kInvalidArgument, go_quote(address) + " is not a valid hostname");
  }
  const std::string_view scheme = relabelled.get(kScheme);
  if (scheme != "http" && scheme != "https") {
    return fail(ErrorCode::kInvalidArgument, "scheme must be http or https, got " + go_quote(scheme));
  }
  Target target;
  VIGIL_TRY(target.interval, positive_duration(relabelled, kInterval, "scrape interval"));
  VIGIL_TRY(target.timeout, positive_duration(relabelled, kTimeout, "scrape timeout"));
  if (target.timeout > target.interval) {
    return fail(ErrorCode::kInvalidArgument, "scrape timeout cannot be greater than scrape interval (" +
                                                 go_quote(relabelled.get(kTimeout)) + " > " +
                                                 go_quote(relabelled.get(kInterval)) + ")");
  }
  target.url = std::string(scheme) + "://" + std::string(address);
  const std::string_view path = relabelled.get(kMetricsPath);
  if (!path.starts_with('/')) target.url += '/';
  target.url += path;
  target.url += query_of(config, relabelled);

  LabelsBuilder labels;
  for (const auto& [name, value] : relabelled.pairs()) {
    if (name.starts_with("__")) continue;
    if (!is_valid_utf8(value)) return fail(ErrorCode::kInvalidArgument, "invalid label value for " + go_quote(name));
    labels.set(name, value);
  }
  set_default(labels, "instance", address);
  target.labels = labels.build();
  target.discovered = std::move(discovered);
  return target;
}

}  // namespace

JobTargets make_targets(const ScrapeConfig& config, const std::vector<discovery::TargetGroup>& groups) {
  JobTargets result;
  std::unordered_set<std::string> identities;
  for (const discovery::TargetGroup& group : groups) {
    for (std::size_t i = 0; i < group.targets.size(); ++i) {
      Labels discovered = with_defaults(config, group.targets[i], group.labels);
      LabelsBuilder labels(discovered);
      if (!config.relabel.apply(labels) || labels.pairs().empty()) {
        result.dropped.push_back(std::move(discovered));
        continue;
      }
      auto target = make_target(config, labels, std::move(discovered));
      if (!target) {
        result.errors.push_back(
            target.error().with_context("instance " + std::to_string(i) + " in group " + group.source));
      } else if (identities.insert(target->identity()).second) {
        result.targets.push_back(std::move(*target));
      }
    }
  }
  return result;
}

}  // namespace vigil::scrape
