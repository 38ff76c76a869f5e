#include "vigil/base/glob.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vigil/base/memory_file_system.h"

namespace vigil {
namespace {

TEST(Glob, Match) {
  const struct {
    const char* pattern;
    const char* name;
    bool matches;
  } cases[] = {
      {"", "", true},
      {"", "a", false},
      {"abc", "abc", true},
      {"abc", "abcd", false},
      {"*", "", true},
      {"*", "abc", true},
      {"*", ".hidden", true},
      {"*c", "abc", true},
      {"a*", "ab/c", false},
      {"a*/b", "abc/b", true},
      {"a*/b", "a/c/b", false},
      {"a*b*c*d*e*/f", "axbxcxdxe/f", true},
      {"a*b*c*d*e*/f", "axbxcxdxexxx/f", true},
      {"a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false},
      {"a*b?c*x", "abxbbxdbxebxczzx", true},
      {"a*b?c*x", "abxbbxdbxebxczzy", false},
      {"a?b", "a.b", true},
      {"a?b", "a/b", false},
      {"a?b", "ab", false},
      {"ab[c]", "abc", true},
      {"ab[b-d]", "abc", true},
      {"ab[e-g]", "abc", false},
      {"ab[^c]", "abc", false},
      {"ab[^e-g]", "abc", true},
      {"[a-z0-9_]x", "7x", true},
      {"[\\]a]", "]", true},
      {"[\\-]", "-", true},
      {"[x\\-]", "z", false},
      {"a[/]b", "a/b", false},
      {"a\\*b", "a*b", true},
      {"a\\*b", "axb", false},
      {"a\\\\", "a\\", true},
      {"*x", "xxx", true},
      {"*.yml", "a.yml.bak", false},
      {"**", "abc", true},
  };
  for (const auto& c : cases) {
    const auto result = glob_match(c.pattern, c.name);
    ASSERT_TRUE(result.has_value()) << c.pattern << ": " << result.error().message();
    EXPECT_EQ(*result, c.matches) << c.pattern << " on " << c.name;
  }
}

TEST(Glob, BadPatternsAreErrorsWhateverTheName) {
  for (const char* pattern :
       {"[", "[^", "[^bc", "[]", "[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]", "a[", "*a[", "a\\", "[a\\"}) {
    for (const char* name : {"", "a", "ab", "zzz"}) {
      const auto result = glob_match(pattern, name);
      ASSERT_FALSE(result.has_value()) << pattern << " on " << name;
      EXPECT_EQ(result.error().code(), ErrorCode::kInvalidArgument);
    }
  }
  MemoryFileSystem files;
  EXPECT_FALSE(expand_glob("/rules/[a.yml", files).has_value());
}

// Stars that each could match everything must not cost time exponential in their number.
TEST(Glob, ManyStars) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "a*";
  EXPECT_FALSE(*glob_match(pattern + "b", std::string(20'000, 'a')));
  EXPECT_TRUE(*glob_match(pattern, std::string(20'000, 'a')));
}

TEST(Glob, Expand) {
  MemoryFileSystem files;
  for (const char* folder : {"/sd", "/sd/eu", "/sd/us", "/empty", "rel"}) {
    ASSERT_TRUE(files.create_directories(folder));
  }
  for (const char* name : {"/sd/a.yml", "/sd/b.yml", "/sd/ab.json", "/sd/.hidden.yml", "/sd/eu/x.yml", "/sd/us/x.yml",
                           "/sd/us/y.yml", "/sd/st*r.yml", "rel/c.yml"}) {
    ASSERT_TRUE(files.write_file_atomically(name, ""));
  }
  const struct {
    const char* name;
    const char* pattern;
    std::vector<std::string> expected;
  } cases[] = {
      {"literal", "/sd/a.yml", {"/sd/a.yml"}},
      {"literal that is missing", "/sd/none.yml", {"/sd/none.yml"}},
      {"star", "/sd/*.yml", {"/sd/.hidden.yml", "/sd/a.yml", "/sd/b.yml", "/sd/st*r.yml"}},
      {"star in the middle", "/sd/a*n", {"/sd/ab.json"}},
      {"question mark", "/sd/?.yml", {"/sd/a.yml", "/sd/b.yml"}},
      {"set", "/sd/[b-z]*.yml", {"/sd/b.yml", "/sd/st*r.yml"}},
      {"escaped star", "/sd/st\\*r.yml", {"/sd/st*r.yml"}},
      {"folders", "/sd/*/x.yml", {"/sd/eu/x.yml", "/sd/us/x.yml"}},
      {"folders and files", "/s?/us/*", {"/sd/us/x.yml", "/sd/us/y.yml"}},
      {"relative", "rel/*.yml", {"rel/c.yml"}},
      {"no folder", "/none/*.yml", {}},
      {"empty folder", "/empty/*", {}},
      {"nothing matches", "/sd/*.toml", {}},
  };
  for (const auto& c : cases) {
    const auto found = expand_glob(c.pattern, files);
    ASSERT_TRUE(found.has_value()) << c.name;
    EXPECT_THAT(*found, testing::ElementsAreArray(c.expected)) << c.name;
  }
}

}  // namespace
}  // namespace vigil
