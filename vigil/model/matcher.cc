#include "vigil/model/matcher.h"

#include <re2/re2.h>

#include <algorithm>

#include "vigil/base/strings.h"

namespace vigil {

struct AnchoredRegex::Program {
  std::string pattern;
  std::unique_ptr<re2::RE2> regex;
  std::vector<std::string> alternatives;
};

namespace {

// "a|b|c" where no part holds a character with a meaning in RE2 syntax.
std::vector<std::string> literal_alternatives(std::string_view pattern) {
  if (pattern.empty() || pattern.find_first_of(".+*?()[]{}^$\\") != std::string_view::npos) return {};
  std::vector<std::string> parts;
  while (true) {
    const std::size_t bar = pattern.find('|');
    parts.emplace_back(pattern.substr(0, bar));
    if (bar == std::string_view::npos) break;
    pattern.remove_prefix(bar + 1);
  }
  return parts;
}

}  // namespace

Result<AnchoredRegex> AnchoredRegex::compile(std::string_view pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  auto program = std::make_shared<Program>();
  program->pattern = pattern;
  // Compiled as written first, so that an error speaks of the user's own text.
  program->regex = std::make_unique<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!program->regex->ok()) {
    return fail(ErrorCode::kInvalidArgument,
                "invalid regular expression " + go_quote(pattern) + ": " + program->regex->error());
  }
  program->alternatives = literal_alternatives(pattern);
  AnchoredRegex result;
  result.program_ = std::move(program);
  return result;
}

bool AnchoredRegex::matches(std::string_view text) const {
  if (!program_->alternatives.empty()) {
    return std::find(program_->alternatives.begin(), program_->alternatives.end(), text) !=
           program_->alternatives.end();
  }
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *program_->regex);
}

const std::string& AnchoredRegex::pattern() const { return program_->pattern; }
const std::vector<std::string>& AnchoredRegex::alternatives() const { return program_->alternatives; }

bool AnchoredRegex::expand(std::string_view text, std::string_view replacement, std::string& out) const {
  const re2::RE2& regex = *program_->regex;
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1);
  const re2::StringPiece input(text.data(), text.size());
  if (!regex.Match(input, 0, text.size(), re2::RE2::ANCHOR_BOTH, groups.data(), static_cast<int>(groups.size()))) {
    return false;
  }
  const auto append_group = [&](std::string_view name) {
    std::size_t index = groups.size();
    if (!name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      if (name.size() <= 4) index = static_cast<std::size_t>(std::stoi(std::string(name)));
    } else if (const auto found = regex.NamedCapturingGroups().find(std::string(name));
               found != regex.NamedCapturingGroups().end()) {
      index = static_cast<std::size_t>(found->second);
    }
    if (index < groups.size()) out.append(groups[index].data(), groups[index].size());
  };
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  while (!replacement.empty()) {
    const std::size_t dollar = replacement.find('$');
    out += replacement.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    replacement.remove_prefix(dollar + 1);
    if (replacement.starts_with('$')) {
      out += '$';
      replacement.remove_prefix(1);
    } else if (replacement.starts_with('{')) {
      const std::size_t close = replacement.find('}');
      const std::string_view name = replacement.substr(1, close == std::string_view::npos ? 0 : close - 1);
      if (name.empty() || !std::all_of(name.begin(), name.end(), is_word)) {
        out += '$';  // malformed: Go keeps the text
        continue;
      }
      append_group(name);
      replacement.remove_prefix(close + 1);
    } else {
      std::size_t length = 0;
      while (length < replacement.size() && is_word(replacement[length])) ++length;
      if (length == 0) {
        out += '$';
        continue;
      }
      append_group(replacement.substr(0, length));
      replacement.remove_prefix(length);
    }
  }
  return true;
}

Matcher Matcher::equal(std::string_view name, std::string_view value) { return Matcher(Type::kEqual, name, value); }
Matcher Matcher::not_equal(std::string_view name, std::string_view value) {
  return Matcher(Type::kNotEqual, name, value);
}

Result<Matcher> Matcher::create(Type type, std::string_view name, std::string_view value) {
  Matcher matcher(type, name, value);
  if (type == Type::kRegex || type == Type::kNotRegex) {
    VIGIL_TRY(auto regex, AnchoredRegex::compile(value));
    matcher.regex_ = std::make_shared<const AnchoredRegex>(std::move(regex));
  }
  return matcher;
}

bool Matcher::matches(std::string_view value) const {
  switch (type_) {
    case Type::kEqual: return value == value_;
    case Type::kNotEqual: return value != value_;
    case Type::kRegex: return regex_->matches(value);
    case Type::kNotRegex: return !regex_->matches(value);
  }
  return false;
}

const std::vector<std::string>& Matcher::alternatives() const {
  static const std::vector<std::string> kNone;
  return regex_ == nullptr ? kNone : regex_->alternatives();
}

std::string_view to_string(Matcher::Type type) {
  switch (type) {
    case Matcher::Type::kEqual: return "=";
    case Matcher::Type::kNotEqual: return "!=";
    case Matcher::Type::kRegex: return "=~";
    case Matcher::Type::kNotRegex: return "!~";
  }
  return "=";
}

std::string Matcher::to_string() const {
  std::string out = is_legacy_label_name(name_) ? name_ : go_quote(name_);
  out += vigil::to_string(type_);
  out += go_quote(value_);
  return out;
}

}  // namespace vigil
