#include "vigil/yaml/document.h"

#include <gtest/gtest.h>

#include <string>

namespace vigil::yaml {
namespace {

// The tree as one line: scalars as 'text' (quoted) or text, null as ~.
std::string show(const Node& node) {
  switch (node.kind()) {
    case Kind::kNull: return "~";
    case Kind::kScalar: return node.quoted() ? "'" + std::string(node.text()) + "'" : std::string(node.text());
    case Kind::kSequence: {
      std::string out = "[";
      for (const Node& item : node.items()) out += (out.size() > 1 ? "," : "") + show(item);
      return out + "]";
    }
    case Kind::kMapping: {
      std::string out = "{";
      for (const auto& [key, value] : node.entries())
        out += (out.size() > 1 ? "," : "") + show(key) + ":" + show(value);
      return out + "}";
    }
  }
  return "?";
}

TEST(Document, Parses) {
  struct Case {
    const char* name;
    const char* text;
    const char* expected;  // tree, or error
  };
  const Case cases[] = {
      {"empty", "", "~"},
      {"comment only", "# nothing\n", "~"},
      {"scalar", "a", "a"},
      {"null words", "[~, null, '', 'null', x]", "[~,~,'','null',x]"},
      {"missing value", "a:\nb: 1", "{a:~,b:1}"},
      {"order kept", "z: 1\na: 2\nm: [1, {x: y}]", "{z:1,a:2,m:[1,{x:y}]}"},
      {"quoted", "a: \"b\\nc\"\nd: 'it''s'", "{a:'b\nc',d:'it's'}"},
      {"block", "a: |\n  x\n  y\nb: >\n  p\n  q\n", "{a:'x\ny\n',b:'p q\n'}"},
      {"anchor", "a: &x {k: v}\nb: *x", "{a:{k:v},b:{k:v}}"},
      {"merge", "base: &x {k: v, l: w}\nb: {<<: *x, l: own}", "{base:{k:v,l:w},b:{l:own,k:v}}"},
      {"merge list", "- &a {k: 1}\n- &b {k: 2, m: 3}\n- {<<: [*a, *b]}", "[{k:1},{k:2,m:3},{k:1,m:3}]"},
      {"first document only", "a: 1\n---\nb: 2\n", "{a:1}"},
      {"utf-8", "ключ: значение", "{ключ:значение}"},
      {"duplicate key", "a: 1\nb: 2\na: 3", "f.yml:3:1: key \"a\" is already set in this mapping"},
      {"list as key", "? [a]\n: b", "f.yml:1:3: a mapping key must be a scalar"},
      {"unknown alias", "a: *nope", "f.yml:1:4: the referenced anchor is not defined"},
      {"alias to itself", "a: &x [*x]", "f.yml:1:8: an alias inside the node it names"},
      {"bad indent", "a: 1\n b: 2", "f.yml:2:3: illegal map value"},
      {"unclosed", "a: [1, 2", "f.yml:1:9: end of sequence flow not found"},
      {"merge of a scalar", "a: {<<: x}", "f.yml:1:9: a merge key (<<) needs a mapping or a list of mappings"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto document = Document::parse(c.text, "f.yml");
    EXPECT_EQ(document ? show(document->root()) : document.error().message(), c.expected);
  }
}

TEST(Document, RemembersPlaces) {
  const auto document = Document::parse("a: 1\nlist:\n  - x\n  - k: \"v\"\n    t: |\n      text\n", "f.yml");
  ASSERT_TRUE(document.has_value());
  const Node root = document->root();
  EXPECT_EQ(root.find("a").where(), "f.yml:1:4");
  EXPECT_EQ(root.find("list")[0].where(), "f.yml:3:5");
  EXPECT_EQ(root.find("list")[1].where(), "f.yml:4:5");
  EXPECT_EQ(root.find("list")[1].find("k").where(), "f.yml:4:8");
  const Node text = root.find("list")[1].find("t");
  EXPECT_EQ(text.where(), "f.yml:5:8");
  EXPECT_TRUE(text.block());
  EXPECT_FALSE(root.find("list")[1].find("k").block());
  EXPECT_FALSE(root.find("nope"));
  EXPECT_EQ(root.find("a").error("bad").message(), "f.yml:1:4: bad");
}

TEST(Document, KnowsOfMoreDocuments) {
  EXPECT_TRUE(Document::parse("a: 1\n---\nb: 2", "f")->more_documents());
  EXPECT_FALSE(Document::parse("---\na: 1\n", "f")->more_documents());
}

TEST(Document, KeepsLimits) {
  const Limits limits{.max_bytes = 1000, .max_depth = 5, .max_nodes = 50};
  EXPECT_EQ(Document::parse(std::string(1001, 'a'), "f", limits).error().code(), ErrorCode::kLimitExceeded);
  EXPECT_EQ(Document::parse("[[[[[[1]]]]]]", "f", limits).error().message(), "f:1:6: nested deeper than 5 levels");
  EXPECT_TRUE(Document::parse("[[[[[1]]]]]", "f", limits).has_value());
  // The 'billion laughs': every level doubles what a walk visits.
  std::string bomb = "- &a0 x\n";
  for (int i = 1; i < 10; ++i) {
    const std::string previous = std::to_string(i - 1);
    bomb += "- &a" + std::to_string(i) + " [*a" + previous + ", *a" + previous + "]\n";
  }
  EXPECT_NE(Document::parse(bomb, "f", limits).error().message().find("more than 50 nodes"), std::string::npos);
  // A million brackets end at the depth limit, not on the stack.
  EXPECT_FALSE(Document::parse(std::string(1'000'000, '['), "f").has_value());
  EXPECT_FALSE(Document::parse(std::string("a: \xff\xfe"), "f").has_value());
}

}  // namespace
}  // namespace vigil::yaml
