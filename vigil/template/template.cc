#include "vigil/template/template.h"

#include <utility>

#include "vigil/template/ast.h"

namespace vigil::templates {

Result<TemplateSet> TemplateSet::parse(std::string name, std::string_view text, const FunctionTable& functions) {
  TemplateSet set(functions);
  VIGIL_TRY_VOID(set.add(std::move(name), text));
  return set;
}

Result<void> TemplateSet::add(std::string name, std::string_view text) {
  VIGIL_TRY(Definitions parsed, parse_template(name, text, *functions_));
  for (auto& [each, definition] : parsed) definitions_[each] = std::move(definition);
  return {};
}

}  // namespace vigil::templates
