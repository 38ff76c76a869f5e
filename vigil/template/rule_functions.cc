#include "vigil/template/rule_functions.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "vigil/base/strings.h"
#include "vigil/template/time_value.h"
#include "vigil/template/unicode.h"

namespace vigil::templates {
namespace {

using Kind = Value::Kind;

// What every rule template starts with in Prometheus; error columns count it.
constexpr std::string_view kPrelude =
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}";
constexpr const char* kDataType =
    "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value float64 }";

struct RuleEnvironment final : Environment {
  explicit RuleEnvironment(const RuleData& rule_data) : data(rule_data) {}
  const RuleData& data;
};

const RuleData& rule_data(const Arguments& args) { return static_cast<const RuleEnvironment*>(args.environment)->data; }

std::unexpected<Error> error(std::string message) { return fail(ErrorCode::kExecution, std::move(message)); }

std::string short_float(double value) { return format_go_float(value, 'g', 4); }
bool is_plain(double value) { return value == 0 || !std::isfinite(value); }

// ---- numbers ----

Result<double> to_float(const Value& value) {
  switch (value.kind()) {
    case Kind::kFloat: return value.as_float();
    case Kind::kInt: return static_cast<double>(value.as_int());
    case Kind::kString:
      if (const auto parsed = parse_float(value.as_string())) return *parsed;
      return error(fmt::format("strconv.ParseFloat: parsing {}: invalid syntax", go_quote(value.as_string())));
    case Kind::kObject:
      if (value.type() == "*time.Duration") {
        VIGIL_TRY(const Value seconds, value.as_object().call("Seconds", {}));
        return seconds.as_float();
      }
      break;
    default: break;
  }
  return error(fmt::format("can't convert {} to float", value.type()));
}

std::string scale_up(double value, double base, std::span<const std::string_view> prefixes) {
  std::string_view prefix;
  for (const std::string_view each : prefixes) {
    if (std::fabs(value) < base) break;
    prefix = each;
    value /= base;
  }
  return short_float(value) += prefix;
}

std::string scale_down(double value) {
  std::string_view prefix;
  for (const std::string_view each : {"m", "u", "n", "p", "f", "a", "z", "y"}) {
    if (std::fabs(value) >= 1) break;
    prefix = each;
    value *= 1000;
  }
  return short_float(value) += prefix;
}

template <std::string (*Format)(double)>
Result<Value> call_number(const Arguments& args) {
  VIGIL_TRY(const double value, to_float(args[0]));
  return Format(value);
}

Result<std::int64_t> to_nanoseconds(double seconds, std::string_view what) {
  if (!std::isfinite(seconds)) return error("value is NaN or Inf");
  const double nanoseconds = seconds * 1e9;
  if (!(std::fabs(nanoseconds) < 9.223372036854775e18)) {
    return error(fmt::format("{} cannot be represented as a nanoseconds {} since it overflows int64",
                             format_go_float(seconds, 'g', -1), what));
  }
  return static_cast<std::int64_t>(nanoseconds);
}

Result<Value> to_time(double seconds) {
  VIGIL_TRY(const std::int64_t nanoseconds, to_nanoseconds(seconds, "timestamp"));
  std::int64_t milliseconds = nanoseconds / 1'000'000;
  if (nanoseconds % 1'000'000 < 0) --milliseconds;
  return time_value(milliseconds);
}

Result<Value> call_to_time(const Arguments& args) {
  VIGIL_TRY(const double seconds, to_float(args[0]));
  return to_time(seconds);
}
Result<Value> call_to_duration(const Arguments& args) {
  VIGIL_TRY(const double seconds, to_float(args[0]));
  VIGIL_TRY(const std::int64_t nanoseconds, to_nanoseconds(seconds, "duration"));
  return duration_value(nanoseconds);
}
Result<Value> call_humanize_timestamp(const Arguments& args) {
  VIGIL_TRY(const double seconds, to_float(args[0]));
  if (!std::isfinite(seconds)) return short_float(seconds);
  VIGIL_TRY(const Value time, to_time(seconds));
  return time.as_object().to_string();
}
Result<Value> call_now(const Arguments& args) { return static_cast<double>(rule_data(args).now) / 1000.0; }
Result<Value> call_parse_duration(const Arguments& args) {
  VIGIL_TRY(const Duration duration, parse_duration(args[0].as_string()));
  return static_cast<double>(duration) / 1000.0;
}

// ---- queries ----

const Value& sample_labels(const Value& sample) { return sample.as_map().entries[0].second; }
std::string_view sample_label(const Value& sample, std::string_view name) {
  const Value* found = sample_labels(sample).as_map().find(name);
  return found != nullptr ? std::string_view(found->as_string()) : std::string_view();
}

Result<Value> call_query(const Arguments& args) {
  const RuleData& data = rule_data(args);
  if (!data.query) return error("queries are not available here");
  VIGIL_TRY(const auto samples, data.query(args[0].as_string()));
  std::vector<Value> out;
  out.reserve(samples.size());
  for (const QuerySample& sample : samples) {
    out.push_back(Value::structure({{"Labels", Value::labels(sample.labels)}, {"Value", sample.value}},
                                   std::string(kSampleType)));
  }
  return Value::list(std::move(out), std::string(kSamplesType));
}
Result<Value> call_first(const Arguments& args) {
  const auto& items = args[0].as_list().items;
  if (items.empty()) return error("first() called on vector with no elements");
  return items.front();
}
Result<Value> call_label(const Arguments& args) { return sample_label(args[1], args[0].as_string()); }
Result<Value> call_value(const Arguments& args) { return args[0].as_map().entries[1].second; }
Result<Value> call_strvalue(const Arguments& args) { return sample_label(args[0], "__value__"); }
Result<Value> call_sort_by_label(const Arguments& args) {
  const std::string& name = args[0].as_string();
  std::vector<Value> items = args[1].as_list().items;
  std::stable_sort(items.begin(), items.end(),
                   [&](const Value& a, const Value& b) { return sample_label(a, name) < sample_label(b, name); });
  return Value::list(std::move(items), std::string(kSamplesType));
}

// ---- text ----

Result<std::unique_ptr<RE2>> compile(std::string_view pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  auto regex = std::make_unique<RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!regex->ok()) return error(fmt::format("error parsing regexp: {}: `{}`", regex->error(), pattern));
  return regex;
}

Result<Value> call_match(const Arguments& args) {
  VIGIL_TRY(const auto regex, compile(args[0].as_string()));
  return RE2::PartialMatch(args[1].as_string(), *regex);
}

// Go's Regexp.Expand: $1, $name, ${name}, $$; unknown names are empty.
void expand(std::string& out, std::string_view replacement, const RE2& regex,
            std::span<const re2::StringPiece> groups) {
  const auto& names = regex.NamedCapturingGroups();
  const auto is_word = [](char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; };
  while (!replacement.empty()) {
    const std::size_t dollar = std::min(replacement.find('$'), replacement.size());
    out += replacement.substr(0, dollar);
    replacement.remove_prefix(dollar);
    if (replacement.size() < 2) {
      out += replacement;
      return;
    }
    replacement.remove_prefix(1);
    if (replacement.front() == '$') {
      out += '$';
      replacement.remove_prefix(1);
      continue;
    }
    const bool braces = replacement.front() == '{';
    std::string_view name = replacement.substr(braces ? 1 : 0);
    std::size_t length = 0;
    while (length < name.size() && is_word(name[length])) ++length;
    if (length == 0 || (braces && (length == name.size() || name[length] != '}'))) {
      out += '$';
      continue;
    }
    name = name.substr(0, length);
    replacement.remove_prefix(length + (braces ? 2 : 0));
    std::size_t index = groups.size();
    if (std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      if (name.size() < 9) index = static_cast<std::size_t>(std::stoul(std::string(name)));
    } else if (const auto found = names.find(std::string(name)); found != names.end()) {
      index = static_cast<std::size_t>(found->second);
    }
    if (index < groups.size() && groups[index].data() != nullptr)
      out.append(groups[index].data(), groups[index].size());
  }
}

Result<Value> call_re_replace_all(const Arguments& args) {
  VIGIL_TRY(const auto regex, compile(args[0].as_string()));
  const std::string& text = args[2].as_string();
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex->NumberOfCapturingGroups()) + 1);
  std::string out;
  std::size_t at = 0;      // where the search goes on
  std::size_t copied = 0;  // text before this is in `out`
  std::size_t last_end = std::string::npos;
  while (at <= text.size() && out.size() <= args.max_bytes) {
    if (!regex->Match(text, at, text.size(), RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size()))) break;
    const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
    const std::size_t end = begin + groups[0].size();
    // An empty match right after a match does not count.
    if (end > begin || begin != last_end) {
      out.append(text, copied, begin - copied);
      expand(out, args[1].as_string(), *regex, groups);
      copied = end;
      last_end = end;
    }
    at = end;
    if (end == begin) {
      ++at;
      while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
    }
  }
  if (copied < text.size()) out.append(text, copied);
  return out;
}

Result<Value> call_title(const Arguments& args) { return title(args[0].as_string()); }
Result<Value> call_upper(const Arguments& args) { return to_upper(args[0].as_string()); }
Result<Value> call_lower(const Arguments& args) { return to_lower(args[0].as_string()); }
Result<Value> call_identity(const Arguments& args) { return args[0]; }
Result<Value> call_url_query_escape(const Arguments& args) { return query_escape(args[0].as_string()); }
Result<Value> call_graph_link(const Arguments& args) {
  return "/graph?g0.expr=" + query_escape(args[0].as_string()) + "&g0.tab=0";
}
Result<Value> call_table_link(const Arguments& args) {
  return "/graph?g0.expr=" + query_escape(args[0].as_string()) + "&g0.tab=1";
}

struct HostPort {
  std::string_view host;
  std::string_view port;
};
// Go's net.SplitHostPort.
std::optional<HostPort> split_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return std::nullopt;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  if (host.find_first_of("[]") != std::string_view::npos) return std::nullopt;
  return HostPort{host, text.substr(colon + 1)};
}

bool is_ip_address(const std::string& host) {
  std::array<unsigned char, 16> address;
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

Result<Value> call_strip_port(const Arguments& args) {
  const auto parts = split_host_port(args[0].as_string());
  return parts ? Value(parts->host) : args[0];
}
Result<Value> call_strip_domain(const Arguments& args) {
  const std::string& text = args[0].as_string();
  const auto parts = split_host_port(text);
  std::string host(parts ? parts->host : std::string_view(text));
  if (is_ip_address(host)) return text;
  host = host.substr(0, host.find('.'));
  if (parts && !parts->port.empty()) host += ":" + std::string(parts->port);
  return host;
}

Result<Value> call_args(const Arguments& args) {
  std::vector<std::pair<std::string, Value>> entries;
  for (std::size_t i = 0; i < args.size(); ++i) entries.emplace_back("arg" + std::to_string(i), args[i]);
  return Value::map(std::move(entries));
}
Result<Value> call_external_url(const Arguments& args) { return rule_data(args).external_url; }
Result<Value> call_path_prefix(const Arguments& args) {
  std::string_view url = rule_data(args).external_url;
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  const std::size_t slash = url.find('/');
  if (slash == std::string_view::npos) return "";
  url.remove_prefix(slash);
  return url.substr(0, url.find_first_of("?#"));
}

}  // namespace

std::string humanize(double value) {
  if (is_plain(value)) return short_float(value);
  if (std::fabs(value) < 1) return scale_down(value);
  constexpr std::array<std::string_view, 8> kPrefixes = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
  return scale_up(value, 1000, kPrefixes);
}

std::string humanize1024(double value) {
  if (std::fabs(value) <= 1 || !std::isfinite(value)) return short_float(value);
  constexpr std::array<std::string_view, 8> kPrefixes = {"ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"};
  return scale_up(value, 1024, kPrefixes);
}

std::string humanize_duration(double seconds) {
  if (!std::isfinite(seconds)) return short_float(seconds);
  if (seconds == 0) return "0s";
  if (std::fabs(seconds) < 1) return scale_down(seconds) + "s";
  const std::string_view sign = seconds < 0 ? "-" : "";
  seconds = std::fabs(seconds);
  const auto whole = seconds < 9.2e18 ? static_cast<std::int64_t>(seconds) : INT64_MAX;
  const std::int64_t days = whole / 86400;
  const std::int64_t hours = whole / 3600 % 24;
  const std::int64_t minutes = whole / 60 % 60;
  if (days != 0) return fmt::format("{}{}d {}h {}m {}s", sign, days, hours, minutes, whole % 60);
  if (hours != 0) return fmt::format("{}{}h {}m {}s", sign, hours, minutes, whole % 60);
  if (minutes != 0) return fmt::format("{}{}m {}s", sign, minutes, whole % 60);
  return fmt::format("{}{}s", sign, short_float(seconds));
}

std::string humanize_percentage(double value) { return short_float(value * 100) + "%"; }

const FunctionTable& rule_functions() {
  static const FunctionTable table = with_builtins({
      {"query", {{Param::kString}, false, call_query}},
      {"first", {{Param::kSamples}, false, call_first}},
      {"label", {{Param::kString, Param::kSample}, false, call_label}},
      {"value", {{Param::kSample}, false, call_value}},
      {"strvalue", {{Param::kSample}, false, call_strvalue}},
      {"sortByLabel", {{Param::kString, Param::kSamples}, false, call_sort_by_label}},
      {"args", {{Param::kAny}, true, call_args}},
      {"reReplaceAll", {{Param::kString, Param::kString, Param::kString}, false, call_re_replace_all}},
      {"safeHtml", {{Param::kString}, false, call_identity}},
      {"match", {{Param::kString, Param::kString}, false, call_match}},
      {"title", {{Param::kString}, false, call_title}},
      {"toUpper", {{Param::kString}, false, call_upper}},
      {"toLower", {{Param::kString}, false, call_lower}},
      {"graphLink", {{Param::kString}, false, call_graph_link}},
      {"tableLink", {{Param::kString}, false, call_table_link}},
      {"stripPort", {{Param::kString}, false, call_strip_port}},
      {"stripDomain", {{Param::kString}, false, call_strip_domain}},
      {"humanize", {{Param::kAny}, false, call_number<humanize>}},
      {"humanize1024", {{Param::kAny}, false, call_number<humanize1024>}},
      {"humanizeDuration", {{Param::kAny}, false, call_number<humanize_duration>}},
      {"humanizePercentage", {{Param::kAny}, false, call_number<humanize_percentage>}},
      {"humanizeTimestamp", {{Param::kAny}, false, call_humanize_timestamp}},
      {"toTime", {{Param::kAny}, false, call_to_time}},
      {"toDuration", {{Param::kAny}, false, call_to_duration}},
      {"now", {{}, false, call_now}},
      {"parseDuration", {{Param::kString}, false, call_parse_duration}},
      {"pathPrefix", {{}, false, call_path_prefix}},
      {"externalURL", {{}, false, call_external_url}},
      {"urlQueryEscape", {{Param::kString}, false, call_url_query_escape}},
  });
  return table;
}

Result<RuleTemplate> RuleTemplate::parse(std::string name, std::string_view text) {
  RuleTemplate out;
  out.name_ = std::move(name);
  out.text_ = text;
  if (text.find("{{") == std::string_view::npos) return out;
  VIGIL_TRY(out.set_, TemplateSet::parse(out.name_, std::string(kPrelude) + out.text_, rule_functions()));
  return out;
}

RuleTemplate RuleTemplate::verbatim(std::string_view text) {
  RuleTemplate out;
  out.text_ = text;
  return out;
}

Result<std::string> RuleTemplate::expand(const RuleData& data, const Limits& limits) const {
  if (!set_) return text_;
  RuleEnvironment environment(data);
  const Value root = Value::structure({{"Labels", Value::labels(data.labels)},
                                       {"ExternalLabels", Value::labels(data.external_labels)},
                                       {"ExternalURL", data.external_url},
                                       {"Value", data.value}},
                                      kDataType);
  auto result = set_->execute(name_, root, &environment, limits);
  if (!result) return std::unexpected(result.error().with_context("error executing template " + name_));
  return result;
}

std::string RuleTemplate::expand_or_error(const RuleData& data, const Limits& limits) const {
  auto result = expand(data, limits);
  return result ? *std::move(result) : "<error expanding template: " + result.error().message() + ">";
}

}  // namespace vigil::templates
