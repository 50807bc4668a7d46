#include "app/console_files.h"

#include <gtest/gtest.h>

#include <array>

namespace curfew::app {
namespace {

EmbeddedFile file(std::string_view path, std::string_view bytes) {
  const auto* begin = reinterpret_cast<const unsigned char*>(bytes.data());
  return {path, begin, begin + bytes.size()};
}

struct ConsoleFilesTest : testing::Test {
  std::array<EmbeddedFile, 4> files{file("index.html", "<html>"), file("assets/app-1.js", "js"),
                                    file("assets/app-1.js.br", "b"), file("favicon.svg", "<svg/>")};
  ConsoleFiles console{files};
  std::optional<http::Response> get(std::string path, std::string encoding = "") {
    http::RequestHead head;
    head.path = std::move(path);
    if (!encoding.empty()) head.headers.push_back({"Accept-Encoding", encoding});
    return console.serve(head);
  }
  static std::string header(const http::Response& response, std::string_view name) {
    for (const auto& h : response.headers)
      if (h.name == name) return h.value;
    return "";
  }
};

TEST_F(ConsoleFilesTest, PagesAreTheOneDocumentUnderAStrictPolicy) {
  for (const char* path : {"/", "/r/production/sessions", "/r/production/users/jane.doe", "/sign-in"}) {
    const auto response = get(path);
    ASSERT_TRUE(response) << path;
    EXPECT_EQ(response->body, "<html>");
    EXPECT_NE(header(*response, "Content-Security-Policy").find("default-src 'self'"), std::string::npos);
  }
}

TEST_F(ConsoleFilesTest, AssetsAreCompressedAndKept) {
  const auto response = get("/assets/app-1.js", "gzip, br");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "b");
  EXPECT_EQ(header(*response, "Content-Encoding"), "br");
  EXPECT_NE(header(*response, "Cache-Control").find("immutable"), std::string::npos);
}

TEST_F(ConsoleFilesTest, MissingAssetIsNotAPage) {
  EXPECT_FALSE(get("/assets/gone.js"));
}

TEST(ConsoleFilesWithoutBuildTest, SaysSo) {
  const ConsoleFiles console({});
  http::RequestHead head;
  head.path = "/";
  EXPECT_NE(console.serve(head)->body.find("no console"), std::string::npos);
}

}  // namespace
}  // namespace curfew::app
