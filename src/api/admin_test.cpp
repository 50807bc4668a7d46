// Realms, keys, operators, sign-ins.
#include <gtest/gtest.h>

#include "api/test_app.h"

namespace curfew::api {
namespace {

using http::Method;

const std::string kPassword = "correct horse battery";

class AdminTest : public testing::Test {
 protected:
  Answer login(const std::string& username, const std::string& password) {
    return app_.call(Method::kPost, "/api/v1/login", "",
                     R"({"username":")" + username + R"(","password":")" + password + "\"}");
  }
  Answer make_operator(const std::string& grants = R"([{"realm":"-","permissions":["ADMIN:*"]}])") {
    return app_.post("/api/v1/operators", R"({"username":"olivia","displayName":"Olivia","password":")" + kPassword +
                                              R"(","grants":)" + grants + "}");
  }
  static std::string cookie_of(const Answer& answer) {
    const std::string text = answer.header("Set-Cookie");
    return text.substr(0, text.find(';'));
  }
  Answer with_cookie(Method method, const std::string& target, const std::string& cookie,
                     const std::string& csrf = "") {
    std::vector<http::Header> headers{{"Cookie", "theme=dark; " + cookie}};
    if (!csrf.empty()) headers.push_back({"X-CSRF-Token", csrf});
    return app_.call(method, target, "", "", std::move(headers));
  }
  App app_;
};

TEST_F(AdminTest, RealmLooksLikeThis) {
  const Answer made = app_.post(
      "/api/v1/realms",
      R"({"name":"production","displayName":"Production","policy":{"idleTimeout":"PT30M","maxSessionsPerUser":5}})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.header("Location"), "/api/v1/realms/production");
  EXPECT_EQ(
      made.body,
      R"({"name":"production","displayName":"Production","createdAt":"2026-02-25T06:13:20.000Z",)"
      R"("policy":{"idleTimeout":"PT30M","maxLifetime":null,"rememberMeIdleTimeout":null,"rememberMeMaxLifetime":null,)"
      R"("offlineIdleTimeout":null,"offlineMaxLifetime":null,"maxSessionsPerUser":5,"sessionLimitAction":"end_oldest"},)"
      R"("sessions":{"total":0,"regular":0,"offline":0},"users":0})");
  EXPECT_EQ(app_.get("/api/v1/realms/production").body, made.body);
}

TEST_F(AdminTest, PolicyChangesOneMemberAtATime) {
  app_.realm("production");
  app_.patch("/api/v1/realms/production", R"({"policy":{"idleTimeout":"PT30M","offlineMaxLifetime":"P90D"}})");
  const Answer changed = app_.patch(
      "/api/v1/realms/production",
      R"({"displayName":"Live","policy":{"idleTimeout":null,"sessionLimitAction":"end_least_recently_used"}})");
  EXPECT_EQ(changed.at("/displayName"), "Live");
  EXPECT_EQ(changed.at("/policy/idleTimeout"), "null");
  EXPECT_EQ(changed.at("/policy/offlineMaxLifetime"), "P90D");
  EXPECT_EQ(changed.at("/policy/sessionLimitAction"), "end_least_recently_used");
}

TEST_F(AdminTest, RealmsListHoldsWhatTheCallerSees) {
  for (const char* name : {"a", "b", "c"}) app_.realm(name);
  app_.session("b", "regular", "s1");
  const std::string key =
      app_.key("some", {{"b", {access::Permission::kSessionsRead}}, {"c", {access::Permission::kSessionsWrite}}});
  const Answer list = app_.call(Method::kGet, "/api/v1/realms", key);
  EXPECT_EQ(list.at("/total"), "2");
  EXPECT_EQ(list.at("/items/0/sessions/total"), "1");
  EXPECT_EQ(list.at("/items/0/users"), "1");
  EXPECT_EQ(list.at("/items/1/sessions"), "null");
  EXPECT_EQ(app_.get("/api/v1/realms?search=B").at("/items/0/name"), "b");
}

TEST_F(AdminTest, DeletedRealmIsGoneWithItsSessionsAndItsRecordsStay) {
  app_.realm("production");
  app_.session("production", "regular", "s1");
  EXPECT_EQ(app_.del("/api/v1/realms/production").status, 204);
  EXPECT_EQ(app_.get("/api/v1/realms/production").status, 404);
  const Answer log = app_.get("/api/v1/realms/-/audit?action=session.ended");
  EXPECT_EQ(log.at("/items/0/code"), "realm_removed");
  EXPECT_EQ(log.at("/items/0/realm"), "production");
}

TEST_F(AdminTest, KeyIsShownOnceAndWorksUntilItIsDeleted) {
  app_.realm("production");
  const Answer made = app_.post(
      "/api/v1/keys", R"({"name":"ingest","grants":[{"realm":"production","permissions":["SESSIONS:WRITE"]}]})");
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string path = "/api/v1/keys/" + made.at("/id");
  EXPECT_EQ(made.header("Location"), path);
  EXPECT_EQ(app_.get(path).at("/key"), "(absent)");
  EXPECT_EQ(app_.get("/api/v1/keys?search=inge").at("/total"), "1");
  const std::string key = made.at("/key");
  const Answer me = app_.call(Method::kGet, "/api/v1/me", key);
  EXPECT_EQ(
      me.body,
      R"({"kind":"api_key","id":")" + made.at("/id") +
          R"(","name":"ingest","administrator":false,"grants":[{"realm":"production","permissions":["SESSIONS:WRITE"]}],)"
          R"("realms":[{"name":"production","displayName":"production","permissions":["SESSIONS:WRITE"]}],)"
          R"("ownUser":null,"ownSessions":[],"signedInAt":null})");
  const Answer changed =
      app_.patch(path, R"({"expiresAt":"2026-02-25T07:00:00Z","ownUser":{"realm":"production","userId":"u"}})");
  EXPECT_EQ(changed.at("/expiresAt"), "2026-02-25T07:00:00.000Z");
  EXPECT_EQ(changed.at("/ownUser/userId"), "u");
  app_.clock.advance(Duration::hours(1));
  EXPECT_EQ(app_.call(Method::kGet, "/api/v1/me", key).status, 401);
  EXPECT_EQ(app_.patch(path, R"({"expiresAt":null})").status, 200);
  EXPECT_EQ(app_.call(Method::kGet, "/api/v1/me", key).status, 200);
  EXPECT_EQ(app_.del(path).status, 204);
  EXPECT_EQ(app_.call(Method::kGet, "/api/v1/me", key).status, 401);
  EXPECT_EQ(app_.del(path).status, 404);
  EXPECT_EQ(app_.get("/api/v1/realms/-/audit?action=key.created").at("/items/0/target"), "ingest");
  EXPECT_EQ(app_.get("/api/v1/realms/-/audit?action=key.deleted").at("/total"), "1");
}

TEST_F(AdminTest, NobodyCanLockEverybodyOut) {
  const std::string id = app_.get("/api/v1/keys").at("/items/0/id");
  for (const Answer& answer :
       {app_.del("/api/v1/keys/" + id),
        app_.patch("/api/v1/keys/" + id, R"({"grants":[{"realm":"x","permissions":["ADMIN:*"]}]})")}) {
    EXPECT_EQ(answer.status, 409);
    EXPECT_EQ(answer.code(), "last_administrator");
  }
}

TEST_F(AdminTest, ChangesThatComeAtOnceAreMadeOneAfterTheOther) {
  std::vector<App::Sent> sent;
  for (int i = 0; i < 5; ++i)
    sent.push_back(
        app_.send(App::head(Method::kPost, "/api/v1/keys",
                            {{"Authorization", "Bearer " + app_.admin}, {"Content-Type", "application/json"}}),
                  R"({"name":"k)" + std::to_string(i) + R"(","grants":[{"realm":"-","permissions":["USERS:READ"]}]})"));
  app_.run();
  for (auto& one : sent) EXPECT_EQ(one.take().status, 201);
  EXPECT_EQ(app_.get("/api/v1/keys").at("/total"), "6");
}

TEST_F(AdminTest, OperatorSignsInActsAndSignsOut) {
  app_.realm("production");
  app_.session("production", "regular", "s1");
  ASSERT_EQ(make_operator().status, 201);
  const Answer in = login("olivia", kPassword);
  ASSERT_EQ(in.status, 200) << in.body;
  const std::string set = in.header("Set-Cookie");
  EXPECT_NE(set.find("HttpOnly"), std::string::npos) << set;
  EXPECT_NE(set.find("SameSite=Strict"), std::string::npos) << set;
  EXPECT_NE(set.find("Path=/"), std::string::npos) << set;
  EXPECT_EQ(in.at("/kind"), "operator");
  EXPECT_EQ(in.at("/name"), "olivia");
  EXPECT_EQ(in.at("/administrator"), "true");
  const std::string cookie = cookie_of(in), csrf = in.at("/csrfToken");

  EXPECT_EQ(with_cookie(Method::kGet, "/api/v1/me", cookie).at("/csrfToken"), csrf);
  const std::string session = "/api/v1/realms/production/sessions/regular/s1";
  for (const char* wrong : {"", "wrong"}) {
    const Answer refused = with_cookie(Method::kDelete, session, cookie, wrong);
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.code(), "csrf");
  }
  EXPECT_EQ(with_cookie(Method::kDelete, session, cookie, csrf).status, 204);
  EXPECT_EQ(app_.get("/api/v1/realms/production/audit?action=session.ended").at("/items/0/actor/name"), "olivia");

  const Answer out = with_cookie(Method::kPost, "/api/v1/logout", cookie, csrf);
  EXPECT_EQ(out.status, 204);
  EXPECT_NE(out.header("Set-Cookie").find("Max-Age=0"), std::string::npos);
  EXPECT_EQ(with_cookie(Method::kGet, "/api/v1/me", cookie).status, 401);
  EXPECT_EQ(app_.get("/api/v1/realms/-/audit?action=operator.sign_in").at("/items/0/outcome"), "success");
  EXPECT_EQ(app_.get("/api/v1/realms/-/audit?action=operator.sign_out").at("/total"), "1");
}

TEST_F(AdminTest, CookieIsSecureOverTls) {
  make_operator();
  auto head = App::head(Method::kPost, "/api/v1/login", {{"Content-Type", "application/json"}});
  head.secure = true;
  auto sent = app_.send(std::move(head), R"({"username":"olivia","password":")" + kPassword + "\"}");
  app_.run();
  EXPECT_NE(sent.take().header("Set-Cookie").find("Secure"), std::string::npos);
}

TEST_F(AdminTest, WrongPasswordIsRecordedAndManyAreRefused) {
  make_operator();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(login("olivia", "wrong").status, 401);
  const Answer refused = login("olivia", kPassword);
  EXPECT_EQ(refused.status, 429);
  EXPECT_GT(std::stoi(refused.header("Retry-After")), 0);
  const Answer log = app_.get("/api/v1/realms/-/audit?action=operator.sign_in");
  EXPECT_EQ(log.at("/total"), "10");
  EXPECT_EQ(log.at("/items/0/outcome"), "failed");
  EXPECT_EQ(log.at("/items/0/target"), "olivia");
  EXPECT_EQ(log.body.find("wrong\""), std::string::npos);
}

TEST_F(AdminTest, OperatorIsChangedDisabledAndDeleted) {
  const Answer made = make_operator();
  EXPECT_EQ(made.at("/password"), "(absent)");
  const std::string path = "/api/v1/operators/" + made.at("/id");
  const std::string cookie = cookie_of(login("olivia", kPassword));
  const Answer changed =
      app_.patch(path, R"({"displayName":"Liv","grants":[{"realm":"production","permissions":["SESSIONS:READ"]}]})");
  EXPECT_EQ(changed.at("/displayName"), "Liv");
  EXPECT_EQ(with_cookie(Method::kGet, "/api/v1/me", cookie).at("/administrator"), "false");
  EXPECT_EQ(app_.patch(path, R"({"disabled":true})").at("/disabled"), "true");
  EXPECT_EQ(with_cookie(Method::kGet, "/api/v1/me", cookie).status, 401);
  EXPECT_EQ(login("olivia", kPassword).status, 401);
  EXPECT_EQ(app_.get("/api/v1/operators?search=liv").at("/total"), "1");
  EXPECT_EQ(app_.del(path).status, 204);
  EXPECT_EQ(app_.get(path).status, 404);
  EXPECT_EQ(app_.get("/api/v1/realms/-/audit?action=operator.updated").at("/total"), "2");
}

TEST_F(AdminTest, NothingIsAdoptedThatIsNotDurable) {
  app_.ledger.set_disk_full(true);
  EXPECT_EQ(make_operator().status, 503);
  app_.ledger.set_disk_full(false);
  EXPECT_EQ(app_.get("/api/v1/operators").at("/total"), "0");
  EXPECT_EQ(make_operator().status, 201);
  app_.ledger.set_disk_full(true);
  EXPECT_EQ(login("olivia", kPassword).status, 503);
}

}  // namespace
}  // namespace curfew::api
