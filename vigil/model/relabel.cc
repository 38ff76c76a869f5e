#include "vigil/model/relabel.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "vigil/base/strings.h"

namespace vigil {
namespace {

struct ActionName {
  RelabelAction action;
  std::string_view name;
};
constexpr std::array<ActionName, 11> kActions = {{
    {RelabelAction::kReplace, "replace"},
    {RelabelAction::kKeep, "keep"},
    {RelabelAction::kDrop, "drop"},
    {RelabelAction::kKeepEqual, "keepequal"},
    {RelabelAction::kDropEqual, "dropequal"},
    {RelabelAction::kHashMod, "hashmod"},
    {RelabelAction::kLabelMap, "labelmap"},
    {RelabelAction::kLabelDrop, "labeldrop"},
    {RelabelAction::kLabelKeep, "labelkeep"},
    {RelabelAction::kLowercase, "lowercase"},
    {RelabelAction::kUppercase, "uppercase"},
}};

std::string_view name_of(RelabelAction action) {
  for (const auto& entry : kActions) {
    if (entry.action == action) return entry.name;
  }
  return "replace";
}

std::string change_case(std::string_view text, int (*change)(int)) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(change(static_cast<unsigned char>(c)));
  return out;
}

// The low 64 bits of MD5, big endian: what Prometheus calls hashmod.
std::uint64_t md5_tail(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr);
  std::uint64_t value = 0;
  for (unsigned int i = 8; i < 16; ++i) value = (value << 8) | digest[i];
  return value;
}

std::unexpected<Error> bad(std::string message) { return fail(ErrorCode::kInvalidArgument, std::move(message)); }

bool is_default_regex(const RelabelRule& rule) { return rule.regex == "(.*)"; }

}  // namespace

Result<RelabelAction> parse_relabel_action(std::string_view text) {
  const std::string lower = change_case(text, std::tolower);
  for (const auto& entry : kActions) {
    if (entry.name == lower) return entry.action;
  }
  return bad("unknown relabel action " + go_quote(text));
}

Result<void> validate(const RelabelRule& rule) {
  const std::string action(name_of(rule.action));
  if (rule.modulus == 0 && rule.action == RelabelAction::kHashMod) {
    return bad("relabel configuration for hashmod requires non-zero modulus");
  }
  const bool needs_target = rule.action == RelabelAction::kReplace || rule.action == RelabelAction::kHashMod ||
                            rule.action == RelabelAction::kLowercase || rule.action == RelabelAction::kUppercase ||
                            rule.action == RelabelAction::kKeepEqual || rule.action == RelabelAction::kDropEqual;
  if (needs_target && rule.target_label.empty()) {
    return bad("relabel configuration for " + action + " action requires 'target_label' value");
  }
  const bool plain_replacement = rule.replacement == "$1";
  if ((rule.action == RelabelAction::kLowercase || rule.action == RelabelAction::kUppercase ||
       rule.action == RelabelAction::kKeepEqual || rule.action == RelabelAction::kDropEqual) &&
      !plain_replacement) {
    return bad("'replacement' can not be set for " + action + " action");
  }
  if (rule.action == RelabelAction::kReplace) {
    if (!is_valid_utf8(rule.target_label))
      return bad(go_quote(rule.target_label) + " is invalid 'target_label' for " + action + " action");
  } else if (needs_target && !is_valid_utf8(rule.target_label)) {
    return bad(go_quote(rule.target_label) + " is invalid 'target_label' for " + action + " action");
  }
  if (rule.action == RelabelAction::kLabelMap && !is_valid_utf8(rule.replacement)) {
    return bad(go_quote(rule.replacement) + " is invalid 'replacement' for " + action + " action");
  }
  if (rule.action == RelabelAction::kDropEqual || rule.action == RelabelAction::kKeepEqual) {
    if (!is_default_regex(rule) || rule.modulus != 0 || rule.separator != ";" || !plain_replacement) {
      return bad(action + " action requires only 'source_labels' and `target_label`, and no other fields");
    }
  }
  if (rule.action == RelabelAction::kLabelDrop || rule.action == RelabelAction::kLabelKeep) {
    if (!rule.source_labels.empty() || !rule.target_label.empty() || rule.modulus != 0 || rule.separator != ";" ||
        !plain_replacement) {
      return bad(action + " action requires only 'regex', and no other fields");
    }
  }
  return {};
}

Result<Relabeler> Relabeler::compile(std::vector<RelabelRule> rules) {
  Relabeler result;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const std::string context = "relabel rule " + std::to_string(i + 1);
    if (auto valid = validate(rules[i]); !valid) return std::unexpected(valid.error().with_context(context));
    auto regex = AnchoredRegex::compile(rules[i].regex);
    if (!regex) return std::unexpected(regex.error().with_context(context));
    result.rules_.push_back({std::move(rules[i]), *std::move(regex)});
  }
  return result;
}

bool Relabeler::apply(LabelsBuilder& labels) const {
  for (const auto& [rule, regex] : rules_) {
    std::string value;
    for (std::size_t i = 0; i < rule.source_labels.size(); ++i) {
      if (i > 0) value += rule.separator;
      value += labels.get(rule.source_labels[i]);
    }
    switch (rule.action) {
      case RelabelAction::kDrop:
        if (regex.matches(value)) return false;
        break;
      case RelabelAction::kKeep:
        if (!regex.matches(value)) return false;
        break;
      case RelabelAction::kDropEqual:
        if (labels.get(rule.target_label) == value) return false;
        break;
      case RelabelAction::kKeepEqual:
        if (labels.get(rule.target_label) != value) return false;
        break;
      case RelabelAction::kReplace: {
        std::string target;
        std::string replaced;
        if (!regex.expand(value, rule.target_label, target) || !regex.expand(value, rule.replacement, replaced)) break;
        if (!target.empty()) labels.set(target, replaced);
        break;
      }
      case RelabelAction::kLowercase: labels.set(rule.target_label, change_case(value, std::tolower)); break;
      case RelabelAction::kUppercase: labels.set(rule.target_label, change_case(value, std::toupper)); break;
      case RelabelAction::kHashMod:
        labels.set(rule.target_label, std::to_string(md5_tail(value) % rule.modulus));
        break;
      case RelabelAction::kLabelMap: {
        const auto before = labels.pairs();
        for (const auto& [name, text] : before) {
          std::string renamed;
          if (regex.expand(name, rule.replacement, renamed) && !renamed.empty()) labels.set(renamed, text);
        }
        break;
      }
      case RelabelAction::kLabelDrop:
      case RelabelAction::kLabelKeep: {
        const bool drop_on_match = rule.action == RelabelAction::kLabelDrop;
        const auto before = labels.pairs();
        for (const auto& [name, text] : before) {
          if (regex.matches(name) == drop_on_match) labels.erase(name);
        }
        break;
      }
    }
  }
  return true;
}

}  // namespace vigil
