// Reads a mapping into a struct, strictly: unknown keys are errors with their
// place, keys that we know and do not implement are refused by name, and all
// problems of a file are reported together.
//
//   yaml::Problems problems;
//   yaml::read_mapping(document.root(), "global", problems, [&](yaml::Fields& f) {
//     f.duration("scrape_interval", config.scrape_interval);
//     f.optional("external_labels", config.external_labels);
//     f.object("tls_config", [&](yaml::Fields& tls) { tls.optional("ca_file", config.ca_file); });
//     f.unsupported("scrape_failure_log_file");
//   });
//   VIGIL_TRY_VOID(problems.result());
//
// Messages: `f.yml:3:5: unknown key "x" in global`,
//           `f.yml:9:3: receivers[0].slack_configs: not supported yet`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/base/time.h"
#include "vigil/yaml/document.h"
#include "vigil/yaml/scalars.h"

namespace vigil::yaml {

// Everything that is wrong with a file. At most kMax are kept, the rest is counted.
class Problems {
 public:
  static constexpr std::size_t kMax = 50;

  void add(Error error);
  void add(const Node& at, std::string_view message, ErrorCode code = ErrorCode::kInvalidArgument) {
    add(at.error(message, code));
  }
  // promtool's --ignore-unknown-fields.
  void ignore_unknown_keys() { ignore_unknown_ = true; }
  bool ignores_unknown_keys() const { return ignore_unknown_; }

  bool empty() const { return errors_.empty(); }
  const std::vector<Error>& errors() const { return errors_; }
  // One line per problem. The code is kNotSupported if every problem is of that kind.
  Result<void> result() const;

 private:
  std::vector<Error> errors_;
  std::size_t dropped_ = 0;
  bool ignore_unknown_ = false;
};

// One mapping being read. Every reader returns true if the key was there, was not
// null and was good; a bad value is added to the problems and leaves `out` alone
// or partly filled.
class Fields {
 public:
  Fields(const Node& node, std::string path, std::string_view type, Problems& problems);

  template <class T>
  bool optional(std::string_view key, T& out) {
    return with(key, [&](const Node& value) { return decode(value, out); });
  }
  template <class T>
  bool required(std::string_view key, T& out) {
    return present(key) && optional(key, out);
  }
  bool duration(std::string_view key, Duration& out) {
    return with(key, [&](const Node& value) { return decode_duration(value, out); });
  }
  bool bytes(std::string_view key, std::uint64_t& out) {
    return with(key, [&](const Node& value) { return decode_bytes(value, out); });
  }
  // `convert`: Result<T>(std::string_view). For enums, URLs, regular expressions.
  template <class T, class Convert>
  bool converted(std::string_view key, T& out, Convert convert) {
    return with(key, [&](const Node& value) -> Result<void> {
      if (!value.is_scalar()) return std::unexpected(value.error("expected a string"));
      auto result = convert(value.text());
      if (!result) return std::unexpected(value.error(result.error().message(), result.error().code()));
      out = std::move(*result);
      return {};
    });
  }
  // `read`: Result<void>(const Node&); called only if the key is there and not null.
  template <class Read>
  bool with(std::string_view key, Read read) {
    const Node value = take(key);
    if (value.is_null()) return false;
    if (Result<void> result = read(value); !result) return problems_.add(std::move(result).error()), false;
    return true;
  }

  // A mapping: `read`: void(Fields&).
  template <class Read>
  bool object(std::string_view key, Read read) {
    const Node value = take(key);
    if (value.is_null()) return false;
    Fields fields(value, child_path(key), key, problems_);
    read(fields);
    fields.finish();
    return true;
  }
  // A list of mappings: `read`: void(Fields&), once per item. `type` names an item in messages.
  template <class Read>
  bool objects(std::string_view key, std::string_view type, Read read) {
    const Node value = take(key);
    if (value.is_null() || !is_list(key, value)) return false;
    for (std::size_t i = 0; i < value.size(); ++i) {
      Fields fields(value[i], item_path(key, i), type, problems_);
      read(fields);
      fields.finish();
    }
    return true;
  }

  // The value of a key, which becomes known; null if absent.
  Node take(std::string_view key);
  // True if the key is written, whatever its value; it does not become known.
  bool has(std::string_view key) const { return static_cast<bool>(node_.find(key)); }
  // Reports a missing key; true if it is there with a value.
  bool present(std::string_view key);

  // Known keys that are refused by name when they are set. An empty list or null is not "set".
  void unsupported(std::string_view key, std::string_view why = "not supported yet");
  // Known keys that mean nothing here and are accepted.
  void ignored(std::string_view key) { take(key); }

  // Problems found by the caller, at the value of `key` or at the mapping.
  void fail(std::string_view key, std::string_view message);
  void fail(std::string_view message) { problems_.add(node_, message); }

  // Reports keys that nobody asked for. read_mapping(), object() and objects() do it.
  void finish();

  const Node& node() const { return node_; }
  const std::string& path() const { return path_; }  // "receivers[0].webhook_configs[1]"
  Problems& problems() { return problems_; }

 private:
  std::string child_path(std::string_view key) const;
  std::string item_path(std::string_view key, std::size_t index) const;
  bool is_list(std::string_view key, const Node& value);

  Node node_;
  std::string path_;
  std::string type_;
  Problems& problems_;
  std::unordered_set<std::string> known_;
};

// Reads one mapping from its Fields: `read`: void(Fields&). A null is an empty mapping.
template <class Read>
void read_mapping(const Node& node, std::string_view type, Problems& problems, Read read, std::string path = {}) {
  Fields fields(node, std::move(path), type, problems);
  read(fields);
  fields.finish();
}

}  // namespace vigil::yaml
