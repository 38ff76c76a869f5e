// Nodes to values. Scalars read as Prometheus' loader reads them: a plain scalar
// becomes whatever type the field has, so `severity: 1` is the string "1".
//
// Errors start with "file:line:column" and say what was expected.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/yaml/document.h"

namespace vigil::yaml {

// A null leaves `out` as it is. A type of your own joins in by a function of this
// name and shape in its own namespace.
Result<void> decode(const Node& node, std::string& out);
Result<void> decode(const Node& node, bool& out);  // true false yes no on off y n
Result<void> decode(const Node& node, int& out);
Result<void> decode(const Node& node, std::int64_t& out);
Result<void> decode(const Node& node, std::uint64_t& out);
Result<void> decode(const Node& node, double& out);
Result<void> decode_duration(const Node& node, Duration& out);    // "1h30m", "0"
Result<void> decode_bytes(const Node& node, std::uint64_t& out);  // "17", "4KB", "256MB", "1GiB": powers of 1024

template <class T>
Result<void> decode(const Node& node, std::optional<T>& out) {
  if (node.is_null()) return {};
  return decode(node, out.emplace());
}

template <class T>
Result<void> decode(const Node& node, std::vector<T>& out) {
  if (node.is_null()) return {};
  if (!node.is_sequence()) return std::unexpected(node.error("expected a list"));
  out.clear();
  for (const Node& item : node.items()) VIGIL_TRY_VOID(decode(item, out.emplace_back()));
  return {};
}

template <class T>
Result<void> decode(const Node& node, std::map<std::string, T>& out) {
  if (node.is_null()) return {};
  if (!node.is_mapping()) return std::unexpected(node.error("expected a mapping"));
  out.clear();
  for (const auto& [key, value] : node.entries()) VIGIL_TRY_VOID(decode(value, out[std::string(key.text())]));
  return {};
}

// In the order written.
template <class T>
Result<void> decode(const Node& node, std::vector<std::pair<std::string, T>>& out) {
  if (node.is_null()) return {};
  if (!node.is_mapping()) return std::unexpected(node.error("expected a mapping"));
  out.clear();
  for (const auto& [key, value] : node.entries()) {
    VIGIL_TRY_VOID(decode(value, out.emplace_back(std::string(key.text()), T()).second));
  }
  return {};
}

}  // namespace vigil::yaml
