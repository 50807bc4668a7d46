// The audit log, the users and what has ended of them, counts.
#include <gtest/gtest.h>

#include "api/test_app.h"

namespace curfew::api {
namespace {

using http::Method;

const std::string kRealm = "/api/v1/realms/production";

class AuditTest : public testing::Test {
 protected:
  void SetUp() override {
    app_.realm("production");
    app_.realm("staging");
    app_.session("production", "regular", "s1", "jane.doe", "203.0.113.7",
                 R"(,"email":"jane@example.com","clients":["web"])");
    app_.session("production", "offline", "s2");
    app_.session("production", "regular", "s3", "john.roe");
    app_.session("staging", "regular", "t1", "john.roe");
  }
  // A file, whole.
  std::string file(const std::string& target) {
    Answer answer = app_.get(target);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_TRUE(answer.stream);
    std::string out;
    for (int i = 0; i < 1'000 && answer.stream; ++i) {
      if (answer.stream->pull(out, [] {}) == http::BodySource::Pull::kEnd) return out;
    }
    ADD_FAILURE() << "no end";
    return out;
  }
  App app_;
};

TEST_F(AuditTest, TerminationIsRecordedWithEverything) {
  app_.call(Method::kDelete, kRealm + "/sessions/regular/s1?reason=INC", app_.admin);
  const Answer log = app_.get(kRealm + "/audit?session=regular/s1");
  ASSERT_EQ(log.at("/total"), "1");
  EXPECT_EQ(log.at("/items/0/action"), "session.ended");
  EXPECT_EQ(log.at("/items/0/outcome"), "success");
  EXPECT_EQ(log.at("/items/0/actor/kind"), "api_key");
  EXPECT_EQ(log.at("/items/0/actor/name"), "admin");
  EXPECT_EQ(log.at("/items/0/realm"), "production");
  EXPECT_EQ(log.at("/items/0/code"), "revoked");
  EXPECT_EQ(log.at("/items/0/session/clients"), R"(["web"])");
  EXPECT_EQ(log.at("/items/0/hash").size(), 64U);
}

TEST_F(AuditTest, FiltersAndPages) {
  for (const char* id : {"s1", "s3"}) app_.del(kRealm + "/sessions/regular/" + id);
  app_.del(kRealm + "/sessions/offline/s2");
  app_.del("/api/v1/realms/staging/sessions/regular/t1");
  const auto total = [&](const std::string& query) {
    return app_.get(kRealm + "/audit?action=session.ended" + query).at("/total");
  };
  EXPECT_EQ(total(""), "3");
  EXPECT_EQ(total("&user=u-jane.doe"), "2");
  EXPECT_EQ(total("&user=JANE.DOE"), "2");
  EXPECT_EQ(total("&session=s2"), "1");
  EXPECT_EQ(total("&actor=admin"), "3");
  EXPECT_EQ(total("&actor=nobody"), "0");
  EXPECT_EQ(total("&outcome=failed"), "0");
  EXPECT_EQ(total("&to=2026-02-25T06:13:20Z"), "0");
  EXPECT_EQ(app_.get("/api/v1/realms/-/audit?action=session.ended").at("/total"), "4");
  const std::string list = kRealm + "/audit?action=session.ended&limit=2";
  const Answer first = app_.get(list);
  EXPECT_EQ(first.at("/previous"), "null");
  const Answer second = app_.get(list + "&cursor=" + first.at("/next"));
  EXPECT_EQ(second.at("/items/0/session/id"), "s1");
  EXPECT_EQ(second.at("/next"), "null");
  EXPECT_EQ(app_.get(list + "&cursor=" + second.at("/previous")).body, first.body);
}

TEST_F(AuditTest, RealmsAreKeptApart) {
  app_.del("/api/v1/realms/staging/sessions/regular/t1");
  const std::string key = app_.key("auditor", {{"production", {access::Permission::kAuditRead}}});
  EXPECT_EQ(app_.call(Method::kGet, "/api/v1/realms/-/audit?action=session.ended", key).at("/total"), "0");
  // Records of the whole server are for those who may read all.
  const Answer mine = app_.call(Method::kGet, "/api/v1/realms/-/audit", key);
  for (int i = 0; i < 25 && mine.at("/items/" + std::to_string(i)) != "(absent)"; ++i)
    EXPECT_EQ(mine.at("/items/" + std::to_string(i) + "/realm"), "production");
}

TEST_F(AuditTest, ExportIsTheWholeLogOldestFirst) {
  app_.del(kRealm + "/sessions/regular/s1");
  app_.del(kRealm + "/sessions/regular/s3");
  const std::string lines = file(kRealm + "/audit/export?action=session.ended");
  EXPECT_LT(lines.find(R"("id":"s1")"), lines.find(R"("id":"s3")"));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
  const std::string csv = file(kRealm + "/audit/export?format=csv&action=session.ended");
  EXPECT_EQ(csv.substr(0, 9), "seq,time,");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
  EXPECT_EQ(app_.get(kRealm + "/audit/export?format=csv").header("Content-Disposition"),
            R"(attachment; filename="audit-production.csv")");
}

TEST_F(AuditTest, LongExportComesInPiecesAndWhole) {
  std::string lines;
  for (int i = 0; i < 1'000; ++i) {
    const std::string id = "n" + std::to_string(i);
    lines += R"({"op":"start","type":"regular","id":")" + id +
             R"(","userId":"u","username":"u","ipAddress":"203.0.113.7"})" + "\n" +
             R"({"op":"end","type":"regular","id":")" + id + "\"}\n";
  }
  ASSERT_EQ(app_.ingest("production", lines).at("/accepted"), "2000");
  const std::string all = file(kRealm + "/audit/export?action=session.ended");
  EXPECT_GT(all.size(), 128U * 1024);
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 1'000);
}

TEST_F(AuditTest, VerificationFindsTheChainWhole) {
  app_.del(kRealm + "/sessions/regular/s1");
  const Answer answer = app_.post(kRealm + "/audit/verify");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.at("/ok"), "true") << answer.body;
  EXPECT_EQ(answer.at("/first"), "1");
  EXPECT_EQ(answer.at("/checked"), answer.at("/last"));
  EXPECT_EQ(answer.at("/brokenAt"), "null");
}

TEST_F(AuditTest, UsersLookLikeThis) {
  const Answer list = app_.get(kRealm + "/users?search=JANE");
  EXPECT_EQ(list.at("/total"), "1");
  const std::string jane =
      R"({"realm":"production","userId":"u-jane.doe","username":"jane.doe","email":"jane@example.com",)"
      R"("sessions":{"total":2,"regular":1,"offline":1},"lastAccess":"2026-02-25T06:13:21.000Z"})";
  EXPECT_EQ(app_.get(kRealm + "/users/u-jane.doe").body, jane);
  EXPECT_EQ(app_.get(kRealm + "/users/nobody").status, 404);
  EXPECT_EQ(app_.get(kRealm + "/users/nobody/sessions").status, 404);
  EXPECT_EQ(app_.get("/api/v1/realms/-/users").at("/total"), "3");
  const Answer first = app_.get(kRealm + "/users?limit=1");
  EXPECT_EQ(app_.get(kRealm + "/users?limit=1&cursor=" + first.at("/next")).at("/items/0/username"), "john.roe");
}

TEST_F(AuditTest, EndedSessionsOfAUserStayInTheHistory) {
  app_.call(Method::kDelete, kRealm + "/sessions/regular/s1?reason=INC", app_.admin);
  const Answer history = app_.get(kRealm + "/users/u-jane.doe/history");
  ASSERT_EQ(history.at("/total"), "1") << history.body;
  EXPECT_EQ(history.at("/items/0/id"), "s1");
  EXPECT_EQ(history.at("/items/0/ended"), "2026-02-25T06:13:24.000Z");
  EXPECT_EQ(history.at("/items/0/started"), "2026-02-25T06:13:20.000Z");
  EXPECT_EQ(history.at("/items/0/cause"), "revoked");
  EXPECT_EQ(history.at("/items/0/actor/name"), "admin");
  EXPECT_EQ(history.at("/items/0/reason"), "INC");
  EXPECT_EQ(history.at("/items/0/clients"), R"(["web"])");
  EXPECT_EQ(app_.get(kRealm + "/users/u-jane.doe/sessions").at("/items/0/id"), "s2");
}

TEST_F(AuditTest, UserWithoutSessionsHasAnEmptyList) {
  app_.del(kRealm + "/sessions/regular/s3");
  const Answer answer = app_.get(kRealm + "/users/u-john.roe/sessions");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.at("/total"), "0");
}

TEST_F(AuditTest, ClientsAndStatsAreCounted) {
  EXPECT_EQ(app_.get(kRealm + "/clients?search=WE").at("/items"),
            R"([{"clientId":"web","name":"web","sessions":{"total":1,"regular":1,"offline":0}}])");
  const Answer stats = app_.get("/api/v1/realms/-/stats");
  EXPECT_EQ(stats.at("/sessions"), R"({"total":4,"regular":3,"offline":1})");
  EXPECT_EQ(stats.at("/users"), "3");
  EXPECT_EQ(stats.at("/clients/0/clientId"), "web");
}

TEST_F(AuditTest, SeriesHoldsWhatHappened) {
  app_.del(kRealm + "/sessions/regular/s1");
  app_.clock.advance(Duration::minutes(2));
  app_.run();
  const Answer series = app_.get(kRealm + "/stats/series?step=PT10M");
  EXPECT_EQ(series.status, 200);
  EXPECT_EQ(series.at("/step"), "PT10M");
  EXPECT_EQ(series.at("/points/0/started"), "3") << series.body;
  EXPECT_EQ(series.at("/points/0/revoked"), "1");
  EXPECT_EQ(series.at("/points/0/regular"), "1");
}

}  // namespace
}  // namespace curfew::api
