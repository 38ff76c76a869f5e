// PromQL text to tokens. Internal to the parser.
//
// The lexer knows three contexts, because the same character means different
// things in them: inside `{…}` keywords are plain names and `=~` is a token, inside
// `[…]` a `:` separates range and step, elsewhere it is part of a metric name.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "vigil/promql/ast.h"

namespace vigil::promql {

enum class TokenKind {
  kEnd,
  kError,             // `text` is the reason
  kIdentifier,        // foo
  kMetricIdentifier,  // foo:bar
  kNumber,            // 1 0x1f .5e3 1_000 Inf NaN
  kDuration,          // 1h30m
  kString,            // `text` is the decoded value
  kOperator,          // `op`
  kAggregator,        // `aggregate`
  kLeftParen,
  kRightParen,
  kLeftBrace,
  kRightBrace,
  kLeftBracket,
  kRightBracket,
  kComma,
  kColon,
  kEqual,
  kEqualRegex,
  kNotRegex,
  kAt,
  // Keywords.
  kOffset,
  kAnchored,
  kSmoothed,
  kBy,
  kWithout,
  kOn,
  kIgnoring,
  kGroupLeft,
  kGroupRight,
  kBool,
  kFill,
  kFillLeft,
  kFillRight,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  BinaryOp op = BinaryOp::kAdd;
  AggregateOp aggregate = AggregateOp::kSum;
  std::size_t start = 0;
  std::size_t end = 0;
  std::string text;  // of kString and kError only

  Position position() const { return {start, end}; }
};

class Lexer {
 public:
  // `input` must outlive the lexer.
  explicit Lexer(std::string_view input) : input_(input) {}

  // The next token; spaces and comments are skipped. After kEnd or kError: kEnd for ever.
  Token next();
  std::string_view input() const { return input_; }

  // Whether the next character that is neither space nor comment is `c`.
  bool followed_by(char c) const;

 private:
  Token token(TokenKind kind) const;
  Token operation(BinaryOp op) const;
  Token error(std::string reason);
  Token unexpected_character(std::string_view context);

  bool at_end() const { return at_ >= input_.size(); }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < input_.size() ? input_[at_ + ahead] : '\0'; }
  bool accept(char c);
  std::size_t skip_spaces_and_comments(std::size_t from) const;

  Token end_of_input();
  Token statement_token();
  Token brace_token();
  Token bracket_token();
  Token number_or_duration();
  bool scan_number();
  bool scan_duration();
  Token word();
  Token quoted_string(char quote);
  Token raw_string();
  // Decodes the escape after a backslash into `out`; an error message, or "" if fine.
  std::string escape(char quote, std::string& out);

  std::string_view input_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;  // of the token being read
  std::size_t paren_depth_ = 0;
  bool in_braces_ = false;
  bool in_brackets_ = false;
  bool got_duration_ = false;  // in this […]
  bool got_colon_ = false;     // in this […]
  bool done_ = false;
};

// How error messages name a token: `end of input`, `number "1"`, `<op:+>`, `"("`.
std::string describe(const Token& token, std::string_view input);

// Compares an ASCII word with a lower-case one, ignoring case, as keywords are.
bool is_word(std::string_view text, std::string_view lower);

}  // namespace vigil::promql
