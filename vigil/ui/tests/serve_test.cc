#include "vigil/ui/serve.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vigil/ui/assets.h"

namespace vigil::ui {
namespace {

using Fields = std::map<std::string, std::string, std::less<>>;

std::optional<ServedAsset> ask(std::string_view method, std::string_view path, const Fields& fields = {}) {
  return serve(method, path, [&](std::string_view name) -> std::string_view {
    auto found = fields.find(name);
    return found == fields.end() ? std::string_view() : found->second;
  });
}

std::string header_of(const ServedAsset& answer, std::string_view name) {
  for (const auto& [key, value] : answer.headers) {
    if (key == name) return value;
  }
  return "(none)";
}

std::string_view first_script() {
  for (const Asset& asset : all_assets()) {
    if (asset.path.ends_with(".js") && asset.immutable) return asset.path;
  }
  return {};
}

TEST(Serve, ChoosesTheEncoding) {
  if (index_page().brotli.empty()) GTEST_SKIP() << "built without brotli";
  struct Case {
    const char* accept;
    const char* encoding;
  };
  constexpr Case kCases[] = {
      {"", "(none)"},
      {"gzip, deflate, br, zstd", "br"},
      {"gzip, deflate", "gzip"},
      {"GZIP", "gzip"},
      {"x-gzip", "gzip"},
      {"br;q=0, gzip", "gzip"},
      {"br;q=0.5, gzip;q=0.9", "gzip"},
      {"br;q=0.9, gzip;q=0.9", "br"},
      {"gzip ; q=1.0 , br ; q=0.2", "gzip"},
      {"*", "br"},
      {"*, br;q=0", "gzip"},
      {"*;q=0", "(none)"},
      {"deflate", "(none)"},
      {"identity", "(none)"},
      {"gzip;q=nonsense", "(none)"},
      {",,;q=1,", "(none)"},
  };
  for (const Case& c : kCases) {
    auto answer = ask("GET", "/index.html", {{"accept-encoding", c.accept}});
    ASSERT_TRUE(answer);
    EXPECT_EQ(header_of(*answer, "Content-Encoding"), c.encoding) << c.accept;
    EXPECT_EQ(header_of(*answer, "Vary"), "Accept-Encoding") << c.accept;
  }
}

TEST(Serve, SendsPlainTextToThoseWhoAcceptNothingElse) {
  auto answer = ask("GET", "/index.html");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, inflated(index_page()));
}

TEST(Serve, SetsSecurityHeaders) {
  auto answer = ask("GET", "/", {{"accept", "text/html"}});
  ASSERT_TRUE(answer);
  EXPECT_EQ(header_of(*answer, "Content-Security-Policy"), "default-src 'self'; style-src 'self' 'unsafe-inline'");
  EXPECT_EQ(header_of(*answer, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(header_of(*answer, "Content-Type"), "text/html; charset=utf-8");
}

TEST(Serve, CachesHashedNamesForEverAndAsksAgainForTheRest) {
  EXPECT_EQ(header_of(*ask("GET", "/index.html"), "Cache-Control"), "no-cache");
  EXPECT_EQ(header_of(*ask("GET", first_script()), "Cache-Control"), "public, max-age=31536000, immutable");
}

TEST(Serve, FallsBackToTheIndexForRoutesOnly) {
  struct Case {
    const char* path;
    const char* accept;
    bool index;
  };
  constexpr const char* kBrowser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
  constexpr Case kCases[] = {
      {"/", kBrowser, true},
      {"/query", kBrowser, true},
      {"/graph", kBrowser, true},
      {"/no-such-page", kBrowser, true},
      {"/query", "*/*", false},
      {"/query", "", false},
      {"/", "*/*", true},
      {"/missing.js", kBrowser, false},
      {"/assets/missing", kBrowser, false},
      {"/a/b", kBrowser, false},
      {"//", kBrowser, false},
      {"", kBrowser, false},
      {"query", kBrowser, false},
  };
  for (const Case& c : kCases) {
    auto answer = ask("GET", c.path, {{"accept", c.accept}});
    ASSERT_EQ(answer.has_value(), c.index) << c.path << " " << c.accept;
    if (c.index) {
      EXPECT_EQ(answer->body, inflated(index_page())) << c.path;
    }
  }
}

// The page's links and files are relative to its folder, wherever a proxy mounts it.
TEST(Serve, DeepRoutesNameTheFolderOfThePage) {
  struct Case {
    const char* path;
    const char* base;  // nullptr: no route
  };
  constexpr Case kCases[] = {
      {"/runbooks/mpc", "../"},
      {"/runbooks/mpc/MPCNodeDown", "../../"},
      {"/runbooks/mpc/MPCNodeDown/x", nullptr},
      {"/runbooks//MPCNodeDown", nullptr},
      {"/runbooks/mpc/MPCNodeDown.md", nullptr},
      {"/status/mpc", nullptr},
  };
  const std::string plain = inflated(index_page());
  for (const Case& c : kCases) {
    auto answer = ask("GET", c.path, {{"accept", "text/html"}, {"accept-encoding", "gzip, br"}});
    ASSERT_EQ(answer.has_value(), c.base != nullptr) << c.path;
    EXPECT_FALSE(ask("GET", c.path, {{"accept", "*/*"}})) << c.path;
    if (c.base == nullptr) continue;
    const std::string base = "<base href=\"" + std::string(c.base) + "\" />";
    const std::size_t at = answer->body.find(base);
    ASSERT_NE(at, std::string::npos) << c.path;
    EXPECT_LT(at, answer->body.find("=\"./")) << "before the first link that needs it";
    EXPECT_EQ(answer->body.substr(0, at) + answer->body.substr(at + base.size()), plain) << c.path;
    EXPECT_EQ(header_of(*answer, "Content-Encoding"), "(none)");
    EXPECT_NE(header_of(*answer, "ETag"), header_of(*ask("GET", "/"), "ETag"));
    auto again = ask("GET", c.path, {{"accept", "text/html"}, {"if-none-match", header_of(*answer, "ETag")}});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->status, 304);
  }
}

TEST(Serve, RedirectsARouteWithASlashAtItsEnd) {
  struct Case {
    const char* path;
    const char* location;
  };
  constexpr Case kCases[] = {{"/query/", "../query"}, {"/runbooks/mpc/MPCNodeDown/", "../MPCNodeDown"}};
  for (const Case& c : kCases) {
    auto answer = ask("GET", c.path, {{"accept", "text/html"}});
    ASSERT_TRUE(answer) << c.path;
    EXPECT_EQ(answer->status, 308);
    EXPECT_EQ(header_of(*answer, "Location"), c.location);
  }
}

TEST(Serve, AnswersNotModified) {
  auto first = ask("GET", "/index.html", {{"accept-encoding", "gzip"}});
  ASSERT_TRUE(first);
  std::string tag = header_of(*first, "ETag");
  EXPECT_THAT(tag, testing::MatchesRegex("\"[0-9a-f]+-gz\""));
  struct Case {
    std::string if_none_match;
    const char* accept_encoding;
    int status;
  };
  const Case cases[] = {
      {tag, "gzip", 304}, {"W/" + tag, "gzip", 304},  {"\"other\", " + tag, "gzip", 304},
      {"*", "gzip", 304}, {"\"other\"", "gzip", 200}, {"", "gzip", 200},
      {tag, "", 200},  // the same file in other bytes
  };
  for (const Case& c : cases) {
    auto answer =
        ask("GET", "/index.html", {{"accept-encoding", c.accept_encoding}, {"if-none-match", c.if_none_match}});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, c.status) << c.if_none_match;
    EXPECT_EQ(answer->body.empty(), c.status == 304) << c.if_none_match;
    EXPECT_NE(header_of(*answer, "ETag"), "(none)");
  }
}

TEST(Serve, KnowsTwoMethods) {
  EXPECT_EQ(ask("HEAD", "/index.html")->status, 200);
  auto answer = ask("POST", "/index.html");
  EXPECT_EQ(answer->status, 405);
  EXPECT_EQ(header_of(*answer, "Allow"), "GET, HEAD");
  EXPECT_FALSE(ask("POST", "/api"));
}

}  // namespace
}  // namespace vigil::ui
