// Relabelling rules, as in Prometheus' `relabel_configs` and
// `metric_relabel_configs`.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/model/labels.h"
#include "vigil/model/matcher.h"

namespace vigil {

enum class RelabelAction {
  kReplace,
  kKeep,
  kDrop,
  kKeepEqual,
  kDropEqual,
  kHashMod,
  kLabelMap,
  kLabelDrop,
  kLabelKeep,
  kLowercase,
  kUppercase
};

struct RelabelRule {
  std::vector<std::string> source_labels = {};
  std::string separator = ";";
  std::string regex = "(.*)";
  std::uint64_t modulus = 0;
  std::string target_label = {};
  std::string replacement = "$1";
  RelabelAction action = RelabelAction::kReplace;
};

// Validated, compiled rules. Immutable and thread-safe.
class Relabeler {
 public:
  Relabeler() = default;
  // The error names the rule (counted from 1) and Prometheus' reason.
  static Result<Relabeler> compile(std::vector<RelabelRule> rules);

  bool empty() const { return rules_.empty(); }
  // Applies all rules in order; false if the series or target is dropped.
  bool apply(LabelsBuilder& labels) const;

 private:
  struct Compiled {
    RelabelRule rule;
    AnchoredRegex regex;
  };
  std::vector<Compiled> rules_;
};

Result<RelabelAction> parse_relabel_action(std::string_view text);  // any case
// Checks one rule as Prometheus' config loader does; the message is Prometheus'.
Result<void> validate(const RelabelRule& rule);

}  // namespace vigil
