// YAML documents that remember where everything was written.
//
//   VIGIL_TRY(auto document, yaml::Document::parse(text, "prometheus.yml"));
//   for (const auto& [key, value] : document.root().entries()) …
//
// Accepts YAML 1.2 as yaml-cpp reads it, with anchors, aliases and merge keys
// (`<<`). Only the first document of a stream is read. A key written twice in one
// mapping is an error, and so is a key that is not a scalar.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"

namespace vigil::yaml {

enum class Kind { kNull, kScalar, kSequence, kMapping };
std::string_view to_string(Kind kind);  // "null", "scalar", "list", "mapping"

struct Limits {
  std::size_t max_bytes = 32U << 20;
  int max_depth = 100;
  // Nodes a full walk visits: what an alias points to counts every time it is used.
  std::size_t max_nodes = 2'000'000;
};

struct Entry;
struct Tree;
struct NodeData;

// A view of one node. Valid while its Document (or a copy of it) lives.
class Node {
 public:
  Node() = default;  // null, nowhere

  Kind kind() const;
  bool is_null() const { return kind() == Kind::kNull; }
  bool is_scalar() const { return kind() == Kind::kScalar; }
  bool is_sequence() const { return kind() == Kind::kSequence; }
  bool is_mapping() const { return kind() == Kind::kMapping; }

  // The characters of a scalar, unescaped; "" for anything else.
  std::string_view text() const;
  // True for 'x', "x" and block scalars: never a number, bool or null.
  bool quoted() const;
  // True for literal and folded scalars (`|`, `>`): the text starts on the line after line().
  bool block() const;

  // 1-based place of the first character; 0 for a default-constructed node.
  int line() const;
  int column() const;

  // Elements of a sequence or entries of a mapping, in the order written.
  std::size_t size() const;
  Node operator[](std::size_t index) const;
  std::vector<Node> items() const;
  std::vector<Entry> entries() const;
  // The value of a key; a default-constructed node if absent or not a mapping.
  Node find(std::string_view key) const;
  explicit operator bool() const { return data_ != nullptr; }

  // "file:line:column" and an error that starts with it.
  std::string where() const;
  Error error(std::string_view message, ErrorCode code = ErrorCode::kInvalidArgument) const;

 private:
  friend class Document;
  Node(const Tree* tree, const NodeData* data) : tree_(tree), data_(data) {}

  const Tree* tree_ = nullptr;
  const NodeData* data_ = nullptr;
};

struct Entry {
  Node key;
  Node value;
};

// Immutable; copies share the tree; may be read from any thread.
class Document {
 public:
  // Errors read "file:line:column: what is wrong".
  static Result<Document> parse(std::string_view text, std::string file_name, const Limits& limits = {});

  Node root() const;
  const std::string& file_name() const;
  // True if another document followed, which was not read.
  bool more_documents() const;

 private:
  explicit Document(std::shared_ptr<const Tree> tree) : tree_(std::move(tree)) {}
  std::shared_ptr<const Tree> tree_;
};

}  // namespace vigil::yaml
