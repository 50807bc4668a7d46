#include "http/cookie.h"

#include <gtest/gtest.h>

namespace curfew::http {
namespace {

TEST(ParseCookies, ReadsPairsInOrder) {
  EXPECT_EQ(parse_cookies("a=1; b=\"2\";c=x=y"), (std::vector<Cookie>{{"a", "1"}, {"b", "2"}, {"c", "x=y"}}));
}

TEST(ParseCookies, SkipsWhatOthersHaveBroken) {
  EXPECT_EQ(parse_cookies("; nonsense; bad name=1; a=\x01; =x; ok=1;"), (std::vector<Cookie>{{"ok", "1"}}));
  EXPECT_TRUE(parse_cookies("").empty());
}

TEST(ParseCookies, ReadsABoundedNumber) {
  std::string header;
  for (int i = 0; i < 1000; ++i) header += "a=1; ";
  EXPECT_EQ(parse_cookies(header).size(), kMaxCookies);
}

TEST(FindCookie, LooksThroughAllCookieHeaders) {
  RequestHead head;
  head.headers = {{"Cookie", "a=1"}, {"cookie", "b=2; a=3"}};
  EXPECT_EQ(find_cookie(head, "b"), "2");
  EXPECT_EQ(find_cookie(head, "a"), "1");
  EXPECT_EQ(find_cookie(head, "B"), std::nullopt);
}

TEST(FormatSetCookie, IsStrictByDefault) {
  SetCookie cookie;
  cookie.name = "session";
  cookie.value = "abc";
  EXPECT_EQ(format_set_cookie(cookie), "session=abc; Path=/; HttpOnly; Secure; SameSite=Strict");
}

TEST(FormatSetCookie, WritesEveryAttribute) {
  SetCookie cookie{"s", "", "/api", "example.org", 0, false, false, SameSite::kLax};
  EXPECT_EQ(format_set_cookie(cookie), "s=; Path=/api; Domain=example.org; Max-Age=0; SameSite=Lax");
}

TEST(FormatSetCookie, RefusesWhatCouldEndTheCookieEarly) {
  const auto with = [](std::string name, std::string value, std::string path, std::string domain) {
    SetCookie cookie;
    cookie.name = std::move(name);
    cookie.value = std::move(value);
    cookie.path = std::move(path);
    cookie.domain = std::move(domain);
    return format_set_cookie(cookie).has_value();
  };
  EXPECT_TRUE(with("a", "b", "/", ""));
  EXPECT_FALSE(with("", "b", "/", ""));
  EXPECT_FALSE(with("a=", "b", "/", ""));
  EXPECT_FALSE(with("a", "b; Domain=evil", "/", ""));
  EXPECT_FALSE(with("a", "b\r\nX: y", "/", ""));
  EXPECT_FALSE(with("a", "b", "/;x", ""));
  EXPECT_FALSE(with("a", "b", "x", ""));
  EXPECT_FALSE(with("a", "b", "/", "x;y"));
  EXPECT_FALSE(with("a", std::string(5000, 'x'), "/", ""));
}

TEST(FormatSetCookie, HoldsWhatThePrefixesPromise) {
  SetCookie cookie;
  cookie.name = "__Host-session";
  EXPECT_TRUE(format_set_cookie(cookie));
  cookie.path = "/api";
  EXPECT_FALSE(format_set_cookie(cookie));
  cookie.path = "/";
  cookie.secure = false;
  EXPECT_FALSE(format_set_cookie(cookie));
  cookie.name = "plain";
  cookie.same_site = SameSite::kNone;
  EXPECT_FALSE(format_set_cookie(cookie));
}

}  // namespace
}  // namespace curfew::http
