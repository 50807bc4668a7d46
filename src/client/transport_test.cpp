#include "client/transport.h"

#include <gtest/gtest.h>

namespace curfew::client {
namespace {

TEST(ErrorOf, AProblemGivesItsCodeDetailAndField) {
  const auto error = error_of(
      400,
      R"({"type":"about:blank","title":"Bad Request","status":400,"code":"invalid_value","detail":"No such network.","field":"ip"})");
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error.reason, "invalid_value");
  EXPECT_EQ(error.message, "No such network.");
  EXPECT_EQ(error.field, "ip");
}

TEST(ErrorOf, StatusesHaveTheirCodes) {
  const auto code = [](int status) { return error_of(status, "").code; };
  EXPECT_EQ(code(401), ErrorCode::kUnauthenticated);
  EXPECT_EQ(code(403), ErrorCode::kPermissionDenied);
  EXPECT_EQ(code(404), ErrorCode::kNotFound);
  EXPECT_EQ(code(409), ErrorCode::kConflict);
  EXPECT_EQ(code(413), ErrorCode::kTooLarge);
  EXPECT_EQ(code(422), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(429), ErrorCode::kResourceExhausted);
  EXPECT_EQ(code(500), ErrorCode::kInternal);
  EXPECT_EQ(code(503), ErrorCode::kUnavailable);
  EXPECT_EQ(code(302), ErrorCode::kInternal);
}

TEST(ErrorOf, WhatIsNoProblemIsToldByItsStatus) {
  for (const auto* body : {"", "<html>Bad gateway</html>", "[1]", R"({"detail":7})", "{\"a\":"}) {
    const auto error = error_of(502, body);
    EXPECT_NE(error.message.find("502"), std::string::npos) << body;
    EXPECT_EQ(error.reason, "");
  }
}

TEST(ErrorOf, TheWaitIsTold) {
  EXPECT_NE(error_of(429, R"({"code":"rate_limited","detail":"Too many."})", "7").message.find("7 s"),
            std::string::npos);
}

TEST(ErrorOf, AnIngestThatBrokeOffSaysHowFarItCame) {
  const auto error = error_of(503, R"({"code":"unavailable","detail":"The disk is full.","accepted":12,"refused":3})");
  EXPECT_EQ(error.message, "The disk is full. Before that 12 were accepted and 3 refused.");
}

TEST(Paths, SegmentsAndParametersAreEncoded) {
  EXPECT_EQ(path_of("/api/v1/realms", {"a b", "sessions", "regular", "x/y?z#"}),
            "/api/v1/realms/a%20b/sessions/regular/x%2Fy%3Fz%23");
  EXPECT_EQ(query_text({{"ip", "10.0.0.0/8"}, {"ip", "::1"}, {"search", "a&b=ä"}}),
            "?ip=10.0.0.0%2F8&ip=%3A%3A1&search=a%26b%3D%C3%A4");
  EXPECT_EQ(query_text({}), "");
}

}  // namespace
}  // namespace curfew::client
