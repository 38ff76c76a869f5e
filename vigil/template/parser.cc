// Recursive descent over the tokens, after the grammar of Go's text/template/parse.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vigil/base/strings.h"
#include "vigil/template/ast.h"
#include "vigil/template/lexer.h"
#include "vigil/template/literals.h"

namespace vigil::templates {
namespace {

class Parser {
 public:
  Parser(const std::string& name, std::shared_ptr<const std::string> source, const FunctionTable& functions)
      : name_(name), source_(std::move(source)), functions_(functions), tokens_(tokenize(*source_)) {}

  Result<Definitions> run() {
    Nodes body;
    variables_ = {"$"};
    const End end = parse_nodes(body, /*top=*/true);
    if (!error_.empty()) return fail(ErrorCode::kInvalidArgument, error_);
    if (end != End::kEof) {
      complain(fmt::format("unexpected {}", end == End::kEnd ? "{{end}}" : "{{else}}"));
      return fail(ErrorCode::kInvalidArgument, error_);
    }
    define(name_, std::move(body));
    return std::move(definitions_);
  }

 private:
  enum class End { kEof, kEnd, kElse, kError };

  // Tokens. After an error everything reads as the end, so that all loops finish.
  const Token& peek() const { return tokens_[at_]; }
  const Token& take() {
    const Token& token = tokens_[at_];
    line_ = token.line;
    if (at_ + 1 < tokens_.size()) ++at_;  // stays at the last token, kEof or kError
    return token;
  }
  const Token& peek_no_space() {
    while (peek().type == TokenType::kSpace) take();
    return peek();
  }
  const Token& take_no_space() {
    peek_no_space();
    return take();
  }
  bool ok() const { return error_.empty(); }
  void complain(std::string message) {
    if (ok()) error_ = fmt::format("template: {}:{}: {}", name_, line_, message);
  }
  void unexpected(const Token& token, std::string_view context) {
    line_ = token.line;
    if (token.type == TokenType::kError) return complain(token.message);
    complain(fmt::format("unexpected {} in {}", describe(token), context));
  }

  void define(const std::string& name, Nodes body) {
    auto definition = std::make_shared<Definition>();
    definition->name = name;
    definition->source = source_;
    definition->file = name_;
    definition->body = std::move(body);
    // As Go: an empty definition does not replace one that has text.
    const auto is_empty = [](const Definition& each) {
      for (const Node& node : each.body) {
        if (node.type != Node::Type::kText || node.text.find_first_not_of(" \t\r\n") != std::string::npos) return false;
      }
      return true;
    };
    auto& slot = definitions_[name];
    if (slot != nullptr && !is_empty(*slot)) {
      if (is_empty(*definition)) return;
      return complain(fmt::format("template: multiple definition of template {}", go_quote(name)));
    }
    slot = std::move(definition);
  }

  // Up to {{end}}, {{else}} (whose keyword has been taken) or the end of the text.
  End parse_nodes(Nodes& out, bool top) {
    if (++depth_ > kMaxNesting) complain(fmt::format("nested deeper than {} levels", kMaxNesting));
    End end = End::kError;
    while (ok()) {
      const Token& token = take();
      if (token.type == TokenType::kEof) {
        if (!top) unexpected(token, "input: {{end}} is missing");
        end = top && ok() ? End::kEof : End::kError;
        break;
      }
      if (token.type == TokenType::kText) {
        Node& node = out.emplace_back();
        node.position = token.position;
        node.text = token.text;
        continue;
      }
      if (token.type != TokenType::kLeftDelim) {
        unexpected(token, "input");
        break;
      }
      const TokenType next = peek_no_space().type;
      if (next == TokenType::kEnd) {
        take();
        close("end");
        end = End::kEnd;
        break;
      }
      if (next == TokenType::kElse) {
        take();
        end = End::kElse;
        break;
      }
      parse_action(out, top);
    }
    --depth_;
    return ok() ? end : End::kError;
  }

  void close(std::string_view context) {
    const Token& token = take_no_space();
    if (token.type != TokenType::kRightDelim) unexpected(token, context);
  }

  void parse_action(Nodes& out, bool top) {
    const Token& token = peek();
    switch (token.type) {
      case TokenType::kDefine:
        take();
        if (!top) return unexpected(token, "command");
        return parse_define();
      case TokenType::kBlock: take(); return parse_block(out, token.position);
      case TokenType::kIf: take(); return parse_control(out, Node::Type::kIf, token.position, "if");
      case TokenType::kWith: take(); return parse_control(out, Node::Type::kWith, token.position, "with");
      case TokenType::kRange: take(); return parse_control(out, Node::Type::kRange, token.position, "range");
      case TokenType::kTemplate: take(); return parse_call(out, token.position);
      case TokenType::kBreak:
      case TokenType::kContinue: {
        take();
        const bool is_break = token.type == TokenType::kBreak;
        if (range_depth_ == 0) return complain(fmt::format("{{{{{}}}}} outside {{{{range}}}}", token.text));
        close(is_break ? "{{break}}" : "{{continue}}");
        Node& node = out.emplace_back();
        node.type = is_break ? Node::Type::kBreak : Node::Type::kContinue;
        node.position = token.position;
        return;
      }
      default: break;
    }
    Node node;
    node.type = Node::Type::kAction;
    node.position = token.position;
    node.pipeline = parse_pipeline("command", TokenType::kRightDelim);
    if (ok()) out.push_back(std::move(node));
  }

  std::string parse_name(std::string_view context) {
    const Token& token = take_no_space();
    if (token.type != TokenType::kString && token.type != TokenType::kRawString) {
      unexpected(token, context);
      return {};
    }
    auto name = unquote(token.text);
    if (!name) complain("invalid string literal");
    return name.value_or("");
  }

  void parse_define() {
    const std::string name = parse_name("define clause");
    close("define clause");
    parse_body_of(name);
  }

  // {{block "name" pipeline}}…{{end}} defines and calls.
  void parse_block(Nodes& out, std::size_t position) {
    Node node;
    node.type = Node::Type::kTemplate;
    node.position = position;
    node.text = parse_name("block clause");
    node.pipeline = parse_pipeline("block clause", TokenType::kRightDelim);
    parse_body_of(node.text);
    if (ok()) out.push_back(std::move(node));
  }

  void parse_body_of(const std::string& name) {
    auto outer = std::exchange(variables_, {"$"});
    const int outer_range = std::exchange(range_depth_, 0);
    Nodes body;
    const End end = ok() ? parse_nodes(body, false) : End::kError;
    if (end == End::kElse) complain("unexpected {{else}} in define clause");
    variables_ = std::move(outer);
    range_depth_ = outer_range;
    if (ok()) define(name, std::move(body));
  }

  void parse_call(Nodes& out, std::size_t position) {
    Node node;
    node.type = Node::Type::kTemplate;
    node.position = position;
    node.text = parse_name("template clause");
    if (!ok()) return;
    if (peek_no_space().type == TokenType::kRightDelim) {
      take();
    } else {
      node.pipeline = parse_pipeline("template clause", TokenType::kRightDelim);
    }
    if (ok()) out.push_back(std::move(node));
  }

  void parse_control(Nodes& out, Node::Type type, std::size_t position, std::string_view context) {
    const std::size_t scope = variables_.size();
    Node node;
    node.type = type;
    node.position = position;
    node.pipeline = parse_pipeline(context, TokenType::kRightDelim);
    if (!ok()) return;
    if (type == Node::Type::kRange) ++range_depth_;
    const End end = parse_nodes(node.body, false);
    if (type == Node::Type::kRange) --range_depth_;
    if (end == End::kElse) parse_else(node, type);
    variables_.resize(std::min(scope, variables_.size()));
    if (ok()) out.push_back(std::move(node));
  }

  // After the keyword `else`: {{else}}, {{else if …}}, {{else with …}}.
  void parse_else(Node& node, Node::Type type) {
    const Token& token = peek_no_space();
    const bool chained = (type == Node::Type::kIf && token.type == TokenType::kIf) ||
                         (type == Node::Type::kWith && token.type == TokenType::kWith);
    if (chained) {
      // {{else if x}} is {{else}}{{if x}} with one {{end}} for both.
      take();
      if (++depth_ > kMaxNesting) complain(fmt::format("nested deeper than {} levels", kMaxNesting));
      if (ok()) parse_control(node.otherwise, type, token.position, type == Node::Type::kIf ? "if" : "with");
      --depth_;
      return;
    }
    close("else");
    if (ok() && parse_nodes(node.otherwise, false) == End::kElse) complain("expected end; found {{else}}");
  }

  std::unique_ptr<Pipeline> parse_pipeline(std::string_view context, TokenType closing) {
    auto pipeline = std::make_unique<Pipeline>();
    if (!ok()) return pipeline;
    if (++depth_ > kMaxNesting) complain(fmt::format("nested deeper than {} levels", kMaxNesting));
    pipeline->position = peek_no_space().position;
    parse_declarations(*pipeline, context);
    while (ok()) {
      const Token& token = peek_no_space();
      if (token.type == closing) {
        take();
        check_pipeline(*pipeline, context);
        break;
      }
      switch (token.type) {
        case TokenType::kBool:
        case TokenType::kChar:
        case TokenType::kDot:
        case TokenType::kField:
        case TokenType::kIdentifier:
        case TokenType::kNumber:
        case TokenType::kNil:
        case TokenType::kRawString:
        case TokenType::kString:
        case TokenType::kVariable:
        case TokenType::kLeftParen: parse_command(pipeline->commands.emplace_back()); break;
        default: take(); unexpected(token, context);
      }
    }
    --depth_;
    return pipeline;
  }

  void parse_declarations(Pipeline& pipeline, std::string_view context) {
    while (peek_no_space().type == TokenType::kVariable) {
      // A variable is a declaration only if := or = or, in a range, a comma follows.
      const std::size_t start = at_;
      const Token& variable = take();
      const Token& next = peek_no_space();
      if (next.type == TokenType::kDeclare || next.type == TokenType::kAssign) {
        take();
        pipeline.assigns = next.type == TokenType::kAssign;
        pipeline.variables.emplace_back(variable.text);
        if (pipeline.assigns) {
          for (const std::string& each : pipeline.variables) check_variable(each);
        } else {
          for (const std::string& each : pipeline.variables) variables_.push_back(each);
        }
        return;
      }
      if (next.type == TokenType::kComma && context == "range" && pipeline.variables.empty()) {
        take();
        pipeline.variables.emplace_back(variable.text);
        if (peek_no_space().type == TokenType::kVariable) continue;
        return unexpected(peek(), "range: a variable must follow the comma");
      }
      if (next.type == TokenType::kComma && context == "range") return complain("too many declarations in range");
      at_ = start;
      return;
    }
  }

  void check_pipeline(const Pipeline& pipeline, std::string_view context) {
    if (pipeline.commands.empty()) return complain(fmt::format("missing value for {}", context));
    for (std::size_t i = 1; i < pipeline.commands.size(); ++i) {
      switch (pipeline.commands[i].operands.front().type) {
        case Operand::Type::kBool:
        case Operand::Type::kDot:
        case Operand::Type::kNil:
        case Operand::Type::kNumber:
        case Operand::Type::kString: return complain(fmt::format("non executable command in pipeline stage {}", i + 1));
        default: break;
      }
    }
  }

  void check_variable(const std::string& name) {
    for (const std::string& each : variables_) {
      if (each == name) return;
    }
    complain(fmt::format("undefined variable {}", go_quote(name)));
  }

  void parse_command(Command& command) {
    command.position = peek_no_space().position;
    while (ok()) {
      peek_no_space();
      Operand operand;
      if (parse_operand(operand)) command.operands.push_back(std::move(operand));
      if (!ok()) return;
      const Token& token = peek();
      if (token.type == TokenType::kSpace) {
        take();
        continue;
      }
      if (token.type == TokenType::kPipe) {
        take();
        const TokenType after = peek_no_space().type;
        if (after == TokenType::kRightDelim || after == TokenType::kRightParen) complain("missing value for command");
      } else if (token.type != TokenType::kRightDelim && token.type != TokenType::kRightParen) {
        take();
        unexpected(token, "operand");
      }
      break;
    }
    if (ok() && command.operands.empty()) complain("empty command");
  }

  // A term with the fields that follow it at once: ($x).A.B
  bool parse_operand(Operand& out) {
    if (!parse_term(out)) return false;
    if (peek().type != TokenType::kField) return true;
    const std::size_t position = peek().position;
    std::vector<std::string> fields;
    while (peek().type == TokenType::kField) fields.emplace_back(take().text.substr(1));
    switch (out.type) {
      case Operand::Type::kField:
      case Operand::Type::kVariable:
        out.path.insert(out.path.end(), fields.begin(), fields.end());
        out.position = position;
        return true;
      case Operand::Type::kBool:
      case Operand::Type::kNumber:
      case Operand::Type::kString:
      case Operand::Type::kNil:
      case Operand::Type::kDot:
        complain(fmt::format("unexpected . after term {}", go_quote(to_string(out))));
        return false;
      default: break;
    }
    Operand chain;
    chain.type = Operand::Type::kChain;
    chain.position = position;
    chain.path = std::move(fields);
    chain.base = std::make_unique<Operand>(std::move(out));
    out = std::move(chain);
    return true;
  }

  bool parse_term(Operand& out) {
    const Token& token = peek_no_space();
    out.position = token.position;
    out.text = token.text;
    switch (token.type) {
      case TokenType::kIdentifier: {
        take();
        const auto found = functions_.find(token.text);
        if (found == functions_.end()) {
          complain(fmt::format("function {} not defined", go_quote(token.text)));
          return false;
        }
        out.type = Operand::Type::kFunction;
        out.function = &found->second;
        return true;
      }
      case TokenType::kDot: take(); return true;
      case TokenType::kNil:
        take();
        out.type = Operand::Type::kNil;
        return true;
      case TokenType::kVariable:
        take();
        out.type = Operand::Type::kVariable;
        out.path = {std::string(token.text)};
        check_variable(out.path.front());
        return ok();
      case TokenType::kField:
        take();
        out.type = Operand::Type::kField;
        out.path = {std::string(token.text.substr(1))};
        return true;
      case TokenType::kBool:
        take();
        out.type = Operand::Type::kBool;
        out.constant = Value(token.text == "true");
        return true;
      case TokenType::kNumber: {
        take();
        out.type = Operand::Type::kNumber;
        const auto value = parse_number(token.text);
        if (!value) complain(fmt::format("illegal number syntax: {}", go_quote(token.text)));
        if (value) out.constant = *value;
        return ok();
      }
      case TokenType::kChar:
      case TokenType::kString:
      case TokenType::kRawString: {
        take();
        auto text = unquote(token.text);
        if (!text) {
          complain("invalid syntax");
          return false;
        }
        out.type = Operand::Type::kString;
        out.constant = Value(*text);
        if (token.type == TokenType::kChar) return parse_char(out, *text);
        return true;
      }
      case TokenType::kLeftParen:
        take();
        out.type = Operand::Type::kPipeline;
        out.pipeline = parse_pipeline("parenthesized pipeline", TokenType::kRightParen);
        return ok();
      case TokenType::kError:
        take();
        unexpected(token, "operand");
        return false;
      default: return false;
    }
  }

  // 'x' is the number of its code point.
  bool parse_char(Operand& out, std::string_view text) {
    const auto code = single_code_point(text);
    if (!code) {
      complain(fmt::format("malformed character constant: {}", out.text));
      return false;
    }
    out.type = Operand::Type::kNumber;
    out.is_char = true;
    out.constant = Value(std::int64_t{*code});
    return true;
  }

  const std::string& name_;
  std::shared_ptr<const std::string> source_;
  const FunctionTable& functions_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int line_ = 1;
  int depth_ = 0;
  int range_depth_ = 0;
  std::vector<std::string> variables_;
  Definitions definitions_;
  std::string error_;
};

}  // namespace

Result<Definitions> parse_template(const std::string& name, std::string_view text, const FunctionTable& functions) {
  return Parser(name, std::make_shared<const std::string>(text), functions).run();
}

}  // namespace vigil::templates
