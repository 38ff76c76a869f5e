#include "vigil/net/http.h"

#include <gtest/gtest.h>

#include "vigil/net/fake_http.h"
#include "vigil/net/url.h"

namespace vigil::net {
namespace {

TEST(HeadersTest, NamesCompareWithoutCase) {
  Headers headers;
  headers.add("Content-Type", "text/plain");
  headers.add("X-Twice", "a");
  headers.add("x-twice", "b");
  EXPECT_EQ(headers.get("content-type"), "text/plain");
  EXPECT_EQ(headers.get("X-TWICE"), "a");
  EXPECT_EQ(headers.get("absent"), "");
  EXPECT_TRUE(headers.has("CONTENT-TYPE"));
  headers.set("X-tWice", "c");
  EXPECT_EQ(headers.all().size(), 2U);
  EXPECT_EQ(headers.get("x-twice"), "c");
}

TEST(ParamsTest, Parse) {
  struct Case {
    const char* name;
    const char* input;
    const char* expected;  // encoded again, or "error"
  };
  constexpr Case kCases[] = {
      {"empty", "", ""},
      {"one", "query=up", "query=up"},
      {"order and repeats are kept", "b=1&a=2&b=3", "b=1&a=2&b=3"},
      {"plus is a space", "q=a+b", "q=a+b"},
      {"escaped plus", "q=a%2Bb", "q=a%2Bb"},
      {"no value", "flag", "flag="},
      {"no name", "=x", "=x"},
      {"equals in the value", "q=a=b", "q=a%3Db"},
      {"empty pairs are skipped", "&&a=1&", "a=1"},
      {"brackets", "match[]=up&match%5B%5D=down", "match%5B%5D=up&match%5B%5D=down"},
      {"utf-8", "q=%C3%A4", "q=%C3%A4"},
      {"a zero byte is data", "q=%00", "q=%00"},
      {"semicolon is data", "q=a;b", "q=a%3Bb"},
      {"cut escape", "q=%4", "error"},
      {"bad escape", "q=%zz", "error"},
      {"bad escape in a name", "%=1", "error"},
  };
  for (const Case& c : kCases) {
    const auto params = Params::parse(c.input);
    EXPECT_EQ(params ? params->encode() : "error", c.expected) << c.name;
  }
}

TEST(RequestTest, FormBeforeQuery) {
  struct Case {
    const char* name;
    const char* method;
    const char* content_type;
    const char* body;
    const char* expected;
  };
  constexpr Case kCases[] = {
      {"get", "GET", "", "", "a=query"},
      {"a body of GET is not read", "GET", "application/x-www-form-urlencoded", "a=body", "a=query"},
      {"post", "POST", "application/x-www-form-urlencoded", "a=body&b=2", "a=body&b=2&a=query"},
      {"post with charset", "POST", "Application/X-WWW-Form-Urlencoded ; charset=utf-8", "b=2", "b=2&a=query"},
      {"other type", "POST", "application/json", "a=body", "a=query"},
      {"bad form", "POST", "application/x-www-form-urlencoded", "a=%", "error"},
  };
  for (const Case& c : kCases) {
    const auto form = make_request(c.method, "/x?a=query", c.body, c.content_type).form();
    EXPECT_EQ(form ? form->encode() : "error", c.expected) << c.name;
  }
}

TEST(UrlTest, Parse) {
  struct Case {
    const char* input;
    const char* expected;  // scheme|userinfo|host|port|path|query or an error's end
  };
  constexpr Case kCases[] = {
      {"http://h", "http||h|80|/|"},
      {"HTTPS://Host:8443/a/b?x=1#frag", "https||Host|8443|/a/b|x=1"},
      {"http://u:p@h:1/", "http|u:p|h|1|/|"},
      {"http://u:p@q@h/", "http|u:p@q|h|80|/|"},
      {"http://[::1]:9090/m", "http||::1|9090|/m|"},
      {"http://h?x", "http||h|80|/|x"},
      {"h:9090/metrics", "error"},
      {"ftp://h/", "error"},
      {"http:///x", "error"},
      {"http://h:99999/", "error"},
      {"http://h:x/", "error"},
      {"http://[::1/", "error"},
      {"http://h/a b", "error"},
      {"http://h/\r\nX: y", "error"},
  };
  for (const Case& c : kCases) {
    const auto url = Url::parse(c.input);
    const std::string got = url ? url->scheme + "|" + url->userinfo + "|" + url->host + "|" + url->effective_port() +
                                      "|" + url->path + "|" + url->query
                                : "error";
    EXPECT_EQ(got, c.expected) << c.input;
  }
}

TEST(UrlTest, ErrorsAndLogsHideCredentials) {
  EXPECT_EQ(redact_url("http://user:secret@h/x?y=@z"), "http://xxxxx@h/x?y=@z");
  EXPECT_EQ(redact_url("http://h/x@y"), "http://h/x@y");
  EXPECT_EQ(redact_url("user:secret@h"), "xxxxx@h");
  const auto url = Url::parse("http://user:secret@h:bad/");
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().message().find("secret"), std::string::npos);
}

}  // namespace
}  // namespace vigil::net
