#include "client/url.h"

#include <gtest/gtest.h>

namespace curfew::client {
namespace {

TEST(ServerUrl, IsTakenApart) {
  const auto url = *parse_server_url("https://curfew.example.com:8443/prefix/");
  EXPECT_EQ(url.base, "https://curfew.example.com:8443/prefix");
  EXPECT_EQ(url.host, "curfew.example.com");
  EXPECT_TRUE(url.tls);
  EXPECT_FALSE(url.loopback);
}

TEST(ServerUrl, AHostAloneIsPlainHttp) {
  EXPECT_EQ(parse_server_url("localhost:8080")->base, "http://localhost:8080");
}

TEST(ServerUrl, LoopbackIsKnown) {
  for (const auto* text : {"http://127.0.0.1:8080", "http://127.9.9.9", "http://localhost", "http://[::1]:8080"})
    EXPECT_TRUE(parse_server_url(text)->loopback) << text;
  for (const auto* text :
       {"http://128.0.0.1", "http://localhost.example.com", "http://127.0.0.1.example.com", "http://[::2]"})
    EXPECT_FALSE(parse_server_url(text)->loopback) << text;
}

TEST(ServerUrl, WhatIsNoServerIsRefused) {
  for (const auto* text : {"", "ftp://a", "file:///etc/passwd", "https://", "https://user:pw@a", "https://a?x=1",
                           "https://a#b", "https://a b", "http://a\r\nX: y", "https://a:99999"}) {
    const auto url = parse_server_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().field, "server");
  }
}

TEST(CheckKey, RefusesWhatWouldBreakTheHeaderAndNeverRepeatsIt) {
  EXPECT_TRUE(check_key(""));
  EXPECT_TRUE(check_key("curfew_AbC-1~"));
  for (const auto* key : {"two words", "line\nbreak", "k\xc3\xa4y"}) {
    const auto status = check_key(key);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().message.find(key), std::string::npos);
  }
}

}  // namespace
}  // namespace curfew::client
