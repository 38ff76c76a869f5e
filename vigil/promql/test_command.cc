#include "vigil/promql/test_command.h"

#include <algorithm>

#include "vigil/base/strings.h"
#include "vigil/promql/parser.h"

namespace vigil::promql {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// The first word, and `text` without it and the space after it.
std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, end);
  text = trimmed(text.substr(end));
  return word;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

std::unexpected<Error> bad(const std::string& what) { return fail(ErrorCode::kInvalidArgument, what); }

Result<void> expect_word(std::string_view& text, std::string_view word) {
  if (const std::string_view found = take_word(text); found != word) {
    return bad("\"" + std::string(word) + "\" expected, found \"" + std::string(found) + "\"");
  }
  return {};
}

// "from <a> to <b> step <s>"
Result<void> read_range(std::string_view& text, Timestamp& start, Timestamp& end, Duration& step) {
  VIGIL_TRY_VOID(expect_word(text, "from"));
  VIGIL_TRY(start, parse_duration(take_word(text)));
  VIGIL_TRY_VOID(expect_word(text, "to"));
  VIGIL_TRY(end, parse_duration(take_word(text)));
  VIGIL_TRY_VOID(expect_word(text, "step"));
  VIGIL_TRY(step, parse_duration(take_word(text)));
  if (step <= 0) return bad("step must be positive");
  if (end < start) return bad("end is before start");
  return {};
}

class FileReader {
 public:
  FileReader(std::string_view content, std::vector<TestCommand>& commands) : commands_(commands) {
    while (!content.empty()) {
      const std::size_t end = content.find('\n');
      std::string_view line = trimmed(content.substr(0, end));
      if (line.starts_with('#')) line = {};
      lines_.push_back(line);
      if (end == std::string_view::npos) break;
      content.remove_prefix(end + 1);
    }
  }

  Result<void> read() {
    while (next_ < lines_.size()) {
      if (lines_[next_].empty()) {
        ++next_;
        continue;
      }
      VIGIL_TRY_VOID(read_command());
    }
    return {};
  }
  std::size_t line() const { return next_; }  // 1-based, of the line read last

 private:
  Result<void> read_command() {
    std::string_view rest = lines_[next_++];
    TestCommand command;
    command.line = next_;
    const std::string word = lower(take_word(rest));
    if (word == "clear") {
      command.what = TestClear{};
    } else if (word.starts_with("load")) {
      VIGIL_TRY(TestLoad load, read_load(word, rest));
      command.what = std::move(load);
    } else if (word.starts_with("eval")) {
      VIGIL_TRY(TestEval eval, read_eval(word, rest));
      command.what = std::move(eval);
    } else {
      return bad("unknown command \"" + word + "\"");
    }
    commands_.push_back(std::move(command));
    return {};
  }

  // The next line of the block, or nothing at its end.
  std::optional<std::string_view> block_line() {
    if (next_ >= lines_.size() || lines_[next_].empty()) return std::nullopt;
    return lines_[next_++];
  }

  Result<TestLoad> read_load(std::string_view word, std::string_view rest) {
    TestLoad load;
    if (word == "load_with_nhcb") {
      load.with_nhcb = true;
    } else if (word != "load") {
      return bad("unknown command \"" + std::string(word) + "\"");
    }
    VIGIL_TRY(load.step, parse_duration(rest));
    while (const auto line = block_line()) {
      if (line->contains("@st ")) return bad("start timestamps (@st) are not supported yet");
      VIGIL_TRY(TestSeries series, parse_test_series(*line));
      load.series.push_back(std::move(series));
    }
    return load;
  }

  Result<TestEval> read_eval(std::string_view word, std::string_view rest) {
    TestEval eval;
    if (word == "eval_fail") {
      eval.fail = TextExpectation{};
    } else if (word == "eval_warn") {
      eval.warnings.emplace_back();
    } else if (word == "eval_info") {
      eval.infos.emplace_back();
    } else if (word == "eval_ordered") {
      eval.ordered = true;
    } else if (word != "eval") {
      return bad("unknown command \"" + std::string(word) + "\"");
    }
    const std::string_view kind = take_word(rest);
    if (kind == "instant") {
      VIGIL_TRY_VOID(expect_word(rest, "at"));
      VIGIL_TRY(eval.start, parse_duration(take_word(rest)));
      eval.end = eval.start;
    } else if (kind == "range") {
      eval.is_range = true;
      VIGIL_TRY_VOID(read_range(rest, eval.start, eval.end, eval.step));
    } else {
      return bad("\"instant\" or \"range\" expected after eval");
    }
    eval.expression = rest;
    eval.mentions_histogram = eval.expression.contains("{{");
    while (const auto line = block_line()) {
      eval.mentions_histogram = eval.mentions_histogram || line->contains("{{");
      VIGIL_TRY(const bool more, read_eval_line(*line, eval));
      if (!more) break;
    }
    if (eval.no_warnings && !eval.warnings.empty()) return bad("both warn and no_warn are expected");
    if (eval.no_infos && !eval.infos.empty()) return bad("both info and no_info are expected");
    return eval;
  }

  // False: the line ends the block.
  Result<bool> read_eval_line(std::string_view line, TestEval& eval) {
    std::string_view rest = line;
    const std::string_view word = take_word(rest);
    if (word == "expected_fail_message" || word == "expected_fail_regexp") {
      eval.fail = TextExpectation{
          word == "expected_fail_message" ? TextExpectation::Kind::kText : TextExpectation::Kind::kRegex,
          std::string(rest)};
      return false;
    }
    if (word == "expect") {
      VIGIL_TRY_VOID(read_expectation(rest, eval));
      return true;
    }
    if (rest.empty()) {
      if (const auto number = parse_float(line)) {
        eval.scalar = number;
        return false;
      }
    }
    VIGIL_TRY(TestSeries series, parse_test_series(line));
    eval.series.push_back(std::move(series));
    return true;
  }

  Result<void> read_expectation(std::string_view rest, TestEval& eval) {
    const std::string_view what = take_word(rest);
    if (what == "range" && rest.starts_with("vector")) {
      take_word(rest);
      eval.range_vector = true;
      VIGIL_TRY_VOID(read_range(rest, eval.vector_start, eval.vector_end, eval.vector_step));
      eval.start = eval.end = eval.vector_end;
      return {};
    }
    if (what == "string") {
      const auto parsed = parse(rest);
      const auto* literal = parsed ? as<StringLiteral>(**parsed) : nullptr;
      if (literal == nullptr) return bad("a quoted string is expected after \"expect string\"");
      eval.text = literal->value;
      return {};
    }
    TextExpectation expectation;
    // "msg: text", also without the space.
    if (rest.starts_with("msg:")) {
      expectation = {TextExpectation::Kind::kText, std::string(trimmed(rest.substr(4)))};
    } else if (rest.starts_with("regex:")) {
      expectation = {TextExpectation::Kind::kRegex, std::string(trimmed(rest.substr(6)))};
    } else if (!rest.empty()) {
      return bad("\"msg:\" or \"regex:\" expected, found \"" + std::string(rest) + "\"");
    }
    if (what == "fail") {
      if (eval.fail) return bad("more than one expected failure");
      eval.fail = std::move(expectation);
    } else if (what == "warn") {
      eval.warnings.push_back(std::move(expectation));
    } else if (what == "info") {
      eval.infos.push_back(std::move(expectation));
    } else if (what == "no_warn") {
      eval.no_warnings = true;
    } else if (what == "no_info") {
      eval.no_infos = true;
    } else if (what == "ordered") {
      eval.ordered = true;
    } else {
      return bad("unknown expectation \"" + std::string(what) + "\"");
    }
    return {};
  }

  std::vector<std::string_view> lines_;
  std::size_t next_ = 0;
  std::vector<TestCommand>& commands_;
};

}  // namespace

Result<void> read_test_commands(std::string_view content, std::vector<TestCommand>& commands, std::size_t& error_line) {
  FileReader reader(content, commands);
  auto result = reader.read();
  error_line = reader.line();
  return result;
}

}  // namespace vigil::promql
