// Is this session live? Checks by token and by id, introspection.
#include <gtest/gtest.h>

#include "api/test_app.h"

namespace curfew::api {
namespace {

using http::Method;

const std::string kCheck = "/api/v1/realms/production/check";
const std::string kIntrospect = "/api/v1/realms/production/introspect";

class CheckTest : public testing::Test {
 protected:
  void SetUp() override {
    app_.realm("production");
    const Answer made =
        app_.post("/api/v1/realms/production/sessions",
                  R"({"type":"regular","userId":"u 1","username":"jané","ipAddress":"203.0.113.7","clients":["web"]})");
    token_ = made.at("/token");
    id_ = made.at("/id");
    key_ = app_.key("proxy", {{"production", {access::Permission::kSessionsCheck}}});
  }
  Answer check(std::vector<http::Header> headers, const std::string& query = "") {
    return app_.call(Method::kGet, kCheck + query, key_, "", std::move(headers));
  }
  Answer introspect(const std::string& form) {
    return app_.call(Method::kPost, kIntrospect, key_, form, {{"Content-Type", "application/x-www-form-urlencoded"}});
  }
  App app_;
  std::string token_, id_, key_;
};

TEST_F(CheckTest, LiveTokenIsLetThroughWithItsUser) {
  const Answer answer = check({{"X-Session-Token", token_}});
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.header("X-Curfew-User-Id"), "u%201");
  EXPECT_EQ(answer.header("X-Curfew-Username"), "jan%C3%A9");
  EXPECT_EQ(answer.header("X-Curfew-Session-Id"), id_);
  EXPECT_EQ(check({}, "?id=" + id_).status, 204);
  EXPECT_EQ(check({}, "?type=regular&id=" + id_).status, 204);
}

TEST_F(CheckTest, AllElseIsTurnedAway) {
  EXPECT_EQ(check({}).status, 401);
  EXPECT_EQ(check({{"X-Session-Token", "wrong"}}).status, 401);
  EXPECT_EQ(check({{"X-Session-Token", std::string(5'000, 'x')}}).status, 401);
  EXPECT_EQ(check({}, "?type=offline&id=" + id_).status, 401);
  EXPECT_EQ(check({}, "?id=none").code(), "not_active");
}

TEST_F(CheckTest, KeyMayComeInAHeaderOfItsOwn) {
  // A proxy passes the browser's Authorization on: X-Api-Key goes before it.
  EXPECT_EQ(app_.call(Method::kGet, kCheck, "", "",
                      {{"Authorization", "Basic abc"}, {"X-Api-Key", key_}, {"X-Session-Token", token_}})
                .status,
            204);
  EXPECT_EQ(
      app_.call(Method::kGet, kCheck, "", "", {{"Authorization", "Basic abc"}, {"X-Session-Token", token_}}).code(),
      "unauthenticated");
}

TEST_F(CheckTest, EndedSessionIsTurnedAwayAtOnce) {
  EXPECT_EQ(app_.del("/api/v1/realms/production/sessions/regular/" + id_).status, 204);
  EXPECT_EQ(check({{"X-Session-Token", token_}}).status, 401);
  EXPECT_EQ(introspect("token=" + token_).body, R"({"active":false})");
}

TEST_F(CheckTest, CheckAndIntrospectionAreActivity) {
  const std::string session = "/api/v1/realms/production/sessions/regular/" + id_;
  app_.clock.advance(Duration::minutes(1));
  introspect("token=" + token_);
  EXPECT_EQ(app_.get(session).at("/lastAccess"), "2026-02-25T06:14:20.000Z");
  app_.clock.advance(Duration::minutes(1));
  check({{"X-Session-Token", token_}});
  EXPECT_EQ(app_.get(session).at("/lastAccess"), "2026-02-25T06:15:20.000Z");
  EXPECT_EQ(app_.get(session).at("/ipAddress"), "203.0.113.7");
}

TEST_F(CheckTest, IntrospectionSaysWhoAndUntilWhen) {
  app_.patch("/api/v1/realms/production", R"({"policy":{"idleTimeout":"PT30M"}})");
  const std::string expected = R"({"active":true,"sub":"u 1","username":"jané","sid":")" + id_ +
                               R"(","session_type":"regular","realm":"production","iat":1772000000,"exp":1772001800,)"
                               R"("last_access":1772000000,"client_ids":["web"]})";
  EXPECT_EQ(introspect("token=" + token_ + "&token_type_hint=access_token").body, expected);
  EXPECT_EQ(introspect("sid=" + id_).body, expected);
  EXPECT_EQ(introspect("sid=" + id_ + "&type=offline").body, R"({"active":false})");
  EXPECT_EQ(introspect("token=wrong").body, R"({"active":false})");
}

TEST_F(CheckTest, IntrospectionNeedsExactlyOneName) {
  for (const char* form : {"token=a&sid=b", "type=regular", "token=", "colour=red", "token=a&token=b"}) {
    EXPECT_EQ(introspect(form).status, 400) << form;
  }
}

TEST_F(CheckTest, ExpiredByPolicyIsNotLiveEvenBeforeTheSweep) {
  app_.patch("/api/v1/realms/production", R"({"policy":{"idleTimeout":"PT30M"}})");
  app_.clock.advance(Duration::minutes(30));
  const auto sent = app_.send(App::head(Method::kGet, kCheck, {{"X-Api-Key", key_}, {"X-Session-Token", token_}}));
  ASSERT_TRUE(sent.answer->has_value());
  EXPECT_EQ((*sent.answer)->status, 401);
}

}  // namespace
}  // namespace curfew::api
