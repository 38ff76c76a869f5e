// The template dialect of Prometheus' rules: labels and annotations of alerts.
//
//   VIGIL_TRY(auto summary, RuleTemplate::parse("__alert_NodeDown", "{{ $labels.node }} is down"));
//   std::string text = summary.expand_or_error(data);
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/model/labels.h"
#include "vigil/template/template.h"

namespace vigil::templates {

struct QuerySample {
  Labels labels;
  double value = 0;
};
// Evaluates an instant query for {{ query "…" }}.
using QueryFunction = std::function<Result<std::vector<QuerySample>>(const std::string& expression)>;

// What one alert shows to its templates.
struct RuleData {
  Labels labels;           // $labels
  Value value;             // $value: a float, or the text of a histogram
  Labels external_labels;  // $externalLabels
  std::string external_url;
  Timestamp now = 0;
  QueryFunction query;  // empty: queries fail
};

// query first label value strvalue sortByLabel args safeHtml match reReplaceAll title toUpper toLower
// stripPort stripDomain humanize humanize1024 humanizeDuration humanizePercentage humanizeTimestamp
// toTime toDuration now parseDuration pathPrefix externalURL graphLink tableLink urlQueryEscape, and
// the built-ins. They need the Environment of a RuleTemplate.
const FunctionTable& rule_functions();

// One label or annotation. Immutable; copies share; any thread.
class RuleTemplate {
 public:
  // The error is Go's: `template: name:1: function "x" not defined`.
  static Result<RuleTemplate> parse(std::string name, std::string_view text);
  // Text that is not a template, whatever it looks like.
  static RuleTemplate verbatim(std::string_view text);

  // Errors: "error executing template name: template: …".
  Result<std::string> expand(const RuleData& data, const Limits& limits = {}) const;
  // The text, or "<error expanding template: …>": an alert fires whatever its texts do.
  std::string expand_or_error(const RuleData& data, const Limits& limits = {}) const;

  const std::string& text() const { return text_; }

 private:
  RuleTemplate() = default;
  std::string name_;
  std::string text_;
  std::optional<TemplateSet> set_;  // absent for text without actions
};

// Prometheus' humanize functions, for others who print numbers.
std::string humanize(double value);
std::string humanize1024(double value);
std::string humanize_duration(double seconds);
std::string humanize_percentage(double value);

}  // namespace vigil::templates
