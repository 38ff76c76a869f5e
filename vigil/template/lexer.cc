#include "vigil/template/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "vigil/base/strings.h"

namespace vigil::templates {
namespace {

constexpr std::string_view kLeft = "{{";
constexpr std::string_view kRight = "}}";
constexpr std::string_view kLeftComment = "/*";
constexpr std::string_view kRightComment = "*/";

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
// Go allows any Unicode letter in names: bytes above 0x7F count as letters.
bool is_alphanumeric(char c) {
  return c == '_' || is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

constexpr std::array<std::pair<std::string_view, TokenType>, 10> kKeywords = {{
    {"block", TokenType::kBlock},
    {"break", TokenType::kBreak},
    {"continue", TokenType::kContinue},
    {"define", TokenType::kDefine},
    {"else", TokenType::kElse},
    {"end", TokenType::kEnd},
    {"if", TokenType::kIf},
    {"range", TokenType::kRange},
    {"template", TokenType::kTemplate},
    {"with", TokenType::kWith},
}};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> run() {
    while (lex_text() && lex_action()) {
    }
    return std::move(tokens_);
  }

 private:
  std::string_view rest() const { return text_.substr(at_); }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool at_end() const { return at_ >= text_.size(); }

  void emit(TokenType type, std::size_t begin, std::size_t end) {
    line_ += static_cast<int>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(counted_),
                                         text_.begin() + static_cast<std::ptrdiff_t>(begin), '\n'));
    counted_ = begin;
    tokens_.push_back(Token{type, begin, line_, text_.substr(begin, end - begin), {}});
  }
  bool error(std::string message, std::size_t at) {
    at = std::min(std::max(at, counted_), text_.size());
    emit(TokenType::kError, at, at);
    tokens_.back().message = std::move(message);
    return false;
  }

  // Text up to the next action; false at the end.
  bool lex_text() {
    const std::size_t begin = at_;
    const std::size_t open = text_.find(kLeft, at_);
    std::size_t end = std::min(open, text_.size());
    at_ = end;
    if (open != std::string_view::npos && trims_left(open)) {
      while (end > begin && is_space(text_[end - 1])) --end;
    }
    if (end > begin) emit(TokenType::kText, begin, end);
    if (open == std::string_view::npos) {
      emit(TokenType::kEof, text_.size(), text_.size());
      return false;
    }
    return true;
  }

  bool trims_left(std::size_t open) const {
    return text_.substr(open + 2).starts_with('-') && open + 3 < text_.size() && is_space(text_[open + 3]);
  }
  // " -}}" here?
  bool trims_right() const { return is_space(peek()) && rest().substr(1).starts_with("-}}"); }

  void skip_space() {
    while (!at_end() && is_space(peek())) ++at_;
  }

  // From {{ to }}; false on error.
  bool lex_action() {
    const std::size_t begin = at_;
    const bool trim = trims_left(at_);
    at_ += kLeft.size() + (trim ? 2 : 0);
    if (rest().starts_with(kLeftComment)) return lex_comment(begin);
    emit(TokenType::kLeftDelim, begin, begin + kLeft.size());
    int parens = 0;
    while (true) {
      if (trims_right() || rest().starts_with(kRight)) {
        if (parens > 0) return error("unclosed left paren", at_);
        const bool trim_after = !rest().starts_with(kRight);
        if (trim_after) at_ += 2;
        emit(TokenType::kRightDelim, at_, at_ + kRight.size());
        at_ += kRight.size();
        if (trim_after) skip_space();
        return true;
      }
      if (!lex_token(begin, parens)) return false;
    }
  }

  bool lex_comment(std::size_t begin) {
    const std::size_t close = text_.find(kRightComment, at_);
    if (close == std::string_view::npos) return error("unclosed comment", begin);
    at_ = close + kRightComment.size();
    const bool trim = trims_right();
    if (!trim && !rest().starts_with(kRight)) return error("comment ends before closing delimiter", at_);
    at_ += (trim ? 2 : 0) + kRight.size();
    if (trim) skip_space();
    return true;
  }

  bool lex_token(std::size_t action, int& parens) {
    if (at_end()) return error("unclosed action", action);
    const std::size_t begin = at_;
    const char c = peek();
    if (is_space(c)) {
      // The blank that belongs to " -}}" is left for the end of the action.
      while (is_space(peek()) && !trims_right()) ++at_;
      if (at_ > begin) emit(TokenType::kSpace, begin, at_);
      return true;
    }
    switch (c) {
      case '=': return single(TokenType::kAssign);
      case ':':
        if (peek(1) != '=') return error("expected :=", at_);
        at_ += 2;
        emit(TokenType::kDeclare, begin, at_);
        return true;
      case '|': return single(TokenType::kPipe);
      case ',': return single(TokenType::kComma);
      case '(': ++parens; return single(TokenType::kLeftParen);
      case ')':
        if (--parens < 0) return error("unexpected right paren", at_);
        return single(TokenType::kRightParen);
      case '"': return quoted('"', TokenType::kString, "unterminated quoted string");
      case '\'': return quoted('\'', TokenType::kChar, "unterminated character constant");
      case '`': {
        const std::size_t close = text_.find('`', at_ + 1);
        if (close == std::string_view::npos) return error("unterminated raw quoted string", at_);
        at_ = close + 1;
        emit(TokenType::kRawString, begin, at_);
        return true;
      }
      case '$': return word(TokenType::kVariable);
      case '.':
        if (!is_digit(peek(1))) return word(TokenType::kField);
        return number();
      default: break;
    }
    if (c == '+' || c == '-' || is_digit(c)) return number();
    if (is_alphanumeric(c)) return identifier();
    return error(fmt::format("unexpected {} in operand", go_quote(std::string_view(&c, 1))), at_);
  }

  bool single(TokenType type) {
    emit(type, at_, at_ + 1);
    ++at_;
    return true;
  }

  bool quoted(char quote, TokenType type, std::string_view complaint) {
    const std::size_t begin = at_++;
    while (!at_end() && peek() != quote && peek() != '\n') at_ += peek() == '\\' ? 2 : 1;
    if (at_end() || peek() == '\n') return error(std::string(complaint), begin);
    emit(type, begin, ++at_);
    return true;
  }

  // .Field, $variable, ".", "$".
  bool word(TokenType type) {
    const std::size_t begin = at_++;
    while (is_alphanumeric(peek())) ++at_;
    if (!at_terminator()) return bad_character();
    emit(at_ == begin + 1 && type == TokenType::kField ? TokenType::kDot : type, begin, at_);
    return true;
  }

  bool identifier() {
    const std::size_t begin = at_;
    while (is_alphanumeric(peek())) ++at_;
    if (!at_terminator()) return bad_character();
    const std::string_view name = text_.substr(begin, at_ - begin);
    TokenType type = TokenType::kIdentifier;
    for (const auto& [keyword, keyword_type] : kKeywords) {
      if (keyword == name) type = keyword_type;
    }
    if (name == "true" || name == "false") type = TokenType::kBool;
    if (name == "nil") type = TokenType::kNil;
    emit(type, begin, at_);
    return true;
  }

  bool at_terminator() const {
    if (at_end() || is_space(peek())) return true;
    constexpr std::string_view kTerminators = ".,|:)(=";
    return kTerminators.find(peek()) != std::string_view::npos || rest().starts_with(kRight);
  }
  bool bad_character() {
    const char c = peek();
    return error(fmt::format("bad character U+{:04X} '{}'", static_cast<unsigned>(static_cast<unsigned char>(c)), c),
                 at_);
  }

  bool number() {
    const std::size_t begin = at_;
    if (peek() == '+' || peek() == '-') ++at_;
    const auto accept = [&](std::string_view set) {
      while (!at_end() && set.find(peek()) != std::string_view::npos) ++at_;
    };
    std::string_view digits = "0123456789_";
    bool hex = false;
    if (peek() == '0' && (peek(1) | 0x20) == 'x') {
      at_ += 2;
      digits = "0123456789abcdefABCDEF_";
      hex = true;
    } else if (peek() == '0' && ((peek(1) | 0x20) == 'o' || (peek(1) | 0x20) == 'b')) {
      at_ += 2;
    }
    accept(digits);
    if (peek() == '.') {
      ++at_;
      accept(digits);
    }
    if ((!hex && (peek() | 0x20) == 'e') || (hex && (peek() | 0x20) == 'p')) {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      accept("0123456789_");
    }
    if (is_alphanumeric(peek())) {
      ++at_;
      return error(fmt::format("bad number syntax: {}", go_quote(text_.substr(begin, at_ - begin))), begin);
    }
    emit(TokenType::kNumber, begin, at_);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t counted_ = 0;  // newlines before this offset are in line_
  int line_ = 1;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view text) { return Lexer(text).run(); }

std::string describe(const Token& token) {
  switch (token.type) {
    case TokenType::kEof: return "EOF";
    case TokenType::kError: return token.message;
    default: break;
  }
  if (token.type >= TokenType::kBlock) return fmt::format("<{}>", token.text);
  if (token.text.size() > 10) return go_quote(token.text.substr(0, 10)) + "...";
  return go_quote(token.text);
}

}  // namespace vigil::templates
