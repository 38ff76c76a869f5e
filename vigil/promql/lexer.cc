#include "vigil/promql/lexer.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "vigil/base/strings.h"

namespace vigil::promql {
namespace {

struct Keyword {
  std::string_view word;
  TokenKind kind = TokenKind::kEnd;
  BinaryOp op = BinaryOp::kAdd;
  AggregateOp aggregate = AggregateOp::kSum;
};

constexpr Keyword keyword(std::string_view word, TokenKind kind) { return {word, kind, {}, {}}; }
constexpr Keyword operation_word(std::string_view word, BinaryOp op) { return {word, TokenKind::kOperator, op, {}}; }
constexpr Keyword aggregator(std::string_view word, AggregateOp op) { return {word, TokenKind::kAggregator, {}, op}; }

constexpr std::array kKeywords = {
    operation_word("and", BinaryOp::kAnd),
    operation_word("or", BinaryOp::kOr),
    operation_word("unless", BinaryOp::kUnless),
    operation_word("atan2", BinaryOp::kAtan2),
    aggregator("sum", AggregateOp::kSum),
    aggregator("avg", AggregateOp::kAvg),
    aggregator("min", AggregateOp::kMin),
    aggregator("max", AggregateOp::kMax),
    aggregator("count", AggregateOp::kCount),
    aggregator("group", AggregateOp::kGroup),
    aggregator("stddev", AggregateOp::kStddev),
    aggregator("stdvar", AggregateOp::kStdvar),
    aggregator("topk", AggregateOp::kTopK),
    aggregator("bottomk", AggregateOp::kBottomK),
    aggregator("quantile", AggregateOp::kQuantile),
    aggregator("count_values", AggregateOp::kCountValues),
    aggregator("limitk", AggregateOp::kLimitK),
    aggregator("limit_ratio", AggregateOp::kLimitRatio),
    keyword("offset", TokenKind::kOffset),
    keyword("anchored", TokenKind::kAnchored),
    keyword("smoothed", TokenKind::kSmoothed),
    keyword("by", TokenKind::kBy),
    keyword("without", TokenKind::kWithout),
    keyword("on", TokenKind::kOn),
    keyword("ignoring", TokenKind::kIgnoring),
    keyword("group_left", TokenKind::kGroupLeft),
    keyword("group_right", TokenKind::kGroupRight),
    keyword("bool", TokenKind::kBool),
    keyword("fill", TokenKind::kFill),
    keyword("fill_left", TokenKind::kFillLeft),
    keyword("fill_right", TokenKind::kFillRight),
    keyword("inf", TokenKind::kNumber),
    keyword("nan", TokenKind::kNumber),
};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_alphanumeric(char c) { return is_alpha(c) || is_digit(c); }

// 16 for what is no digit.
unsigned digit_value(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return 16;
}

// Bytes of the character at text[at], 0 if it is not valid UTF-8.
std::size_t character_length(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  return at + length <= text.size() && is_valid_utf8(text.substr(at, length)) ? length : 0;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6), put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 0x3F)), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  }
}

// The character at text[at] in single quotes, as Go's %q prints one.
std::string quoted_character(std::string_view text, std::size_t at) {
  const std::size_t length = std::max<std::size_t>(character_length(text, at), 1);
  std::string quoted = go_quote(text.substr(at, length));
  if (quoted == "\"\\\"\"") return "'\"'";
  if (quoted == "\"'\"") return "'\\''";
  quoted.front() = quoted.back() = '\'';
  return quoted;
}

}  // namespace

bool is_word(std::string_view text, std::string_view lower) {
  return std::ranges::equal(
      text, lower, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b; });
}

Token Lexer::token(TokenKind kind) const {
  Token result;
  result.kind = kind;
  result.start = start_;
  result.end = at_;
  return result;
}

Token Lexer::operation(BinaryOp op) const {
  Token result = token(TokenKind::kOperator);
  result.op = op;
  return result;
}

Token Lexer::error(std::string reason) {
  done_ = true;
  Token result = token(TokenKind::kError);
  result.text = std::move(reason);
  return result;
}

Token Lexer::unexpected_character(std::string_view context) {
  return error(fmt::format("unexpected character{}: {}", context, quoted_character(input_, start_)));
}

bool Lexer::accept(char c) {
  if (at_end() || input_[at_] != c) return false;
  ++at_;
  return true;
}

std::size_t Lexer::skip_spaces_and_comments(std::size_t from) const {
  while (from < input_.size()) {
    if (is_space(input_[from])) {
      ++from;
    } else if (input_[from] == '#') {
      from = std::min(input_.find_first_of("\r\n", from), input_.size());
    } else {
      break;
    }
  }
  return from;
}

bool Lexer::followed_by(char c) const {
  const std::size_t i = skip_spaces_and_comments(at_);
  return i < input_.size() && input_[i] == c;
}

Token Lexer::next() {
  start_ = at_ = skip_spaces_and_comments(at_);
  if (done_) return token(TokenKind::kEnd);
  if (at_end()) return end_of_input();
  if (in_braces_) return brace_token();
  if (in_brackets_) return bracket_token();
  return statement_token();
}

Token Lexer::end_of_input() {
  if (in_braces_) return error("unexpected end of input inside braces");
  if (in_brackets_ && !got_duration_) return error("unexpected end of input in duration expression");
  if (paren_depth_ != 0) return error("unclosed left parenthesis");
  if (in_brackets_) return error("unclosed left bracket");
  done_ = true;
  return token(TokenKind::kEnd);
}

Token Lexer::statement_token() {
  const char c = input_[at_];
  if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number_or_duration();
  if (is_alpha(c) || c == ':') return word();
  ++at_;
  switch (c) {
    case ',': return token(TokenKind::kComma);
    case '*': return operation(BinaryOp::kMul);
    case '/': return operation(BinaryOp::kDiv);
    case '%': return operation(BinaryOp::kMod);
    case '+': return operation(BinaryOp::kAdd);
    case '-': return operation(BinaryOp::kSub);
    case '^': return operation(BinaryOp::kPow);
    case '@': return token(TokenKind::kAt);
    case '=':
      if (accept('=')) return operation(BinaryOp::kEqual);
      if (peek() == '~') return error("unexpected character after '=': '~'");
      return token(TokenKind::kEqual);
    case '!':
      if (accept('=')) return operation(BinaryOp::kNotEqual);
      if (at_end()) return error("unexpected end of input after '!'");
      return error("unexpected character after '!': " + quoted_character(input_, at_));
    case '<':
      if (accept('=')) return operation(BinaryOp::kLessEqual);
      return operation(accept('/') ? BinaryOp::kTrimUpper : BinaryOp::kLess);
    case '>':
      if (accept('=')) return operation(BinaryOp::kGreaterEqual);
      return operation(accept('/') ? BinaryOp::kTrimLower : BinaryOp::kGreater);
    case '"':
    case '\'': return quoted_string(c);
    case '`': return raw_string();
    case '(': ++paren_depth_; return token(TokenKind::kLeftParen);
    case ')':
      if (paren_depth_ == 0) return error("unexpected right parenthesis ')'");
      --paren_depth_;
      return token(TokenKind::kRightParen);
    case '{': in_braces_ = true; return token(TokenKind::kLeftBrace);
    case '[':
      in_brackets_ = true;
      got_duration_ = got_colon_ = false;
      return token(TokenKind::kLeftBracket);
    case ']': return error("unexpected right bracket ']'");
    default: return unexpected_character("");
  }
}

// Inside {…}: keywords are names here.
Token Lexer::brace_token() {
  const char c = input_[at_];
  if (is_alpha(c)) {
    while (is_alphanumeric(peek())) ++at_;
    return token(TokenKind::kIdentifier);
  }
  ++at_;
  switch (c) {
    case ',': return token(TokenKind::kComma);
    case '"':
    case '\'': return quoted_string(c);
    case '`': return raw_string();
    case '=': return token(accept('~') ? TokenKind::kEqualRegex : TokenKind::kEqual);
    case '!':
      if (accept('~')) return token(TokenKind::kNotRegex);
      if (accept('=')) return operation(BinaryOp::kNotEqual);
      if (at_end()) return error("unexpected end of input inside braces");
      return error("unexpected character after '!' inside braces: " + quoted_character(input_, at_));
    case '{': return error("unexpected left brace '{'");
    case '}': in_braces_ = false; return token(TokenKind::kRightBrace);
    default: return unexpected_character(" inside braces");
  }
}

// Inside […]: a duration expression, or two with a colon between.
Token Lexer::bracket_token() {
  const char c = input_[at_];
  if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
    got_duration_ = true;
    return number_or_duration();
  }
  if (is_alpha(c)) {
    while (is_alphanumeric(peek())) ++at_;
    const std::string_view name = input_.substr(start_, at_ - start_);
    for (const std::string_view known : {"step", "range", "min_of", "max_of"}) {
      if (!is_word(name, known)) continue;
      got_duration_ = true;
      return token(TokenKind::kIdentifier);
    }
    return unexpected_character(" in duration expression");
  }
  ++at_;
  switch (c) {
    case ']': in_brackets_ = false; return token(TokenKind::kRightBracket);
    case ':':
      if (!got_duration_) return error("unexpected colon before duration in duration expression");
      if (got_colon_) return error("unexpected repeated colon in duration expression");
      got_colon_ = true;
      return token(TokenKind::kColon);
    case '(': ++paren_depth_; return token(TokenKind::kLeftParen);
    case ')':
      if (paren_depth_ == 0) return error("unexpected right parenthesis ')'");
      --paren_depth_;
      return token(TokenKind::kRightParen);
    case ',': return token(TokenKind::kComma);
    case '+': return operation(BinaryOp::kAdd);
    case '-': return operation(BinaryOp::kSub);
    case '*': return operation(BinaryOp::kMul);
    case '/': return operation(BinaryOp::kDiv);
    case '%': return operation(BinaryOp::kMod);
    case '^': return operation(BinaryOp::kPow);
    default: return unexpected_character(" in duration expression");
  }
}

Token Lexer::number_or_duration() {
  if (scan_number()) return token(TokenKind::kNumber);
  if (scan_duration()) return token(TokenKind::kDuration);
  return error("bad number or duration syntax: " + go_quote(input_.substr(start_, at_ - start_)));
}

// Reads as much of a number as there is; false if it is followed by something
// that makes it none, such as the unit of a duration.
bool Lexer::scan_number() {
  bool (*digit)(char) = is_digit;
  bool hex = false;
  if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X')) {
    at_ += 2;
    hex = true;
    digit = [](char c) { return digit_value(c) < 16; };
    accept('_');
  }
  // Underscores separate digits, one at a time.
  const auto digits = [&] {
    std::size_t count = 0;
    while (digit(peek()) || (count > 0 && peek() == '_' && digit(peek(1)))) ++at_, ++count;
    return count;
  };
  std::size_t count = digits();
  if (!hex) {
    if (accept('.')) count += digits();
    if (count > 0 && (peek() == 'e' || peek() == 'E')) {
      const std::size_t before = at_++;
      if (peek() == '+' || peek() == '-') ++at_;
      if (digits() == 0) {
        at_ = before;
        return false;
      }
    }
  }
  return count > 0 && !is_alphanumeric(peek()) && peek() != '.';
}

// After digits: a unit, then more pairs of digits and unit. Order and repetition
// of units are parse_duration()'s business.
bool Lexer::scan_duration() {
  const auto unit = [this] {
    if (at_end() || std::string_view("smhdwy").find(peek()) == std::string_view::npos) return false;
    ++at_;
    accept('s');  // of "ms"
    return true;
  };
  if (!unit()) return false;
  while (is_digit(peek())) {
    while (is_digit(peek())) ++at_;
    if (!unit()) return false;
  }
  return !is_alphanumeric(peek());
}

Token Lexer::word() {
  bool colon = false;
  while (is_alphanumeric(peek()) || peek() == ':') {
    colon |= peek() == ':';
    ++at_;
  }
  if (colon) return token(TokenKind::kMetricIdentifier);
  const std::string_view name = input_.substr(start_, at_ - start_);
  for (const Keyword& candidate : kKeywords) {
    if (!is_word(name, candidate.word)) continue;
    // `fill` came late to the language: it is a keyword only where it cannot be a metric.
    const bool fill = candidate.kind == TokenKind::kFill || candidate.kind == TokenKind::kFillLeft ||
                      candidate.kind == TokenKind::kFillRight;
    if (fill && !followed_by('(')) break;
    Token result = token(candidate.kind);
    result.op = candidate.op;
    result.aggregate = candidate.aggregate;
    return result;
  }
  return token(TokenKind::kIdentifier);
}

Token Lexer::quoted_string(char quote) {
  std::string value;
  while (!at_end()) {
    const char c = input_[at_];
    if (c == '\n') break;
    if (c == quote) {
      ++at_;
      Token result = token(TokenKind::kString);
      result.text = std::move(value);
      return result;
    }
    if (c == '\\') {
      ++at_;
      if (std::string reason = escape(quote, value); !reason.empty()) return error(std::move(reason));
      continue;
    }
    const std::size_t length = character_length(input_, at_);
    if (length == 0) return error("invalid UTF-8 rune");
    value += input_.substr(at_, length);
    at_ += length;
  }
  return error("unterminated quoted string");
}

Token Lexer::raw_string() {
  const std::size_t close = input_.find('`', at_);
  if (close == std::string_view::npos) return error("unterminated raw string");
  const std::string_view value = input_.substr(at_, close - at_);
  if (!is_valid_utf8(value)) return error("invalid UTF-8 rune");
  at_ = close + 1;
  Token result = token(TokenKind::kString);
  // As in Go, carriage returns are dropped from raw strings.
  for (const char c : value) {
    if (c != '\r') result.text += c;
  }
  return result;
}

std::string Lexer::escape(char quote, std::string& out) {
  if (at_end()) return "escape sequence not terminated";
  const std::size_t character = at_;
  const char c = input_[at_++];
  std::size_t count = 0;
  unsigned base = 16;
  switch (c) {
    case 'a': out += '\a'; return {};
    case 'b': out += '\b'; return {};
    case 'f': out += '\f'; return {};
    case 'n': out += '\n'; return {};
    case 'r': out += '\r'; return {};
    case 't': out += '\t'; return {};
    case 'v': out += '\v'; return {};
    case '\\': out += '\\'; return {};
    case 'x': count = 2; break;
    case 'u': count = 4; break;
    case 'U': count = 8; break;
    default:
      if (c == quote) {
        out += c;
        return {};
      }
      if (c < '0' || c > '7') return "unknown escape sequence " + quoted_character(input_, character);
      count = 3, base = 8;
      --at_;
  }
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (at_end()) return "escape sequence not terminated";
    const unsigned digit = digit_value(input_[at_]);
    if (digit >= base) return "illegal character " + quoted_character(input_, at_) + " in escape sequence";
    value = value * base + digit;
    ++at_;
  }
  const bool code_point = c == 'u' || c == 'U';
  if (value > (code_point ? 0x10FFFFU : 255U) || (value >= 0xD800 && value < 0xE000)) {
    return "escape sequence is an invalid Unicode code point";
  }
  if (code_point) {
    append_utf8(out, value);
  } else {
    out += static_cast<char>(value);
  }
  return {};
}

std::string describe(const Token& token, std::string_view input) {
  const std::string_view raw = input.substr(token.start, token.end - token.start);
  // The beginning of long tokens is enough to find them.
  const auto quoted = [raw] {
    std::size_t end = 0;
    for (int characters = 0; characters < 10 && end < raw.size(); ++characters) {
      end += std::max<std::size_t>(character_length(raw, end), 1);
    }
    return end < raw.size() ? go_quote(raw.substr(0, end)) + "..." : go_quote(raw);
  };
  switch (token.kind) {
    case TokenKind::kEnd: return "end of input";
    case TokenKind::kError: return token.text;
    case TokenKind::kIdentifier: return "identifier " + go_quote(raw);
    case TokenKind::kMetricIdentifier: return "metric identifier " + go_quote(raw);
    case TokenKind::kNumber: return "number " + quoted();
    case TokenKind::kDuration: return "duration " + quoted();
    case TokenKind::kString: return "string " + quoted();
    case TokenKind::kOperator:
    case TokenKind::kEqualRegex:
    case TokenKind::kNotRegex:
    case TokenKind::kAt: return fmt::format("<op:{}>", raw);
    case TokenKind::kAggregator: return fmt::format("<aggr:{}>", raw);
    default: break;
  }
  return token.kind >= TokenKind::kOffset ? fmt::format("<{}>", raw) : quoted();
}

}  // namespace vigil::promql
