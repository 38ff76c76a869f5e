#include "vigil/yaml/fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "vigil/base/strings.h"

namespace vigil::yaml {

void Problems::add(Error error) {
  if (errors_.size() < kMax) {
    errors_.push_back(std::move(error));
  } else {
    ++dropped_;
  }
}

Result<void> Problems::result() const {
  if (errors_.empty()) return {};
  std::string text;
  bool only_unsupported = true;
  for (const Error& error : errors_) {
    if (!text.empty()) text += '\n';
    text += error.message();
    only_unsupported = only_unsupported && error.code() == ErrorCode::kNotSupported;
  }
  if (dropped_ > 0) text += fmt::format("\nand {} more problems", dropped_);
  return fail(only_unsupported ? ErrorCode::kNotSupported : ErrorCode::kInvalidArgument, std::move(text));
}

Fields::Fields(const Node& node, std::string path, std::string_view type, Problems& problems)
    : node_(node), path_(std::move(path)), type_(type), problems_(problems) {
  if (!node_.is_mapping() && !node_.is_null()) {
    problems_.add(node_, fmt::format("{} must be a mapping, found a {}", type_, to_string(node_.kind())));
  }
}

Node Fields::take(std::string_view key) {
  known_.emplace(key);
  return node_.find(key);
}

bool Fields::present(std::string_view key) {
  known_.emplace(key);
  if (!node_.find(key).is_null()) return true;
  if (node_.is_mapping() || node_.is_null()) {
    problems_.add(node_, fmt::format("missing key {} in {}", go_quote(key), type_));
  }
  return false;
}

void Fields::unsupported(std::string_view key, std::string_view why) {
  const Node value = take(key);
  if (value.is_null() || (!value.is_scalar() && value.size() == 0)) return;
  problems_.add(value, fmt::format("{}: {}", child_path(key), why), ErrorCode::kNotSupported);
}

void Fields::fail(std::string_view key, std::string_view message) {
  const Node value = node_.find(key);
  problems_.add(value ? value : node_, message);
}

void Fields::finish() {
  if (problems_.ignores_unknown_keys()) return;
  for (const auto& [key, value] : node_.entries()) {
    if (known_.contains(std::string(key.text()))) continue;
    problems_.add(key, fmt::format("unknown key {} in {}", go_quote(key.text()), type_));
  }
}

std::string Fields::child_path(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

std::string Fields::item_path(std::string_view key, std::size_t index) const {
  return fmt::format("{}[{}]", child_path(key), index);
}

bool Fields::is_list(std::string_view key, const Node& value) {
  if (value.is_sequence()) return true;
  problems_.add(value, fmt::format("{} must be a list, found a {}", key, to_string(value.kind())));
  return false;
}

}  // namespace vigil::yaml
