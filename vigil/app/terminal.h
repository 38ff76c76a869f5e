// What tools print for people: aligned tables, colour where standard output is a terminal.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace vigil::app {

enum class Style { kPlain, kBold, kDim, kGood, kBad, kWarn };

// `text` with escape codes, or as it is when standard output is no terminal or NO_COLOR is set.
std::string styled(Style style, std::string_view text);

class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  // Columns as wide as their widest cell (in characters, not bytes); the last one is not padded.
  std::string to_string() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Whether people look at it.
bool is_terminal(std::FILE* stream);

// The number of characters of UTF-8 text.
std::size_t display_width(std::string_view text);

void print(std::string_view text);        // to standard output, as it is
void print_line(std::string_view text);   // with a newline
void print_error(std::string_view text);  // "vigil: text" on standard error

}  // namespace vigil::app
