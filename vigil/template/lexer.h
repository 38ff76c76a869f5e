// Template text to tokens, as Go's text/template/parse does it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace vigil::templates {

enum class TokenType {
  kError,
  kEof,
  kText,
  kLeftDelim,
  kRightDelim,
  kSpace,
  kPipe,
  kComma,
  kDeclare,
  kAssign,
  kLeftParen,
  kRightParen,
  kDot,
  kNil,
  kBool,
  kField,
  kVariable,
  kIdentifier,
  kString,
  kRawString,
  kChar,
  kNumber,
  // keywords
  kBlock,
  kBreak,
  kContinue,
  kDefine,
  kElse,
  kEnd,
  kIf,
  kRange,
  kTemplate,
  kWith,
};

struct Token {
  TokenType type = TokenType::kEof;
  std::size_t position = 0;  // byte offset in the text
  int line = 1;
  std::string_view text;  // of the input; the message for kError is in `message`
  std::string message;
};

// Ends with kEof or kError. Comments are dropped, trim markers applied.
std::vector<Token> tokenize(std::string_view text);

// As messages show a token: "<end>", "\"abc\"…".
std::string describe(const Token& token);

}  // namespace vigil::templates
