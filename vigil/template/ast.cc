#include "vigil/template/ast.h"

namespace vigil::templates {
namespace {

void append_path(std::string& out, const std::vector<std::string>& path, std::size_t from) {
  for (std::size_t i = from; i < path.size(); ++i) {
    out += '.';
    out += path[i];
  }
}

}  // namespace

std::string to_string(const Operand& operand) {
  std::string out;
  switch (operand.type) {
    case Operand::Type::kDot: return ".";
    case Operand::Type::kNil: return "nil";
    case Operand::Type::kBool:
    case Operand::Type::kNumber:
    case Operand::Type::kString:
    case Operand::Type::kFunction: return operand.text;
    case Operand::Type::kField: append_path(out, operand.path, 0); return out;
    case Operand::Type::kVariable:
      out = operand.path.front();
      append_path(out, operand.path, 1);
      return out;
    case Operand::Type::kPipeline: return "(" + to_string(*operand.pipeline) + ")";
    case Operand::Type::kChain:
      out = to_string(*operand.base);
      append_path(out, operand.path, 0);
      return out;
  }
  return out;
}

std::string to_string(const Command& command) {
  std::string out;
  for (const Operand& operand : command.operands) {
    if (!out.empty()) out += ' ';
    out += to_string(operand);
  }
  return out;
}

std::string to_string(const Pipeline& pipeline) {
  std::string out;
  for (std::size_t i = 0; i < pipeline.variables.size(); ++i) {
    if (i > 0) out += ", ";
    out += pipeline.variables[i];
  }
  if (!out.empty()) out += pipeline.assigns ? " = " : " := ";
  for (std::size_t i = 0; i < pipeline.commands.size(); ++i) {
    if (i > 0) out += " | ";
    out += to_string(pipeline.commands[i]);
  }
  return out;
}

}  // namespace vigil::templates
