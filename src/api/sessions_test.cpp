// Sessions by the API: started, told again, used, joined, ended; listed, filtered, paged.
#include <gtest/gtest.h>

#include "api/test_app.h"
#include "base/limits.h"

namespace curfew::api {
namespace {

constexpr const char* kSessions = "/api/v1/realms/production/sessions";

class SessionsTest : public testing::Test {
 protected:
  void SetUp() override { app_.realm("production"); }
  static std::string one(const std::string& id, const std::string& type = "regular") {
    return std::string(kSessions) + "/" + type + "/" + id;
  }
  static std::string body(const std::string& user = "jane.doe") {
    return R"({"userId":"u-)" + user + R"(","username":")" + user + R"(","ipAddress":"203.0.113.7"})";
  }
  App app_;
};

TEST_F(SessionsTest, SessionLooksLikeThis) {
  const Answer answer = app_.put(one("s1"), R"({"userId":"u-1","username":"jane.doe","email":"jane.doe@example.com",
      "ipAddress":"203.0.113.7","userAgent":"Firefox","rememberMe":true,
      "clients":["web-portal",{"clientId":"reports","name":"Reports","since":"2026-02-25T06:13:00Z"}]})");
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(
      answer.body,
      R"({"type":"regular","id":"s1","realm":"production","userId":"u-1","username":"jane.doe",)"
      R"("email":"jane.doe@example.com","ipAddress":"203.0.113.7","userAgent":"Firefox","deviceId":null,)"
      R"("started":"2026-02-25T06:13:20.000Z","lastAccess":"2026-02-25T06:13:20.000Z","expires":null,"rememberMe":true,)"
      R"("clients":[{"clientId":"web-portal","name":"web-portal","since":"2026-02-25T06:13:20.000Z"},)"
      R"({"clientId":"reports","name":"Reports","since":"2026-02-25T06:13:00.000Z"}],)"
      R"("device":{"key":"ua:Unknown device","kind":"unknown","os":"","browser":"","family":"Unknown device"},)"
      R"("location":null,"severity":null,"signals":[],"own":false})");
  EXPECT_EQ(answer.header("Location"), one("s1"));
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  EXPECT_EQ(app_.get(one("s1")).body, answer.body);
}

TEST_F(SessionsTest, PolicyGivesAnExpiry) {
  app_.patch("/api/v1/realms/production", R"({"policy":{"idleTimeout":"PT30M"}})");
  EXPECT_EQ(app_.put(one("s1"), body()).at("/expires"), "2026-02-25T06:43:20.000Z");
}

TEST_F(SessionsTest, SessionThatAPolicyEndsAtThisMomentIsNotActive) {
  app_.patch("/api/v1/realms/production", R"({"policy":{"idleTimeout":"PT30M"}})");
  app_.put(one("s1"), body());
  app_.clock.advance(Duration::minutes(30));
  const auto sent = app_.send(App::head(http::Method::kGet, one("s1"), {{"Authorization", "Bearer " + app_.admin}}));
  ASSERT_TRUE(sent.answer->has_value());  // before the sweep has seen it
  EXPECT_EQ((*sent.answer)->status, 404);
}

TEST_F(SessionsTest, PutIsIdempotentAndTakesNewsOver) {
  EXPECT_EQ(app_.put(one("s1"), body()).status, 201);
  EXPECT_EQ(app_.put(one("s1"), body()).status, 200);
  app_.clock.advance(Duration::minutes(1));
  const Answer told = app_.put(
      one("s1"), R"({"userId":"u-jane.doe","username":"jane.doe","ipAddress":"203.0.113.7","clients":["reports"]})");
  EXPECT_EQ(told.status, 200);
  EXPECT_EQ(told.at("/started"), "2026-02-25T06:13:20.000Z");
  EXPECT_EQ(told.at("/clients/0/clientId"), "reports");
}

TEST_F(SessionsTest, SameIdOfBothTypesAreTwoSessions) {
  app_.put(one("s1"), body());
  app_.put(one("s1", "offline"), body());
  EXPECT_EQ(app_.del(one("s1")).status, 204);
  EXPECT_EQ(app_.get(one("s1")).status, 404);
  EXPECT_EQ(app_.get(one("s1", "offline")).status, 200);
}

TEST_F(SessionsTest, SessionThatTheLimitEndsAsItBeginsIsNotAnsweredAsLive) {
  app_.patch("/api/v1/realms/production", R"({"policy":{"maxSessionsPerUser":1}})");
  app_.session("production", "regular", "newer");
  const std::string old =
      R"("userId":"u-jane.doe","username":"jane.doe","ipAddress":"203.0.113.7","started":"2026-02-20T00:00:00Z"})";
  const Answer put = app_.put("/api/v1/realms/production/sessions/regular/older", "{" + old);
  EXPECT_EQ(put.status, 409) << put.body;
  EXPECT_EQ(put.code(), "already_ended");
  EXPECT_NE(put.at("/detail").find("concurrent_limit"), std::string::npos) << put.body;
  const Answer post = app_.post("/api/v1/realms/production/sessions", R"({"type":"regular",)" + old);
  EXPECT_EQ(post.status, 409) << post.body;
  EXPECT_EQ(post.at("/token"), "(absent)");
  EXPECT_EQ(app_.get("/api/v1/realms/production/sessions").at("/items/0/id"), "newer");
  EXPECT_EQ(app_.get("/api/v1/realms/production/audit?action=session.ended").at("/total"), "2");
}

TEST_F(SessionsTest, AnotherUsersLiveIdIsRefused) {
  app_.put(one("s1"), body());
  const Answer answer = app_.put(one("s1"), body("john.roe"));
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.code(), "user_mismatch");
}

TEST_F(SessionsTest, EndedSessionNeverComesBackAndSaysWhenItEnded) {
  app_.put(one("s1"), body());
  EXPECT_EQ(app_.call(http::Method::kDelete, one("s1") + "?reason=INC-4711", app_.admin).status, 204);
  const Answer again = app_.put(one("s1"), body());
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.code(), "already_ended");
  for (const Answer& answer : {app_.del(one("s1")), app_.get(one("s1")), app_.post(one("s1") + "/touch"),
                               app_.post(one("s1") + "/clients/reports"), app_.post(one("s1") + "/end")}) {
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(answer.code(), "not_active");
    EXPECT_NE(answer.at("/detail").find("2026-02-25T06:13:20.000Z, cause revoked"), std::string::npos) << answer.body;
  }
  const Answer log = app_.get("/api/v1/realms/production/audit?action=session.ended&outcome=success");
  EXPECT_EQ(log.at("/total"), "1");
  EXPECT_EQ(log.at("/items/0/reason"), "INC-4711");
  EXPECT_EQ(log.at("/items/0/session/id"), "s1");
  EXPECT_EQ(log.at("/items/0/session/ipAddress"), "203.0.113.7");
  EXPECT_EQ(log.at("/items/0/user/id"), "u-jane.doe");
}

TEST_F(SessionsTest, UnknownSessionIsNotActive) {
  const Answer answer = app_.del(one("never"));
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(
      answer.body,
      R"({"type":"about:blank","title":"Not found","status":404,"detail":"There is no active session of this type and id.",)"
      R"("code":"not_active","requestId":"req-1"})");
  EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
}

TEST_F(SessionsTest, TouchJoinAndEndTakeEffect) {
  app_.session("production", "regular", "s1");
  app_.clock.advance(Duration::minutes(5));
  EXPECT_EQ(app_.post(one("s1") + "/touch", R"({"ipAddress":"198.51.100.9"})").status, 204);
  EXPECT_EQ(app_.post(one("s1") + "/clients/reports", R"({"name":"Reports"})").status, 204);
  const Answer session = app_.get(one("s1"));
  EXPECT_EQ(session.at("/ipAddress"), "198.51.100.9");
  EXPECT_EQ(session.at("/lastAccess"), "2026-02-25T06:18:21.000Z");
  EXPECT_EQ(session.at("/clients/0/name"), "Reports");
  EXPECT_EQ(app_.post(one("s1") + "/end").status, 204);
  EXPECT_EQ(app_.get(one("s1")).status, 404);
  EXPECT_EQ(app_.get("/api/v1/realms/production/audit?action=session.ended").at("/items/0/code"), "signed_out");
}

TEST_F(SessionsTest, SixtyFifthClientIsRefused) {
  app_.session("production", "regular", "s1");
  for (std::size_t i = 0; i < limits::kClientsPerSession; ++i)
    ASSERT_EQ(app_.post(one("s1") + "/clients/c" + std::to_string(i)).status, 204);
  const Answer answer = app_.post(one("s1") + "/clients/one-more");
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.code(), "too_many_clients");
}

TEST_F(SessionsTest, StartedHereItHasATokenOnce) {
  const Answer made =
      app_.post(kSessions, R"({"type":"offline","userId":"u-1","username":"jane.doe","ipAddress":"2001:db8::1"})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.at("/type"), "offline");
  EXPECT_EQ(made.at("/token").size(), 43U);  // 32 bytes
  const std::string path = one(made.at("/id"), "offline");
  EXPECT_EQ(made.header("Location"), path);
  EXPECT_EQ(app_.get(path).at("/token"), "(absent)");
}

TEST_F(SessionsTest, IdsArePercentEncodedInPaths) {
  app_.session("production", "regular", "a%3Fb%25c");
  const Answer answer = app_.get(one("a%3Fb%25c"));
  EXPECT_EQ(answer.at("/id"), "a?b%c");
  EXPECT_EQ(app_.del(one("a%3Fb%25c")).status, 204);
}

TEST_F(SessionsTest, FiltersCombine) {
  app_.session("production", "regular", "r1", "jane.doe", "10.20.0.5", R"(,"clients":["web"])");
  app_.session("production", "regular", "r2", "jane.doe", "203.0.113.7", R"(,"clients":["reports"],"rememberMe":true)");
  app_.session("production", "offline", "o1", "jane.doe", "203.0.113.8", R"(,"clients":["reports"])");
  app_.session("production", "regular", "r3", "john.roe", "203.0.113.9", R"(,"clients":["web"])");
  const auto total = [&](const std::string& query) {
    return app_.get(std::string(kSessions) + "?" + query).at("/total");
  };
  EXPECT_EQ(total(""), "4");
  EXPECT_EQ(total("search=JANE"), "3");
  EXPECT_EQ(total("type=offline"), "1");
  EXPECT_EQ(total("client=reports&type=regular"), "1");
  EXPECT_EQ(total("client=reports&client=web"), "4");
  EXPECT_EQ(total("user=jane.doe&ipNot=10.20.0.0/16"), "2");
  EXPECT_EQ(total("ip=203.0.113.0/24"), "3");
  EXPECT_EQ(total("rememberMe=true"), "1");
  EXPECT_EQ(total("startedAfter=2026-02-25T06:13:22Z"), "2");
  EXPECT_EQ(total("startedBefore=2026-02-25T06:13:22%2B00:00"), "2");
  EXPECT_EQ(total("idleFor=PT3S"), "2");
  EXPECT_EQ(total("search=jane&type=regular&client=web&ip=10.0.0.0/8"), "1");
}

TEST_F(SessionsTest, PagesFollowEachOtherInBothDirections) {
  for (int i = 0; i < 7; ++i) app_.session("production", "regular", "s" + std::to_string(i));
  const std::string list = std::string(kSessions) + "?limit=3&sort=started";
  const Answer first = app_.get(list);
  EXPECT_EQ(first.at("/items/0/id"), "s0");
  EXPECT_EQ(first.at("/total"), "7");
  EXPECT_EQ(first.at("/previous"), "null");
  EXPECT_NE(first.header("Link").find("rel=\"next\""), std::string::npos);
  const Answer second = app_.get(list + "&cursor=" + first.at("/next"));
  EXPECT_EQ(second.at("/items/0/id"), "s3");
  const Answer third = app_.get(list + "&cursor=" + second.at("/next"));
  EXPECT_EQ(third.at("/items/0/id"), "s6");
  EXPECT_EQ(third.at("/next"), "null");
  EXPECT_EQ(app_.get(list + "&cursor=" + second.at("/previous")).at("/items/0/id"), "s0");
  EXPECT_EQ(app_.get(list + "&offset=5").at("/items/0/id"), "s5");
  EXPECT_EQ(app_.get(list + "&offset=7").at("/items"), "[]");
}

TEST_F(SessionsTest, CursorOfAnotherOrderIsRefused) {
  for (int i = 0; i < 3; ++i) app_.session("production", "regular", "s" + std::to_string(i));
  const std::string next = app_.get(std::string(kSessions) + "?limit=1&sort=started").at("/next");
  const Answer answer = app_.get(std::string(kSessions) + "?limit=1&sort=username&cursor=" + next);
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.at("/field"), "cursor");
}

TEST_F(SessionsTest, AllRealmsAreOneListOfThoseThatMayBeRead) {
  app_.realm("staging");
  app_.realm("secret");
  app_.session("production", "regular", "p");
  app_.session("staging", "regular", "s");
  app_.session("secret", "regular", "x");
  const std::string key = app_.key("two", {{"production", {access::Permission::kSessionsRead}},
                                           {"staging", {access::Permission::kSessionsRead}},
                                           {"secret", {access::Permission::kUsersRead}}});
  const Answer answer = app_.call(http::Method::kGet, "/api/v1/realms/-/sessions", key);
  EXPECT_EQ(answer.at("/total"), "2");
  EXPECT_EQ(answer.at("/items/0/realm"), "staging");
  EXPECT_EQ(answer.at("/items/1/realm"), "production");
}

TEST_F(SessionsTest, OwnSessionsAreMarked) {
  app_.session("production", "regular", "mine");
  app_.session("production", "regular", "theirs", "john.roe");
  const std::string key =
      app_.key("own", {{"-", {access::Permission::kAdmin}}}, access::UserRef{"production", "u-jane.doe"});
  const Answer list = app_.call(http::Method::kGet, std::string(kSessions) + "?sort=started", key);
  EXPECT_EQ(list.at("/items/0/own"), "true");
  EXPECT_EQ(list.at("/items/1/own"), "false");
  EXPECT_EQ(app_.call(http::Method::kGet, "/api/v1/me", key).at("/ownSessions"),
            R"([{"realm":"production","type":"regular","id":"mine"}])");
}

TEST_F(SessionsTest, NothingIsAnsweredAsDoneWhenTheLedgerCannotWrite) {
  app_.session("production", "regular", "s1");
  app_.ledger.set_disk_full(true);
  const Answer answer = app_.del(one("s1"));
  EXPECT_EQ(answer.status, 503);
  EXPECT_FALSE(answer.header("Retry-After").empty());
  EXPECT_EQ(app_.get(one("s1")).status, 200);
  app_.ledger.set_disk_full(false);
  EXPECT_EQ(app_.del(one("s1")).status, 204);
}

}  // namespace
}  // namespace curfew::api
