// The table of PromQL functions: what the parser checks calls against.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "vigil/promql/ast.h"

namespace vigil::promql {

struct Function {
  std::string_view name;
  std::vector<ValueType> args;  // types of all arguments, optional ones included
  // How many trailing `args` may be left out; -1: the last one may repeat any number of times (also zero).
  int variadic = 0;
  ValueType returns = ValueType::kVector;
  bool experimental = false;
};

// nullptr if there is no such function.
const Function* find_function(std::string_view name);
std::span<const Function> all_functions();

}  // namespace vigil::promql
