// The syntax tree of a template.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/template/functions.h"

namespace vigil::templates {

struct Pipeline;
struct Operand;

// `.`, nil, true, 1, "a", .A.B, $x.A, name, (pipeline), (pipeline).A.B
struct Operand {
  enum class Type { kDot, kNil, kBool, kNumber, kString, kField, kVariable, kFunction, kPipeline, kChain };
  Type type = Type::kDot;
  std::size_t position = 0;
  Value constant;  // of kBool, kNumber, kString
  bool is_char = false;
  std::string text;               // as written: of constants, the name of a function
  std::vector<std::string> path;  // of kField, kVariable (first is "$x"), kChain
  const Function* function = nullptr;
  std::unique_ptr<Pipeline> pipeline;  // of kPipeline
  std::unique_ptr<Operand> base;       // of kChain
};

struct Command {
  std::size_t position = 0;
  std::vector<Operand> operands;
};

struct Pipeline {
  std::size_t position = 0;
  bool assigns = false;                // `=` rather than `:=`
  std::vector<std::string> variables;  // "$x"
  std::vector<Command> commands;
};

struct Node;
using Nodes = std::vector<Node>;

struct Node {
  enum class Type { kText, kAction, kIf, kWith, kRange, kTemplate, kBreak, kContinue };
  Type type = Type::kText;
  std::size_t position = 0;
  std::string text;                    // of kText; the name for kTemplate
  std::unique_ptr<Pipeline> pipeline;  // null for {{template "x"}}
  Nodes body;
  Nodes otherwise;
};

// One {{define}} or the top of a file.
struct Definition {
  std::string name;
  std::shared_ptr<const std::string> source;  // the whole text, for places
  std::string file;                           // name given to parse()
  Nodes body;
};

using Definitions = std::map<std::string, std::shared_ptr<const Definition>, std::less<>>;

// "template: file:3: unexpected …" on error. The definition named `name` is the text
// outside all {{define}}s.
Result<Definitions> parse_template(const std::string& name, std::string_view text, const FunctionTable& functions);

// As messages show nodes: `query "bad{"`.
std::string to_string(const Operand& operand);
std::string to_string(const Command& command);
std::string to_string(const Pipeline& pipeline);

inline constexpr int kMaxNesting = 100;  // of blocks and parentheses

}  // namespace vigil::templates
