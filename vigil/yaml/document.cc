#include "vigil/yaml/document.h"

#include <fmt/format.h>
#include <yaml-cpp/binary.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <deque>
#include <istream>
#include <optional>
#include <streambuf>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "vigil/base/strings.h"

namespace vigil::yaml {

struct NodeData {
  Kind kind = Kind::kNull;
  bool quoted = false;
  bool block = false;
  bool open = false;  // still being read: an alias to it would be a cycle
  int line = 0;
  int column = 0;
  std::size_t weight = 1;  // nodes a walk from here visits
  std::string text;
  std::vector<const NodeData*> keys;    // of a mapping, parallel to `values`
  std::vector<const NodeData*> values;  // of a mapping or sequence
};

struct Tree {
  std::string file_name;
  std::deque<NodeData> nodes;  // stable addresses
  const NodeData* root = nullptr;
  bool more_documents = false;
};

namespace {

// Thrown through yaml-cpp, caught in Document::parse.
struct Refused {
  int line;
  int column;
  std::string message;
};

std::string place(const Tree& tree, int line, int column) {
  return fmt::format("{}:{}:{}", tree.file_name, line, column);
}

// Builds our tree from yaml-cpp's events, checking limits as they come.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(Tree& tree, const Limits& limits, const std::vector<std::string_view>& lines)
      : tree_(tree), limits_(limits), lines_(lines) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { attach(create(Kind::kNull, mark, anchor)); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) refuse(mark, "unknown alias");
    if (found->second->open) refuse(mark, "an alias inside the node it names");
    attach(found->second, mark);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    NodeData* node = create(Kind::kScalar, mark, anchor);
    node->text = value;
    node->quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    if (node->quoted) node->block = starts_block(mark);
    if (!is_valid_utf8(value)) refuse(mark, "invalid UTF-8");
    if (tag == "tag:yaml.org,2002:binary") {
      // Any bytes: whoever wants text checks them, as for a label name.
      const std::vector<unsigned char> bytes = YAML::DecodeBase64(value);
      node->text.assign(bytes.begin(), bytes.end());
    }
    attach(node);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(create(Kind::kSequence, mark, anchor), mark);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(create(Kind::kMapping, mark, anchor), mark);
  }
  void OnMapEnd() override {
    if (levels_.back().has_merge) merge(levels_.back());
    close();
  }

  const NodeData* root() const { return root_; }

 private:
  struct Level {
    NodeData* node;
    const NodeData* key = nullptr;  // of a mapping: waits for its value
    std::unordered_set<std::string_view> seen;
    std::vector<const NodeData*> merges;
    bool has_merge = false;
  };

  [[noreturn]] static void refuse(const YAML::Mark& mark, std::string message) {
    throw Refused{mark.line + 1, mark.column + 1, std::move(message)};
  }
  [[noreturn]] static void refuse(const NodeData& at, std::string message) {
    throw Refused{at.line, at.column, std::move(message)};
  }

  bool starts_block(const YAML::Mark& mark) const {
    const auto line = static_cast<std::size_t>(std::max(mark.line, 0));
    const auto column = static_cast<std::size_t>(std::max(mark.column, 0));
    if (line >= lines_.size() || column >= lines_[line].size()) return false;
    const char c = lines_[line][column];
    return c == '|' || c == '>';
  }

  NodeData* create(Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    NodeData& node = tree_.nodes.emplace_back();
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    if (anchor != YAML::NullAnchor) anchors_[anchor] = &node;
    return &node;
  }

  void open(NodeData* node, const YAML::Mark& mark) {
    if (levels_.size() >= static_cast<std::size_t>(limits_.max_depth)) {
      refuse(mark, fmt::format("nested deeper than {} levels", limits_.max_depth));
    }
    node->open = true;
    levels_.push_back(Level{.node = node, .seen = {}, .merges = {}});
  }

  void close() {
    NodeData* node = levels_.back().node;
    node->open = false;
    levels_.pop_back();
    attach(node);
  }

  void attach(const NodeData* node) { attach(node, node->line, node->column); }
  void attach(const NodeData* node, const YAML::Mark& mark) { attach(node, mark.line + 1, mark.column + 1); }
  void attach(const NodeData* node, int line, int column) {
    visited_ += 1;
    if (levels_.empty()) {
      check_weight(node->weight, line, column);
      root_ = node;
      return;
    }
    Level& level = levels_.back();
    NodeData& parent = *level.node;
    parent.weight += node->weight;
    check_weight(parent.weight, line, column);
    if (parent.kind == Kind::kSequence) {
      parent.values.push_back(node);
    } else if (level.key == nullptr) {
      if (node->kind != Kind::kScalar && node->kind != Kind::kNull) refuse(*node, "a mapping key must be a scalar");
      if (node->text != "<<" || node->quoted) {
        if (!level.seen.insert(node->text).second) {
          throw Refused{line, column, fmt::format("key {} is already set in this mapping", go_quote(node->text))};
        }
      }
      level.key = node;
    } else if (level.key->text == "<<" && !level.key->quoted) {
      level.has_merge = true;
      level.merges.push_back(node);
      level.key = nullptr;
    } else {
      parent.keys.push_back(std::exchange(level.key, nullptr));
      parent.values.push_back(node);
    }
  }

  void check_weight(std::size_t weight, int line, int column) const {
    if (weight > limits_.max_nodes || visited_ > limits_.max_nodes) {
      throw Refused{line, column, fmt::format("more than {} nodes, aliases expanded", limits_.max_nodes)};
    }
  }

  // `<<: *defaults` or `<<: [*a, *b]`: keys that are not set here; earlier sources win.
  void merge(Level& level) {
    for (const NodeData* source : level.merges) {
      if (source->kind == Kind::kSequence) {
        for (const NodeData* each : source->values) merge_from(level, *each);
      } else {
        merge_from(level, *source);
      }
    }
  }
  static void merge_from(Level& level, const NodeData& source) {
    if (source.kind != Kind::kMapping) refuse(source, "a merge key (<<) needs a mapping or a list of mappings");
    for (std::size_t i = 0; i < source.keys.size(); ++i) {
      if (!level.seen.insert(source.keys[i]->text).second) continue;
      level.node->keys.push_back(source.keys[i]);
      level.node->values.push_back(source.values[i]);
    }
  }

  Tree& tree_;
  const Limits& limits_;
  const std::vector<std::string_view>& lines_;
  std::vector<Level> levels_;
  std::unordered_map<YAML::anchor_t, const NodeData*> anchors_;
  const NodeData* root_ = nullptr;
  std::size_t visited_ = 0;
};

// The scanner of yaml-cpp reads from a stream; this one copies nothing.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // NOLINT: a get area is never written
    setg(begin, begin, begin + text.size());
  }
};

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (true) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::kNull: return "null";
    case Kind::kScalar: return "scalar";
    case Kind::kSequence: return "list";
    case Kind::kMapping: return "mapping";
  }
  return "unknown";
}

Result<Document> Document::parse(std::string_view text, std::string file_name, const Limits& limits) {
  auto tree = std::make_shared<Tree>();
  tree->file_name = std::move(file_name);
  const auto refuse = [&](int line, int column, std::string_view message) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", place(*tree, line, column), message));
  };
  if (text.size() > limits.max_bytes) {
    return fail(ErrorCode::kLimitExceeded, fmt::format("{}: {} bytes of YAML are more than the limit of {}",
                                                       tree->file_name, text.size(), limits.max_bytes));
  }
  try {
    const std::vector<std::string_view> lines = split_lines(text);
    TreeBuilder builder(*tree, limits, lines);
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    if (parser.HandleNextDocument(builder)) {
      tree->root = builder.root();
      tree->more_documents = static_cast<bool>(parser);
    }
  } catch (const Refused& refused) {
    return refuse(refused.line, refused.column, refused.message);
  } catch (const YAML::Exception& error) {
    // yaml-cpp has no line for what is missing at the end of the text.
    const std::vector<std::string_view> lines = split_lines(text);
    if (error.msg.starts_with("end of")) {
      return refuse(static_cast<int>(lines.size()), static_cast<int>(lines.back().size()) + 1, error.msg);
    }
    return refuse(error.mark.line + 1, error.mark.column + 1, error.msg);
  } catch (const std::exception& error) {
    return refuse(1, 1, error.what());
  }
  if (tree->root == nullptr) {
    NodeData& empty = tree->nodes.emplace_back();
    empty.line = 1;
    empty.column = 1;
    tree->root = &empty;
  }
  return Document(std::move(tree));
}

Node Document::root() const { return Node(tree_.get(), tree_->root); }
const std::string& Document::file_name() const { return tree_->file_name; }
bool Document::more_documents() const { return tree_->more_documents; }

Kind Node::kind() const { return data_ == nullptr ? Kind::kNull : data_->kind; }
std::string_view Node::text() const { return data_ == nullptr ? std::string_view() : std::string_view(data_->text); }
bool Node::quoted() const { return data_ != nullptr && data_->quoted; }
bool Node::block() const { return data_ != nullptr && data_->block; }
int Node::line() const { return data_ == nullptr ? 0 : data_->line; }
int Node::column() const { return data_ == nullptr ? 0 : data_->column; }
std::size_t Node::size() const { return data_ == nullptr ? 0 : data_->values.size(); }

Node Node::operator[](std::size_t index) const { return index < size() ? Node(tree_, data_->values[index]) : Node(); }

std::vector<Node> Node::items() const {
  std::vector<Node> out;
  if (!is_sequence()) return out;
  out.reserve(size());
  for (const NodeData* item : data_->values) out.push_back(Node(tree_, item));
  return out;
}

std::vector<Entry> Node::entries() const {
  std::vector<Entry> out;
  if (!is_mapping()) return out;
  out.reserve(size());
  for (std::size_t i = 0; i < size(); ++i) {
    out.push_back(Entry{Node(tree_, data_->keys[i]), Node(tree_, data_->values[i])});
  }
  return out;
}

Node Node::find(std::string_view key) const {
  if (!is_mapping()) return Node();
  for (std::size_t i = 0; i < size(); ++i) {
    if (data_->keys[i]->text == key) return Node(tree_, data_->values[i]);
  }
  return Node();
}

std::string Node::where() const { return tree_ == nullptr ? "?" : place(*tree_, line(), column()); }

Error Node::error(std::string_view message, ErrorCode code) const {
  return Error(code, fmt::format("{}: {}", where(), message));
}

}  // namespace vigil::yaml
