// Go's text/template, as far as rules and receivers use it.
//
//   VIGIL_TRY(auto set, TemplateSet::parse("summary", "{{ .Labels.job }} is down", rule_functions()));
//   VIGIL_TRY(std::string text, set.execute("summary", data, &environment));
//
// Language reference: https://pkg.go.dev/text/template with `missingkey=zero`.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "vigil/base/error.h"
#include "vigil/template/functions.h"
#include "vigil/template/value.h"

namespace vigil::templates {

struct Definition;

// A template that exceeds one of these fails with kLimitExceeded.
struct Limits {
  std::size_t max_output_bytes = 1U << 20;  // also of any text made on the way
  std::size_t max_steps = 200'000;          // commands and loop iterations
  int max_depth = 50;                       // templates calling templates
};

// Named templates that see each other. Immutable once parsed; copies share; any thread.
class TemplateSet {
 public:
  // `functions` must outlive the set. Errors: "template: name:3: unexpected …".
  explicit TemplateSet(const FunctionTable& functions) : functions_(&functions) {}
  static Result<TemplateSet> parse(std::string name, std::string_view text, const FunctionTable& functions);

  // Adds a file: its text becomes the template `name`; what it defines replaces
  // earlier definitions of the same names.
  Result<void> add(std::string name, std::string_view text);

  bool has(std::string_view name) const { return definitions_.contains(name); }

  // Errors: "template: name:1:14: executing "name" at <.X>: …".
  Result<std::string> execute(std::string_view name, const Value& data, Environment* environment,
                              const Limits& limits = {}) const;

 private:
  const FunctionTable* functions_;
  std::map<std::string, std::shared_ptr<const Definition>, std::less<>> definitions_;
};

}  // namespace vigil::templates
