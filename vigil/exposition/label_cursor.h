// Walks the escaped label text of a Visitor, `a="x",b="y"`. Internal to this module.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace vigil::exposition::internal {

//   for (LabelCursor label(text); label.next();) use(label.name(), label.value());
//
// Views point into the text, or into the cursor until the next next().
class LabelCursor {
 public:
  explicit LabelCursor(std::string_view text) : rest_(text) {}

  bool next() {
    if (rest_.starts_with(',')) rest_.remove_prefix(1);
    const std::size_t equals = rest_.find("=\"");
    if (equals == std::string_view::npos) return false;
    name_ = rest_.substr(0, equals);
    rest_.remove_prefix(equals + 2);
    escaped_ = false;
    std::size_t end = 0;
    while (end < rest_.size() && rest_[end] != '"') {
      if (rest_[end] == '\\') {
        escaped_ = true;
        ++end;
      }
      ++end;
    }
    if (end >= rest_.size()) return false;
    value_ = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    if (escaped_) unescape();
    return true;
  }

  std::string_view name() const { return name_; }
  std::string_view value() const { return escaped_ ? std::string_view(unescaped_) : value_; }

 private:
  void unescape() {
    unescaped_.clear();
    for (std::size_t i = 0; i < value_.size(); ++i) {
      char c = value_[i];
      if (c == '\\' && i + 1 < value_.size()) {
        c = value_[++i];
        if (c == 'n') c = '\n';
      }
      unescaped_ += c;
    }
  }

  std::string_view rest_, name_, value_;
  bool escaped_ = false;
  std::string unescaped_;
};

}  // namespace vigil::exposition::internal
