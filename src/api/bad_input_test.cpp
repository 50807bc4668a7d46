// What is wrong is refused with 400, the field's name and a stable code; nothing is changed by it.
#include <gtest/gtest.h>

#include "api/route.h"
#include "api/test_app.h"

namespace curfew::api {
namespace {

using http::Method;

struct Case {
  Method method;
  std::string target, body;
  std::string code, field;
  int status = 400;
};

const std::string kRealm = "/api/v1/realms/production";
const std::string kOne = kRealm + "/sessions/regular/s1";
const std::string kRevocations = kRealm + "/revocations";

std::string session(const std::string& more) {
  return R"({"userId":"u","username":"jane.doe","ipAddress":"203.0.113.7")" + more + "}";
}

std::vector<Case> cases() {
  const std::string list = kRealm + "/sessions";
  const std::string long_text(1'001, 'x');
  std::vector<Case> out{
      {Method::kGet, list + "?nonsense=1", "", "unknown_parameter", "nonsense"},
      {Method::kGet, list + "?type=both", "", "invalid_value", "type"},
      {Method::kGet, list + "?type=regular&type=offline", "", "repeated_parameter", "type"},
      {Method::kGet, list + "?limit=0", "", "invalid_value", "limit"},
      {Method::kGet, list + "?limit=501", "", "invalid_value", "limit"},
      {Method::kGet, list + "?limit=ten", "", "invalid_value", "limit"},
      {Method::kGet, list + "?offset=-1", "", "invalid_value", "offset"},
      {Method::kGet, list + "?cursor=AAAA&offset=1", "", "invalid_value", "offset"},
      {Method::kGet, list + "?cursor=nonsense", "", "invalid_value", "cursor"},
      {Method::kGet, list + "?sort=colour", "", "invalid_value", "sort"},
      {Method::kGet, list + "?ip=300.1.1.1", "", "invalid_value", "ip"},
      {Method::kGet, list + "?ip=10.20.0.1/16", "", "invalid_value", "ip"},
      {Method::kGet, list + "?ipNot=x", "", "invalid_value", "ipNot"},
      {Method::kGet, list + "?idleFor=30", "", "invalid_value", "idleFor"},
      {Method::kGet, list + "?startedAfter=yesterday", "", "invalid_value", "startedAfter"},
      {Method::kGet, list + "?rememberMe=maybe", "", "invalid_value", "rememberMe"},
      {Method::kGet, list + "?search=%FF", "", "invalid_value", "search"},
      {Method::kGet, list + "?search=%zz", "", "invalid_value", "search"},
      {Method::kGet, list + "?search=" + std::string(256, 'x'), "", "invalid_value", "search"},
      {Method::kGet, kRealm + "/sessions/both/s1", "", "invalid_value", "type"},
      {Method::kGet, kRealm + "/users?cursor=xx", "", "invalid_value", "cursor"},
      {Method::kGet, kRealm + "/audit?outcome=fine", "", "invalid_value", "outcome"},
      {Method::kGet, kRealm + "/audit?cursor=xx", "", "invalid_value", "cursor"},
      {Method::kGet, kRealm + "/audit/export?format=xml", "", "invalid_value", "format"},
      {Method::kGet, kRealm + "/stats/series?step=PT90S", "", "invalid_value", "step"},
      {Method::kGet, kRealm + "/stats/series?step=PT1M&from=2026-01-01T00:00:00Z", "", "invalid_value", "step"},
      {Method::kGet, kRealm + "/stats/series?from=2027-01-01T00:00:00Z", "", "invalid_value", "from"},
      {Method::kGet, kRealm + "/check?type=regular", "", "invalid_value", "id"},
      {Method::kGet, list, "{}", "unexpected_body", ""},
      {Method::kDelete, kOne + "?reason=" + long_text, "", "invalid_value", "reason"},

      {Method::kPut, kOne, "{", "invalid_json", ""},
      {Method::kPut, kOne, "[]", "invalid_request", ""},
      {Method::kPut, kOne, std::string(20, '[') + std::string(20, ']'), "invalid_json", ""},
      {Method::kPut, kOne, R"({"userId":"u","username":"jane.doe"})", "missing_field", "ipAddress"},
      {Method::kPut, kOne, R"({"userId":"u","ipAddress":"203.0.113.7"})", "missing_field", "username"},
      {Method::kPut, kOne, session(R"(,"userid":"u")"), "unknown_field", "userid"},
      {Method::kPut, kOne, session(R"(,"type":"regular")"), "unknown_field", "type"},
      {Method::kPut, kOne, session(R"(,"userId":"u")"), "repeated_field", "userId"},
      {Method::kPut, kOne, session(R"(,"email":5)"), "invalid_value", "email"},
      {Method::kPut, kOne, session(R"(,"rememberMe":"yes")"), "invalid_value", "rememberMe"},
      {Method::kPut, kOne, session(R"(,"started":"2027-01-01T00:00:00Z")"), "invalid_value", "started"},
      {Method::kPut, kOne, session(R"(,"started":"2026-02-01T00:00:00Z","lastAccess":"2026-01-01T00:00:00Z")"),
       "invalid_value", "lastAccess"},
      {Method::kPut, kOne, session(R"(,"clients":"web")"), "invalid_value", "clients"},
      {Method::kPut, kOne, session(R"(,"clients":["web","web"])"), "invalid_value", "clients[1]"},
      {Method::kPut, kOne, session(R"(,"clients":["we b"])"), "invalid_value", "clients[0]"},
      {Method::kPut, kOne, session(R"(,"clients":[{"clientId":"web","label":"x"}])"), "unknown_field",
       "clients[0].label"},
      {Method::kPut, kOne, R"({"userId":"u","username":"jane\u0000doe","ipAddress":"203.0.113.7"})", "invalid_value",
       "username"},
      {Method::kPut, kOne, R"({"userId":"u","username":"jane.doe","ipAddress":"localhost"})", "invalid_value",
       "ipAddress"},
      {Method::kPut, kRealm + "/sessions/regular/" + std::string(129, 'x'), session(""), "invalid_value", "id"},
      {Method::kPost, kOne + "/touch", R"({"at":"2027-01-01T00:00:00Z"})", "invalid_value", "at"},
      {Method::kPost, kOne + "/clients/a%20b", "", "invalid_value", "clientId"},
      {Method::kPost, kOne + "/touch", R"({"when":"now"})", "unknown_field", "when"},

      {Method::kPost, kRevocations, "{}", "invalid_request", ""},
      {Method::kPost, kRevocations, R"({"all":true,"user":"u"})", "invalid_request", ""},
      {Method::kPost, kRevocations, R"({"all":false})", "invalid_value", "all"},
      {Method::kPost, kRevocations, R"({"filter":{}})", "invalid_value", "filter"},
      {Method::kPost, kRevocations, R"({"filter":{"search":""}})", "invalid_value", "filter"},
      {Method::kPost, kRevocations, R"({"filter":{"colour":"red"}})", "unknown_field", "filter.colour"},
      {Method::kPost, kRevocations, R"({"filter":{"ip":["10.0.0.0/8","x"]}})", "invalid_value", "filter.ip"},
      {Method::kPost, kRevocations, R"({"filter":{"type":["regular"]}})", "invalid_value", "filter.type"},
      {Method::kPost, kRevocations, R"({"sessions":[]})", "invalid_value", "sessions"},
      {Method::kPost, kRevocations, R"({"sessions":[{"type":"regular"}]})", "missing_field", "sessions[0].id"},
      {Method::kPost, kRevocations, R"({"sessions":[{"type":"regular","id":"s1"}],"types":["regular"]})",
       "invalid_value", "types"},
      {Method::kPost, kRevocations, R"({"sessions":[{"type":"regular","id":"s1","realm":"staging"}]})", "invalid_value",
       "sessions[0].realm"},
      {Method::kPost, "/api/v1/realms/-/revocations", R"({"sessions":[{"type":"regular","id":"s1"}]})", "missing_field",
       "sessions[0].realm"},
      {Method::kPost, "/api/v1/realms/-/revocations", R"({"user":"u"})", "invalid_value", "user"},
      {Method::kPost, kRevocations, R"({"sessions":[{"type":"regular","id":"s1"},{"type":"regular","id":"s1"}]})",
       "invalid_value", "sessions[1].id"},
      {Method::kPost, kRevocations, R"({"all":true,"types":[]})", "invalid_value", "types"},
      {Method::kPost, kRevocations, R"({"all":true,"types":["both"]})", "invalid_value", "types"},
      {Method::kPost, kRevocations, R"({"all":true,"reason":")" + long_text + "\"}", "invalid_value", "reason"},
      {Method::kPost, kRevocations + "?dryRun=perhaps", R"({"all":true})", "invalid_value", "dryRun"},

      {Method::kPost, "/api/v1/realms", R"({"name":"-"})", "invalid_value", "name"},
      {Method::kPost, "/api/v1/realms", R"({"name":"a/b"})", "invalid_value", "name"},
      {Method::kPost, "/api/v1/realms", R"({"displayName":"X"})", "missing_field", "name"},
      {Method::kPost, "/api/v1/realms", R"({"name":"production"})", "realm_exists", "name", 409},
      {Method::kPatch, kRealm, "{}", "invalid_request", ""},
      {Method::kPatch, kRealm, R"({"name":"other"})", "unknown_field", "name"},
      {Method::kPatch, kRealm, R"({"policy":{}})", "invalid_value", "policy"},
      {Method::kPatch, kRealm, R"({"policy":{"idleTimeout":30}})", "invalid_value", "policy.idleTimeout"},
      {Method::kPatch, kRealm, R"({"policy":{"idleTimeout":"P200Y"}})", "invalid_value", "policy.idleTimeout"},
      {Method::kPatch, kRealm, R"({"policy":{"idleTimeout":"PT0S"}})", "invalid_value", "policy.idleTimeout"},
      {Method::kPatch, kRealm, R"({"policy":{"maxSessionsPerUser":0}})", "invalid_value", "policy.maxSessionsPerUser"},
      {Method::kPatch, kRealm, R"({"policy":{"sessionLimitAction":"ask"}})", "invalid_value",
       "policy.sessionLimitAction"},

      {Method::kPost, "/api/v1/keys", R"({"name":"k"})", "missing_field", "grants"},
      {Method::kPost, "/api/v1/keys", R"({"name":"k","grants":[{"realm":"-","permissions":["ALL"]}]})", "invalid_value",
       "grants[0].permissions"},
      {Method::kPost, "/api/v1/keys", R"({"name":"k","grants":[{"permissions":["ADMIN:*"]}]})", "missing_field",
       "grants[0].realm"},
      {Method::kPost, "/api/v1/operators", R"({"username":"o","grants":[]})", "missing_field", "password"},
      {Method::kPost, "/api/v1/operators", R"({"username":"o","password":"short","grants":[]})", "invalid_value",
       "password"},
      {Method::kPatch, "/api/v1/operators/none", "{}", "invalid_request", ""},
      {Method::kPost, "/api/v1/login", R"({"username":"admin"})", "missing_field", "password"},
      {Method::kPost, "/api/v1/login", R"({"username":"","password":"x"})", "invalid_value", "username"},

      {Method::kGet, "/api/v1/nothing", "", "not_found", "", 404},
      {Method::kGet, "/api/v1//realms", "", "not_found", "", 404},
      {Method::kGet, "/nothing", "", "not_found", "", 404},
      {Method::kDelete, "/api/v1/me", "", "method_not_allowed", "", 405},
  };
  return out;
}

TEST(BadInputTest, IsRefusedWithTheFieldAndTheCode) {
  App app;
  app.realm("production");
  for (const Case& one : cases()) {
    const std::string what =
        std::string(http::to_string(one.method)) + " " + one.target.substr(0, 120) + " " + one.body.substr(0, 160);
    const Answer answer = app.call(one.method, one.target, app.admin, one.body);
    EXPECT_EQ(answer.status, one.status) << what << "\n" << answer.body;
    if (!one.code.empty()) EXPECT_EQ(answer.code(), one.code) << what << "\n" << answer.body;
    EXPECT_EQ(answer.at("/field"), one.field.empty() ? "(absent)" : one.field) << what << "\n" << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json") << what;
    EXPECT_EQ(answer.at("/requestId"), "req-1") << what;
  }
  EXPECT_EQ(app.get("/api/v1/realms/-/sessions").at("/total"), "0");
  EXPECT_EQ(app.get("/api/v1/realms").at("/total"), "1");
  EXPECT_EQ(app.get("/api/v1/keys").at("/total"), "1");
}

TEST(BadInputTest, BodyOfAnotherTypeIsRefused) {
  App app;
  app.realm("production");
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", ""}) {
    const Answer answer = app.call(Method::kPut, kOne, app.admin, session(""), {{"Content-Type", type}});
    EXPECT_EQ(answer.status, 415) << type;
    EXPECT_EQ(answer.code(), "unsupported_media_type");
  }
  EXPECT_EQ(app.call(Method::kPut, kOne, app.admin, session(""), {{"Content-Type", "Application/JSON; charset=utf-8"}})
                .status,
            201);
}

TEST(BadInputTest, UnknownPathOrMethodNeedsNoKeyToSaySo) {
  App app;
  EXPECT_EQ(app.call(Method::kGet, "/api/v1/nothing", "").status, 404);
  const Answer answer = app.call(Method::kDelete, "/api/v1/realms", "");
  EXPECT_EQ(answer.status, 405);
  EXPECT_NE(answer.header("Allow").find("GET"), std::string::npos);
  EXPECT_NE(answer.header("Allow").find("POST"), std::string::npos);
}

TEST(BadInputTest, StrangersMayNotMakeTheServerBufferMuch) {
  App app;
  app.realm("production");
  const auto head = App::head(Method::kPut, kOne, {});
  EXPECT_LE(app.api->plan(head).max_bytes, 16U * 1024);
  EXPECT_EQ(app.api->plan(App::head(Method::kPut, kOne, {{"Authorization", "Bearer " + app.admin}})).max_bytes,
            1024U * 1024);
}

}  // namespace
}  // namespace curfew::api
