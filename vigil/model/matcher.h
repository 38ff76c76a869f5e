// Label matchers: `name="v"`, `!=`, `=~`, `!~`. Regular expressions are RE2,
// anchored at both ends, dot matches newline (Prometheus 3).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/model/labels.h"

namespace vigil {

// A compiled, anchored regular expression. Immutable; copies share the program.
class AnchoredRegex {
 public:
  // The error is RE2's reason, with the pattern.
  static Result<AnchoredRegex> compile(std::string_view pattern);

  bool matches(std::string_view text) const;
  const std::string& pattern() const;
  // If the pattern is only literal alternatives ("a|b|c"), these; else empty.
  const std::vector<std::string>& alternatives() const;
  // Go's Regexp.Expand on a full match of `text`: "$1", "${name}", "$$". Empty optional if no match.
  bool expand(std::string_view text, std::string_view replacement, std::string& out) const;

 private:
  struct Program;
  std::shared_ptr<const Program> program_;
};

class Matcher {
 public:
  enum class Type { kEqual, kNotEqual, kRegex, kNotRegex };

  static Matcher equal(std::string_view name, std::string_view value);
  static Matcher not_equal(std::string_view name, std::string_view value);
  // Fails on an invalid regular expression.
  static Result<Matcher> create(Type type, std::string_view name, std::string_view value);

  Type type() const { return type_; }
  const std::string& name() const { return name_; }
  const std::string& value() const { return value_; }
  // An absent label is the empty string.
  bool matches(std::string_view value) const;
  bool matches(const Labels& labels) const { return matches(labels.get(name_)); }
  bool matches_empty() const { return matches(std::string_view()); }
  // For kRegex and kNotRegex: the literal alternatives if the pattern is nothing else.
  const std::vector<std::string>& alternatives() const;

  std::string to_string() const;  // name=~"value"
  friend bool operator==(const Matcher& a, const Matcher& b) {
    return a.type_ == b.type_ && a.name_ == b.name_ && a.value_ == b.value_;
  }

 private:
  Matcher(Type type, std::string_view name, std::string_view value) : type_(type), name_(name), value_(value) {}

  Type type_;
  std::string name_;
  std::string value_;
  std::shared_ptr<const AnchoredRegex> regex_;
};

std::string_view to_string(Matcher::Type type);  // "=", "!=", "=~", "!~"

}  // namespace vigil
