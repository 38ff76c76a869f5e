#include "vigil/promql/parser.h"

#include <fmt/format.h>

#include "vigil/promql/grammar.h"
#include "vigil/promql/type_check.h"

namespace vigil::promql {
namespace {

std::unexpected<Error> failed(std::string_view text, const ParseFailure& failure) {
  if (text.empty()) return fail(ErrorCode::kInvalidArgument, "unknown position: parse error: " + failure.message);
  const LineColumn place = line_column(text, failure.position.start);
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{}:{}: parse error: {}", place.line, place.column, failure.message));
}

Result<void> check_length(std::string_view text) {
  if (text.size() <= kMaxLength) return {};
  return fail(
      ErrorCode::kInvalidArgument,
      fmt::format("parse error: expression of {} bytes is too long, at most {} are allowed", text.size(), kMaxLength));
}

}  // namespace

Result<ExprPtr> parse(std::string_view text, const ParserOptions& options) {
  VIGIL_TRY_VOID(check_length(text));
  Grammar grammar(text, options);
  ExprPtr root = grammar.expression();
  if (grammar.failure()) return failed(text, *grammar.failure());
  if (const auto failure = check_types(*root, text)) return failed(text, *failure);
  return root;
}

Result<std::vector<Matcher>> parse_selector(std::string_view text) {
  VIGIL_TRY_VOID(check_length(text));
  Grammar grammar(text, ParserOptions{});
  std::vector<Matcher> matchers = grammar.selector();
  if (grammar.failure()) return failed(text, *grammar.failure());
  return matchers;
}

Result<Labels> parse_labels(std::string_view text) {
  VIGIL_TRY_VOID(check_length(text));
  Grammar grammar(text, ParserOptions{});
  Labels labels = grammar.labels();
  if (grammar.failure()) return failed(text, *grammar.failure());
  return labels;
}

LineColumn line_column(std::string_view text, std::size_t offset) {
  LineColumn place;
  for (const char c : text.substr(0, offset)) {
    if (c == '\n') {
      ++place.line;
      place.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80) {  // not inside a character
      ++place.column;
    }
  }
  return place;
}

}  // namespace vigil::promql
