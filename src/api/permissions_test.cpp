// Every route, called by everybody: nobody, a wrong or expired key, an ended sign-in, each permission alone by key and
// by cookie, with and without the CSRF token, another realm's permissions, the administrator.
#include <gtest/gtest.h>

#include "api/route.h"
#include "api/test_app.h"

namespace curfew::api {
namespace {

using access::Permission;

// A path that could be asked for; what it names need not exist.
std::string path_of(const Route& route, std::string_view realm) {
  std::string out(route.pattern);
  const auto fill = [&](std::string_view variable, std::string_view value) {
    const std::size_t at = out.find(variable);
    if (at != std::string::npos) out.replace(at, variable.size(), value);
  };
  fill("{realm}", realm);
  fill("{type}", "regular");
  for (const char* name : {"{id}", "{clientId}", "{userId}", "{revocationId}", "{keyId}", "{operatorId}"})
    fill(name, "nobody");
  return out;
}

std::vector<http::Header> headers_of(const Route& route) {
  switch (route.body) {
    case Body::kForm:
      return {{"Content-Type", "application/x-www-form-urlencoded"}};
    case Body::kStream:
      return {{"Content-Type", "application/x-ndjson"}};
    default:
      return {{"Content-Type", "application/json"}};
  }
}

bool is_realm_route(const Route& route) {
  return route.pattern.find("{realm}") != std::string_view::npos;
}

const std::string kPassword = "correct horse battery";

class PermissionsTest : public testing::Test {
 protected:
  struct SignedIn {
    std::string id, cookie, csrf;
  };

  void SetUp() override {
    app_.realm("production");
    app_.realm("staging");
    for (int i = 0; i < access::kPermissions; ++i) {
      const auto permission = static_cast<Permission>(i);
      keys_[permission] =
          app_.key("only " + std::string(access::to_string(permission)), {{"production", {permission}}});
      elsewhere_[permission] =
          app_.key("elsewhere " + std::string(access::to_string(permission)), {{"staging", {permission}}});
    }
  }

  // A body that no route takes: whoever is let in is told so, and nothing is changed.
  Answer ask(const Route& route, std::string_view realm, const std::string& key, const SignedIn* as = nullptr) {
    const std::string body = route.body == Body::kNone || route.body == Body::kStream ? ""
                             : route.body == Body::kForm                              ? "x=y"
                                                                                      : "[]";
    const std::string query = route.operation == "deleteRealm" ? "?x=y" : "";
    std::vector<http::Header> headers = headers_of(route);
    if (as != nullptr) headers.push_back({"Cookie", as->cookie});
    if (as != nullptr && !as->csrf.empty()) headers.push_back({"X-CSRF-Token", as->csrf});
    return app_.call(route.method, path_of(route, realm) + query, key, body, std::move(headers));
  }

  // An operator who has signed in, as the console has it.
  SignedIn sign_in(const std::string& username, std::vector<access::Grant> grants) {
    access::OperatorInput input;
    input.username = username;
    input.password = kPassword;
    input.grants = std::move(grants);
    const auto made = app_.directory.prepare_operator(input);
    EXPECT_TRUE(made && app_.directory.adopt(made->documents, made->version));
    const Answer in = app_.call(http::Method::kPost, "/api/v1/login", "",
                                R"({"username":")" + username + R"(","password":")" + kPassword + "\"}");
    EXPECT_EQ(in.status, 200) << in.body;
    const std::string set = in.header("Set-Cookie");
    return {made->value.id, set.substr(0, set.find(';')), in.at("/csrfToken")};
  }

  static bool let_in(const Answer& answer) {
    return (answer.status != 401 || answer.code() == "not_active") && answer.status != 403 &&
           !(answer.status == 404 && answer.at("/field") == "realm");
  }

  App app_;
  std::map<Permission, std::string> keys_, elsewhere_;
};

TEST_F(PermissionsTest, NobodyIsLetInWithoutAKnownKey) {
  for (const Route& route : routes()) {
    for (const std::string& key : {std::string(), std::string("cfk_wrong-wrong-wrong-wrong-wrong")}) {
      const Answer answer = ask(route, "production", key);
      if (route.access == Access::kPublic) {
        EXPECT_NE(answer.status, 401) << route.operation;
        continue;
      }
      EXPECT_EQ(answer.status, 401) << route.operation;
      EXPECT_EQ(answer.code(), "unauthenticated") << route.operation;
      EXPECT_FALSE(answer.header("WWW-Authenticate").empty());
    }
  }
}

TEST_F(PermissionsTest, EachPermissionOpensItsOwnRoutesAndNoOther) {
  for (const Route& route : routes()) {
    if (route.access == Access::kPublic) continue;
    for (const auto& [permission, key] : keys_) {
      const Answer answer = ask(route, "production", key);
      const bool may =
          route.access == Access::kAuthenticated ||
          (route.access == Access::kRealm && (permission == *route.permission || permission == Permission::kAdmin));
      EXPECT_EQ(let_in(answer), may) << route.operation << " with " << access::to_string(permission) << ": "
                                     << answer.body;
      if (may) continue;
      EXPECT_EQ(answer.status, 403) << route.operation;
      EXPECT_EQ(answer.code(), "forbidden");
      EXPECT_EQ(answer.at("/permission"), access::to_string(*route.permission));
    }
  }
}

TEST_F(PermissionsTest, SignedInOperatorsHoldWhatTheirGrantsSayAndNoMore) {
  for (const auto& [permission, key] : keys_) {
    const SignedIn who = sign_in("op" + std::to_string(static_cast<int>(permission)), {{"production", {permission}}});
    for (const Route& route : routes()) {
      if (route.access == Access::kPublic || route.operation == "logout") continue;
      const Answer by_cookie = ask(route, "production", "", &who), by_key = ask(route, "production", key);
      EXPECT_EQ(let_in(by_cookie), let_in(by_key)) << route.operation << " with " << access::to_string(permission);
      if (!let_in(by_key)) {
        EXPECT_EQ(by_cookie.code(), "forbidden") << route.operation;
        EXPECT_EQ(by_cookie.at("/permission"), by_key.at("/permission")) << route.operation;
      }
    }
  }
}

TEST_F(PermissionsTest, CookieAloneChangesNothingWithoutItsCsrfToken) {
  SignedIn admin = sign_in("olivia", {{"-", {Permission::kAdmin}}});
  const std::string csrf = admin.csrf;
  for (const std::string& token : {std::string(), std::string("wrong"), csrf.substr(1), csrf + "A"}) {
    admin.csrf = token;
    for (const Route& route : routes()) {
      if (route.access == Access::kPublic) continue;
      const Answer answer = ask(route, "production", "", &admin);
      if (route.method == http::Method::kGet) {
        EXPECT_TRUE(let_in(answer)) << route.operation;
        continue;
      }
      EXPECT_EQ(answer.status, 403) << route.operation;
      EXPECT_EQ(answer.code(), "csrf") << route.operation;
    }
  }
}

TEST_F(PermissionsTest, WhoIsNoLongerKnownIsNobody) {
  const SignedIn disabled = sign_in("disabled", {{"-", {Permission::kAdmin}}});
  const SignedIn idle = sign_in("idle", {{"-", {Permission::kAdmin}}});
  access::KeyInput expiring;
  expiring.name = "expiring";
  expiring.grants = {{"-", {Permission::kAdmin}}};
  expiring.expires = app_.clock.now() + Duration::hours(1);
  const auto key = app_.directory.prepare_key(expiring);
  ASSERT_TRUE(key && app_.directory.adopt(key->documents, key->version));
  EXPECT_EQ(app_.call(http::Method::kGet, "/api/v1/me", key->value.text).status, 200);
  EXPECT_EQ(app_.patch("/api/v1/operators/" + disabled.id, R"({"disabled":true})").status, 200);
  app_.clock.advance(Duration::days(2));
  for (const Route& route : routes()) {
    if (route.access == Access::kPublic) continue;
    EXPECT_EQ(ask(route, "production", key->value.text).status, 401) << route.operation;
    EXPECT_EQ(ask(route, "production", "", &disabled).status, 401) << route.operation;
    EXPECT_EQ(ask(route, "production", "", &idle).status, 401) << route.operation;
  }
}

TEST_F(PermissionsTest, AnotherRealmsPermissionsMakeARealmInvisible) {
  for (const Route& route : routes()) {
    if (!is_realm_route(route) || route.access == Access::kServer) continue;
    for (const auto& [permission, key] : elsewhere_) {
      const Answer here = ask(route, "production", key), nowhere = ask(route, "no-such-realm", key);
      EXPECT_EQ(here.status, 404) << route.operation << " with " << access::to_string(permission);
      EXPECT_EQ(nowhere.status, 404) << route.operation;
      EXPECT_EQ(here.code(), nowhere.code());
      EXPECT_EQ(here.at("/field"), "realm");
    }
  }
}

TEST_F(PermissionsTest, AllRealmsMeansThoseInWhichTheCallerMay) {
  for (const Route& route : routes()) {
    if (!is_realm_route(route) || route.access != Access::kRealm) continue;
    for (const auto& [permission, key] : keys_) {
      const Answer answer = ask(route, "-", key);
      if (!route.all_realms) {
        EXPECT_EQ(answer.status, 404) << route.operation;
        continue;
      }
      const bool may = permission == *route.permission || permission == Permission::kAdmin;
      EXPECT_EQ(let_in(answer), may) << route.operation << " with " << access::to_string(permission) << ": "
                                     << answer.body;
    }
  }
}

TEST_F(PermissionsTest, AdministratorIsLetInEverywhere) {
  for (const Route& route : routes()) EXPECT_TRUE(let_in(ask(route, "production", app_.admin))) << route.operation;
}

TEST_F(PermissionsTest, DenialIsRecorded) {
  app_.session("production", "regular", "s1");
  const Answer denied = app_.call(http::Method::kDelete, "/api/v1/realms/production/sessions/regular/s1",
                                  keys_[Permission::kSessionsRead]);
  EXPECT_EQ(denied.status, 403);
  const Answer log = app_.get("/api/v1/realms/production/audit?action=access.denied");
  ASSERT_EQ(log.at("/total"), "1") << log.body;
  EXPECT_EQ(log.at("/items/0/outcome"), "denied");
  EXPECT_EQ(log.at("/items/0/code"), "SESSIONS:DELETE");
  EXPECT_EQ(log.at("/items/0/target"), "revokeSession");
  EXPECT_EQ(log.at("/items/0/actor/name"), "only SESSIONS:READ");
  EXPECT_EQ(log.at("/items/0/actorIp"), "192.0.2.10");
  EXPECT_EQ(log.at("/items/0/requestId"), "req-1");
}

TEST_F(PermissionsTest, DenialsOfOneCallerCannotFloodTheLog) {
  for (int i = 0; i < 200; ++i) app_.call(http::Method::kGet, "/api/v1/keys", keys_[Permission::kSessionsRead]);
  EXPECT_EQ(app_.get("/api/v1/realms/-/audit?action=access.denied").at("/total"), std::to_string(kDenialsPerMinute));
  app_.clock.advance(Duration::minutes(2));
  app_.call(http::Method::kGet, "/api/v1/keys", keys_[Permission::kSessionsRead]);
  EXPECT_EQ(app_.get("/api/v1/realms/-/audit?action=access.denied").at("/total"),
            std::to_string(kDenialsPerMinute + 1));
}

TEST_F(PermissionsTest, PolicyAloneNeedsNoAdministratorButTheNameDoes) {
  const std::string& key = keys_[Permission::kPoliciesWrite];
  const auto patch = [&](const std::string& body) {
    return app_.call(http::Method::kPatch, "/api/v1/realms/production", key, body);
  };
  EXPECT_EQ(patch(R"({"policy":{"idleTimeout":"PT30M"}})").status, 200);
  const Answer named = patch(R"({"displayName":"Live"})");
  EXPECT_EQ(named.status, 403);
  EXPECT_EQ(named.at("/permission"), "ADMIN:*");
}

}  // namespace
}  // namespace curfew::api
