// Walks the tree, after Go's text/template/exec.go; messages are Go's.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "vigil/base/strings.h"
#include "vigil/template/ast.h"
#include "vigil/template/template.h"

namespace vigil::templates {
namespace {

using Kind = Value::Kind;
// The value piped into a command: absent for the first one of a pipeline.
using Piped = std::optional<Value>;

struct Variable {
  std::string_view name;
  Value value;
};

enum class Flow { kNext, kBreak, kContinue };

class Execution {
 public:
  Execution(const Definitions& definitions, Environment* environment, const Limits& limits)
      : definitions_(definitions), environment_(environment), limits_(limits) {}

  Result<std::string> run(const Definition& definition, const Value& data) {
    VIGIL_TRY_VOID(call_definition(definition, data));
    return std::move(out_);
  }

 private:
  // Errors at a place of the current definition.
  std::unexpected<Error> error(std::size_t position, std::string_view context, std::string_view message,
                               ErrorCode code = ErrorCode::kExecution) const {
    const std::string_view before = std::string_view(*current_->source).substr(0, position);
    const std::size_t newline = before.rfind('\n');
    const std::size_t column = newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
    return fail(code, fmt::format("template: {}:{}:{}: executing {} at <{}>: {}", current_->file,
                                  1 + std::count(before.begin(), before.end(), '\n'), column, go_quote(current_->name),
                                  context, message));
  }
  template <class NodeType>
  std::unexpected<Error> error(const NodeType& node, std::string_view message) const {
    return error(node.position, to_string(node), message);
  }

  Result<void> step(std::size_t position) {
    if (++steps_ > limits_.max_steps) {
      return error(position, "...", fmt::format("more than {} steps", limits_.max_steps), ErrorCode::kLimitExceeded);
    }
    return {};
  }

  Result<void> append(std::size_t position, std::string_view text) {
    if (out_.size() + text.size() > limits_.max_output_bytes) return too_large(position);
    out_ += text;
    return {};
  }
  std::unexpected<Error> too_large(std::size_t position) const {
    return error(position, "...", fmt::format("more than {} bytes of output", limits_.max_output_bytes),
                 ErrorCode::kLimitExceeded);
  }

  Result<void> call_definition(const Definition& definition, const Value& data) {
    const Definition* outer = std::exchange(current_, &definition);
    std::vector<Variable> outer_variables = std::exchange(variables_, {Variable{"$", data}});
    auto flow = walk(definition.body, data);
    if (!flow) return std::unexpected(std::move(flow).error());
    current_ = outer;
    variables_ = std::move(outer_variables);
    return {};
  }

  Result<Flow> walk(const Nodes& nodes, const Value& dot) {
    for (const Node& node : nodes) {
      VIGIL_TRY(const Flow flow, walk(node, dot));
      if (flow != Flow::kNext) return flow;
    }
    return Flow::kNext;
  }

  Result<Flow> walk(const Node& node, const Value& dot) {
    switch (node.type) {
      case Node::Type::kText: {
        VIGIL_TRY_VOID(append(node.position, node.text));
        return Flow::kNext;
      }
      case Node::Type::kAction: {
        VIGIL_TRY(const Value value, evaluate(*node.pipeline, dot));
        if (node.pipeline->variables.empty()) VIGIL_TRY_VOID(print_value(node.position, value));
        return Flow::kNext;
      }
      case Node::Type::kIf:
      case Node::Type::kWith: {
        const std::size_t scope = variables_.size();
        VIGIL_TRY(const Value value, evaluate(*node.pipeline, dot));
        const bool truth = value.truth();
        const Value& inner = truth && node.type == Node::Type::kWith ? value : dot;
        auto flow = walk(truth ? node.body : node.otherwise, inner);
        variables_.resize(scope);
        return flow;
      }
      case Node::Type::kRange: return walk_range(node, dot);
      case Node::Type::kTemplate: {
        VIGIL_TRY_VOID(walk_template(node, dot));
        return Flow::kNext;
      }
      case Node::Type::kBreak: return Flow::kBreak;
      case Node::Type::kContinue: return Flow::kContinue;
    }
    return Flow::kNext;
  }

  Result<void> print_value(std::size_t position, const Value& value) {
    if (value.is_nil()) return append(position, "<no value>");
    std::string text;
    print(text, value, limits_.max_output_bytes);
    return append(position, text);
  }

  Result<Flow> walk_range(const Node& node, const Value& dot) {
    const std::size_t scope = variables_.size();
    VIGIL_TRY(const Value value, evaluate(*node.pipeline, dot, /*declare=*/false));
    const Pipeline& pipeline = *node.pipeline;
    bool any = false;
    // Runs the body once; false when the loop is to end.
    const auto iterate = [&](const Value& key, const Value& item) -> Result<bool> {
      any = true;
      VIGIL_TRY_VOID(step(node.position));
      const std::size_t count = pipeline.variables.size();
      if (count == 1) bind(pipeline, 0, item);
      if (count == 2) {
        bind(pipeline, 0, key);
        bind(pipeline, 1, item);
      }
      VIGIL_TRY(const Flow flow, walk(node.body, item));
      variables_.resize(scope);
      return flow != Flow::kBreak;
    };
    switch (value.kind()) {
      case Kind::kList: {
        std::int64_t index = 0;
        for (const Value& item : value.as_list().items) {
          VIGIL_TRY(const bool more, iterate(Value(index++), item));
          if (!more) break;
        }
        break;
      }
      case Kind::kMap:
        if (value.as_map().is_struct) {
          return error(pipeline, fmt::format("range can't iterate over {}", sprint(std::span(&value, 1), 1000)));
        }
        for (const auto& [key, item] : value.as_map().entries) {
          VIGIL_TRY(const bool more, iterate(Value(key), item));
          if (!more) break;
        }
        break;
      case Kind::kInt:
        for (std::int64_t i = 0; i < value.as_int(); ++i) {
          VIGIL_TRY(const bool more, iterate(Value(i), Value(i)));
          if (!more) break;
        }
        break;
      case Kind::kNil: break;  // an absent value ranges over nothing
      default: return error(pipeline, fmt::format("range can't iterate over {}", sprint(std::span(&value, 1), 1000)));
    }
    variables_.resize(scope);
    if (any) return Flow::kNext;
    return walk(node.otherwise, dot);
  }

  void bind(const Pipeline& pipeline, std::size_t index, const Value& value) {
    if (pipeline.assigns) {
      assign(pipeline.variables[index], value);
    } else {
      variables_.push_back(Variable{pipeline.variables[index], value});
    }
  }

  Result<void> walk_template(const Node& node, const Value& dot) {
    const std::string context =
        fmt::format("{{{{template {}{}}}}}", go_quote(node.text), node.pipeline ? " " + to_string(*node.pipeline) : "");
    const auto found = definitions_.find(node.text);
    if (found == definitions_.end()) {
      return error(node.position, context, fmt::format("template {} not defined", go_quote(node.text)));
    }
    if (depth_ >= limits_.max_depth) {
      return error(node.position, context, fmt::format("exceeded maximum template depth ({})", limits_.max_depth),
                   ErrorCode::kLimitExceeded);
    }
    Value data;
    if (node.pipeline != nullptr) {
      VIGIL_TRY(data, evaluate(*node.pipeline, dot));
    }
    ++depth_;
    VIGIL_TRY_VOID(call_definition(*found->second, data));
    --depth_;
    return {};
  }

  void assign(std::string_view name, const Value& value) {
    for (auto each = variables_.rbegin(); each != variables_.rend(); ++each) {
      if (each->name == name) {
        each->value = value;
        return;
      }
    }
  }

  Result<Value> evaluate(const Pipeline& pipeline, const Value& dot, bool declare = true) {
    Piped value;
    for (const Command& command : pipeline.commands) {
      VIGIL_TRY_VOID(step(command.position));
      VIGIL_TRY(value, evaluate(command, dot, value));
    }
    if (declare) {
      for (std::size_t i = 0; i < pipeline.variables.size(); ++i) bind(pipeline, i, *value);
    }
    return std::move(*value);
  }

  Result<Value> evaluate(const Command& command, const Value& dot, const Piped& piped) {
    const Operand& first = command.operands.front();
    const std::span<const Operand> args = std::span(command.operands).subspan(1);
    switch (first.type) {
      case Operand::Type::kField: return fields(dot, first, first.path, args, dot, piped);
      case Operand::Type::kChain: {
        VIGIL_TRY(const Value base, operand(*first.base, dot));
        return fields(base, first, first.path, args, dot, piped);
      }
      case Operand::Type::kVariable:
        return fields(variable(first.path.front()), first, std::span(first.path).subspan(1), args, dot, piped);
      case Operand::Type::kFunction:
        return call_function(first, command.position, to_string(command), args, dot, piped);
      default: break;
    }
    if (!args.empty() || piped) {
      return error(first, fmt::format("can't give argument to non-function {}", to_string(first)));
    }
    if (first.type == Operand::Type::kNil) return error(first, "nil is not a command");
    return operand(first, dot);
  }

  // An operand on its own, as an argument.
  Result<Value> operand(const Operand& node, const Value& dot) {
    switch (node.type) {
      case Operand::Type::kDot: return dot;
      case Operand::Type::kNil: return Value();
      case Operand::Type::kBool:
      case Operand::Type::kNumber:
      case Operand::Type::kString: return node.constant;
      case Operand::Type::kField: return fields(dot, node, node.path, {}, dot, std::nullopt);
      case Operand::Type::kVariable:
        return fields(variable(node.path.front()), node, std::span(node.path).subspan(1), {}, dot, std::nullopt);
      case Operand::Type::kFunction: return call_function(node, node.position, to_string(node), {}, dot, std::nullopt);
      case Operand::Type::kPipeline: return evaluate(*node.pipeline, dot);
      case Operand::Type::kChain: {
        VIGIL_TRY(const Value base, operand(*node.base, dot));
        return fields(base, node, node.path, {}, dot, std::nullopt);
      }
    }
    return Value();
  }

  Value variable(std::string_view name) const {
    for (auto each = variables_.rbegin(); each != variables_.rend(); ++each) {
      if (each->name == name) return each->value;
    }
    return Value();
  }

  // receiver.A.B(args): only the last one may take arguments.
  Result<Value> fields(Value receiver, const Operand& node, std::span<const std::string> path,
                       std::span<const Operand> args, const Value& dot, const Piped& piped) {
    if (path.empty() && (!args.empty() || piped)) {
      return error(node, fmt::format("can't give argument to non-function {}", to_string(node)));
    }
    for (std::size_t i = 0; i < path.size(); ++i) {
      const bool last = i + 1 == path.size();
      VIGIL_TRY(receiver, field(receiver, path[i], node, last ? args : std::span<const Operand>(), dot,
                                last ? piped : std::nullopt));
    }
    return receiver;
  }

  Result<Value> field(const Value& receiver, const std::string& name, const Operand& node,
                      std::span<const Operand> args, const Value& dot, const Piped& piped) {
    const bool has_args = !args.empty() || piped.has_value();
    switch (receiver.kind()) {
      case Kind::kNil: return Value();
      case Kind::kMap: {
        const Map& map = receiver.as_map();
        if (const Value* found = map.find(name); found != nullptr || !map.is_struct) {
          if (has_args) return error(node, fmt::format("{} is not a method but has arguments", name));
          return found != nullptr ? *found : map.zero;
        }
        break;
      }
      case Kind::kObject: {
        std::vector<Value> values;
        for (const Operand& arg : args) {
          VIGIL_TRY(Value value, operand(arg, dot));
          values.push_back(std::move(value));
        }
        if (piped) values.push_back(*piped);
        auto result = receiver.as_object().call(name, values);
        if (result) return result;
        if (result.error().code() == ErrorCode::kNotFound) break;
        return error(node, fmt::format("error calling {}: {}", name, result.error().message()));
      }
      default: break;
    }
    return error(node, fmt::format("can't evaluate field {} in type {}", name, receiver.type()));
  }

  Result<Value> call_function(const Operand& node, std::size_t position, const std::string& context,
                              std::span<const Operand> args, const Value& dot, const Piped& piped) {
    const Function& function = *node.function;
    const std::string& name = node.text;
    const std::size_t count = args.size() + (piped ? 1 : 0);
    const std::size_t fixed = function.params.size() - (function.variadic ? 1 : 0);
    if (function.variadic && count < fixed) {
      return error(node, fmt::format("wrong number of args for {}: want at least {} got {}", name, fixed, count));
    }
    if (!function.variadic && count != fixed) {
      return error(node, fmt::format("wrong number of args for {}: want {} got {}", name, fixed, count));
    }
    const bool is_and = name == "and";
    const bool short_circuits = is_and || name == "or";
    std::vector<Value> values;
    values.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      const Param param = function.params[std::min(i, function.params.size() - 1)];
      if (i < args.size()) {
        VIGIL_TRY(Value value, argument(args[i], param, dot));
        values.push_back(std::move(value));
      } else {
        VIGIL_TRY(Value value, checked(*piped, param, node));
        values.push_back(std::move(value));
      }
      if (short_circuits && values.back().truth() != is_and) return values.back();
    }
    auto result = function.call(Arguments{values, environment_, limits_.max_output_bytes});
    if (!result) {
      return error(position, context, fmt::format("error calling {}: {}", name, result.error().message()));
    }
    if (result->kind() == Kind::kString && result->as_string().size() > limits_.max_output_bytes) {
      return too_large(position);
    }
    if (result->depth() > kMaxNesting) return error(position, context, "lists and maps nested too deep");
    return result;
  }

  static std::string_view type_name(Param param) {
    switch (param) {
      case Param::kAny: return "interface {}";
      case Param::kString: return "string";
      case Param::kInt: return "int";
      case Param::kFloat: return "float64";
      case Param::kSample: return kSampleType;
      case Param::kSamples: return kSamplesType;
    }
    return "";
  }

  // Constants adapt to the parameter (1 for a float64), values do not.
  Result<Value> argument(const Operand& node, Param param, const Value& dot) {
    if (param != Param::kAny) {
      const std::string_view wanted = type_name(param);
      switch (node.type) {
        case Operand::Type::kNumber:
          if (param == Param::kFloat && node.constant.kind() == Kind::kInt) {
            return Value(static_cast<double>(node.constant.as_int()));
          }
          if (param == Param::kString) return error(node, fmt::format("expected string; found {}", node.text));
          break;
        case Operand::Type::kBool:
        case Operand::Type::kString:
          if (node.constant.type() != wanted) {
            return error(node, fmt::format("expected {}; found {}",
                                           param == Param::kFloat ? "float"
                                           : wanted == "int"      ? "integer"
                                                                  : wanted,
                                           node.text));
          }
          break;
        case Operand::Type::kNil: return error(node, fmt::format("cannot assign nil to {}", wanted));
        default: break;
      }
    }
    VIGIL_TRY(Value value, operand(node, dot));
    return checked(std::move(value), param, node);
  }

  Result<Value> checked(Value value, Param param, const Operand& node) const {
    if (param == Param::kAny || value.type() == type_name(param)) return value;
    if (value.is_nil()) return error(node, fmt::format("invalid value; expected {}", type_name(param)));
    return error(node, fmt::format("wrong type for value; expected {}; got {}", type_name(param), value.type()));
  }

  const Definitions& definitions_;
  Environment* environment_;
  const Limits& limits_;
  const Definition* current_ = nullptr;
  std::vector<Variable> variables_;
  std::string out_;
  std::size_t steps_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<std::string> TemplateSet::execute(std::string_view name, const Value& data, Environment* environment,
                                         const Limits& limits) const {
  const auto found = definitions_.find(name);
  if (found == definitions_.end()) {
    return fail(ErrorCode::kNotFound, fmt::format("template: no template {}", go_quote(name)));
  }
  return Execution(definitions_, environment, limits).run(*found->second, data);
}

}  // namespace vigil::templates
