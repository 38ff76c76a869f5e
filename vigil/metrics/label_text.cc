#include "vigil/metrics/label_text.h"

#include <utility>
#include <vector>

#include "vigil/base/strings.h"
#include "vigil/metrics/registry.h"

namespace vigil::metrics {
namespace internal {

bool append_escaped(std::string& out, std::string_view value) {
  bool changed = false;
  for (const char c : value) {
    if (c == '\\' || c == '"') {
      out += '\\';
      out += c;
      changed = true;
    } else if (c == '\n') {
      out += "\\n";
      changed = true;
    } else {
      out += c;
    }
  }
  return changed;
}

bool unescapes_to(std::string_view text, std::string_view raw) {
  std::size_t at = 0;
  for (const char c : raw) {
    if (at >= text.size()) return false;
    char here = text[at++];
    if (here == '\\' && at < text.size()) {
      here = text[at++];
      if (here == 'n') here = '\n';
    }
    if (here != c) return false;
  }
  return at == text.size();
}

std::size_t value_length(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return at;
}

std::string to_utf8(std::string_view value) {
  std::string out;
  while (!value.empty()) {
    // The longest valid step is at most four bytes; a byte that starts none is replaced.
    std::size_t step = 1;
    while (step <= 4 && step <= value.size() && !is_valid_utf8(value.substr(0, step))) ++step;
    if (step <= 4 && step <= value.size()) {
      out += value.substr(0, step);
      value.remove_prefix(step);
    } else {
      out += "\xEF\xBF\xBD";
      value.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace internal

void append_label(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += ',';
  out += name;
  out += "=\"";
  internal::append_escaped(out, value);
  out += '"';
}

std::vector<std::pair<std::string, std::string>> label_pairs(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!text.empty()) {
    const std::size_t equals = text.find('=');
    std::pair<std::string, std::string>& pair = pairs.emplace_back(text.substr(0, equals), std::string());
    text.remove_prefix(equals + 2);
    const std::size_t length = internal::value_length(text);
    for (std::size_t i = 0; i < length; ++i) {
      char c = text[i];
      if (c == '\\' && i + 1 < length) {
        c = text[++i];
        if (c == 'n') c = '\n';
      }
      pair.second += c;
    }
    text.remove_prefix(length + 1);
    if (!text.empty()) text.remove_prefix(1);  // the comma
  }
  return pairs;
}

}  // namespace vigil::metrics
