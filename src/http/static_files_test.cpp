#include "http/static_files.h"

#include <gtest/gtest.h>

namespace curfew::http {
namespace {

std::string_view header(const Response& response, std::string_view name) {
  for (const Header& header : response.headers) {
    if (header.name == name) return header.value;
  }
  return {};
}

class StaticFilesTest : public testing::Test {
 protected:
  StaticFilesTest() {
    files_.add({"/app.js", "text/javascript", "identity", "brotli", "gzip", "v1", true});
    files_.add({"/", "text/html", "<html>", {}, {}, {}, false});
  }

  Response serve(std::string path, std::vector<Header> headers = {}, Method method = Method::kGet) {
    RequestHead head;
    head.method = method;
    head.path = std::move(path);
    head.headers = std::move(headers);
    auto response = files_.serve(head);
    return response ? *std::move(response) : Response(404, "", "");
  }

  StaticFiles files_;
};

TEST_F(StaticFilesTest, AnUnknownPathIsNotItsAffair) {
  EXPECT_EQ(serve("/other").status, 404);
}

TEST_F(StaticFilesTest, SendsTheEncodingThatTheClientLikesBest) {
  const auto body = [&](std::string accept) { return serve("/app.js", {{"Accept-Encoding", std::move(accept)}}).body; };
  EXPECT_EQ(serve("/app.js").body, "identity");
  EXPECT_EQ(body("gzip, deflate, br"), "brotli");
  EXPECT_EQ(body("gzip"), "gzip");
  EXPECT_EQ(body("br;q=0.5, gzip"), "gzip");
  EXPECT_EQ(body("br;q=0, gzip;q=0"), "identity");
  EXPECT_EQ(body("*"), "brotli");
  EXPECT_EQ(body("*, br;q=0"), "gzip");
  EXPECT_EQ(body("identity, gzip;q=0.5"), "identity");
  EXPECT_EQ(body("br;q=nonsense, gzip;q=0.001"), "gzip");
  EXPECT_EQ(body("identity;q=0"), "identity");
}

TEST_F(StaticFilesTest, EachEncodingHasItsOwnTagAndTellsCachesWhy) {
  const Response br = serve("/app.js", {{"Accept-Encoding", "br"}});
  const Response gz = serve("/app.js", {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(header(br, "ETag"), "\"v1-br\"");
  EXPECT_EQ(header(br, "Content-Encoding"), "br");
  EXPECT_EQ(header(gz, "ETag"), "\"v1-gz\"");
  EXPECT_EQ(header(gz, "Content-Encoding"), "gzip");
  EXPECT_EQ(header(gz, "Vary"), "Accept-Encoding");
  EXPECT_EQ(header(serve("/"), "Vary"), "");
}

TEST_F(StaticFilesTest, AKnownTagIsAnswered304WithoutABody) {
  for (const char* tag : {"\"v1\"", "W/\"v1\"", "\"x\", \"v1\"", "*"}) {
    const Response response = serve("/app.js", {{"If-None-Match", tag}});
    EXPECT_EQ(response.status, 304) << tag;
    EXPECT_TRUE(response.body.empty());
    EXPECT_EQ(header(response, "ETag"), "\"v1\"");
    EXPECT_FALSE(header(response, "Cache-Control").empty());
  }
  EXPECT_EQ(serve("/app.js", {{"If-None-Match", "\"v1-br\""}}).status, 200);
}

TEST_F(StaticFilesTest, OnlyNamesThatChangeWithTheContentAreKept) {
  EXPECT_EQ(header(serve("/app.js"), "Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(header(serve("/"), "Cache-Control"), "no-cache");
}

TEST_F(StaticFilesTest, ATagIsMadeFromTheBytesWhenNoneIsGiven) {
  const std::string tag(header(serve("/"), "ETag"));
  EXPECT_EQ(tag.size(), 34U);
  files_.add({"/", "text/html", "<html><body>", {}, {}, {}, false});
  EXPECT_NE(header(serve("/"), "ETag"), tag);
}

TEST_F(StaticFilesTest, OtherMethodsAreAnswered405) {
  const Response response = serve("/app.js", {}, Method::kPost);
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(header(response, "Allow"), "GET, HEAD");
}

}  // namespace
}  // namespace curfew::http
