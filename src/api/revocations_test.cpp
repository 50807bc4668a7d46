// Ending many sessions: dry runs, plans, results, progress.
#include <gtest/gtest.h>

#include "api/test_app.h"

namespace curfew::api {
namespace {

using http::Method;

const std::string kRevocations = "/api/v1/realms/production/revocations";
const std::string kSessions = "/api/v1/realms/production/sessions";

class RevocationsTest : public testing::Test {
 protected:
  void SetUp() override {
    app_.realm("production");
    app_.session("production", "regular", "corporate", "jane.doe", "10.20.3.4",
                 R"(,"clients":[{"clientId":"web","name":"Web"}])");
    app_.session("production", "regular", "cafe", "jane.doe", "203.0.113.7", R"(,"clients":["web"])");
    app_.session("production", "offline", "phone", "jane.doe", "198.51.100.9", R"(,"clients":["reports"])");
    app_.session("production", "regular", "other", "john.roe", "203.0.113.8");
  }
  void fill(int sessions) {
    std::string lines;
    for (int i = 0; i < sessions; ++i)
      lines += R"({"op":"start","type":"regular","id":"n)" + std::to_string(i) +
               R"(","userId":"u","username":"u","ipAddress":"203.0.113.7"})" + "\n";
    ASSERT_EQ(app_.ingest("production", lines).at("/accepted"), std::to_string(sessions));
  }
  std::string total(const std::string& query = "") { return app_.get(kSessions + query).at("/total"); }
  App app_;
};

TEST_F(RevocationsTest, IncidentLeavesOnlyTheCorporateSession) {
  const std::string filter = R"("filter":{"user":"jane.doe","ipNot":"10.20.0.0/16"})";
  const Answer dry = app_.post(kRevocations + "?dryRun=true", "{" + filter + "}");
  EXPECT_EQ(dry.status, 200) << dry.body;
  EXPECT_EQ(dry.at("/matched"), "2");
  EXPECT_EQ(dry.at("/regular"), "1");
  EXPECT_EQ(dry.at("/offline"), "1");
  EXPECT_EQ(dry.at("/users"), "1");
  EXPECT_EQ(dry.at("/clients"),
            R"([{"clientId":"reports","name":"reports","sessions":1},{"clientId":"web","name":"Web","sessions":1}])");
  EXPECT_EQ(dry.at("/sample/0/id"), "phone");
  EXPECT_EQ(total(), "4");  // nothing has happened

  const Answer done =
      app_.post(kRevocations, "{" + filter + R"(,"reason":"INC-4711","plan":")" + dry.at("/plan") + "\"}");
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.at("/state"), "done");
  EXPECT_EQ(done.at("/requested"), "2");
  EXPECT_EQ(done.at("/revoked"), "2");
  EXPECT_EQ(done.at("/failed"), "0");
  EXPECT_EQ(done.at("/reason"), "INC-4711");
  const Answer left = app_.get("/api/v1/realms/production/users/u-jane.doe/sessions");
  EXPECT_EQ(left.at("/total"), "1");
  EXPECT_EQ(left.at("/items/0/ipAddress"), "10.20.3.4");
  const Answer log = app_.get("/api/v1/realms/production/audit?action=session.ended&revocation=" + done.at("/id"));
  EXPECT_EQ(log.at("/total"), "2");
  EXPECT_EQ(log.at("/items/0/reason"), "INC-4711");
}

TEST_F(RevocationsTest, DriftedPlanIsRefused) {
  const Answer dry = app_.post(kRevocations + "?dryRun=true", R"({"all":true})");
  app_.session("production", "regular", "late");
  const Answer done = app_.post(kRevocations, R"({"all":true,"plan":")" + dry.at("/plan") + "\"}");
  EXPECT_EQ(done.status, 409);
  EXPECT_EQ(done.code(), "plan_drifted");
  EXPECT_EQ(total(), "5");
}

TEST_F(RevocationsTest, EachIsProcessedByItselfAndFailuresAreCounted) {
  app_.del(kSessions + "/regular/cafe");
  const Answer done =
      app_.post(kRevocations, R"({"sessions":[{"type":"regular","id":"cafe"},{"type":"offline","id":"phone"},
      {"type":"regular","id":"never"}]})");
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.at("/requested"), "3");
  EXPECT_EQ(done.at("/revoked"), "1");
  EXPECT_EQ(done.at("/failed"), "2");
  EXPECT_EQ(done.at("/failures/0/id"), "cafe");
  EXPECT_EQ(done.at("/failures/0/code"), "already_ended");
  EXPECT_EQ(done.at("/failures/1/code"), "not_found");
  EXPECT_EQ(app_.get(kRevocations + "/" + done.at("/id")).body, done.body);
  EXPECT_EQ(app_.get(kRevocations).at("/items/0/failures"), "[]");
}

TEST_F(RevocationsTest, UserAndTypesNarrowIt) {
  EXPECT_EQ(app_.post(kRevocations, R"({"user":"u-jane.doe","types":["regular"]})").at("/revoked"), "2");
  EXPECT_EQ(total("?user=jane.doe"), "1");
  EXPECT_EQ(app_.post(kRevocations, R"({"all":true,"types":["regular","offline"]})").at("/revoked"), "2");
  EXPECT_EQ(total(), "0");
}

TEST_F(RevocationsTest, OwnSessionsAreKeptUnlessToldOtherwise) {
  const std::string key =
      app_.key("jane", {{"production", {access::Permission::kAdmin}}}, access::UserRef{"production", "u-jane.doe"});
  const Answer kept = app_.call(Method::kPost, kRevocations, key, R"({"all":true})");
  EXPECT_EQ(kept.at("/revoked"), "1");
  EXPECT_EQ(kept.at("/ownKept"), "3");
  EXPECT_EQ(app_.call(Method::kPost, kRevocations, key, R"({"all":true,"keepOwn":false})").at("/revoked"), "3");
}

TEST_F(RevocationsTest, AllRealmsAreThoseInWhichTheCallerMay) {
  app_.realm("staging");
  app_.realm("secret");
  app_.session("staging", "regular", "s1");
  app_.session("secret", "regular", "x1");
  const std::string key = app_.key("two", {{"production", {access::Permission::kSessionsDelete}},
                                           {"staging", {access::Permission::kSessionsDelete}},
                                           {"secret", {access::Permission::kSessionsRead}}});
  const Answer hidden = app_.call(Method::kPost, "/api/v1/realms/-/revocations", key,
                                  R"({"sessions":[{"realm":"secret","type":"regular","id":"x1"}]})");
  EXPECT_EQ(hidden.status, 400);
  EXPECT_EQ(hidden.at("/field"), "sessions[0].realm");
  const Answer done = app_.call(Method::kPost, "/api/v1/realms/-/revocations", key, R"({"all":true})");
  EXPECT_EQ(done.at("/revoked"), "5") << done.body;
  EXPECT_EQ(done.at("/realm"), "-");
  EXPECT_EQ(app_.get("/api/v1/realms/-/sessions").at("/items/0/id"), "x1");
  const std::string one = "/api/v1/realms/-/revocations/" + done.at("/id");
  EXPECT_EQ(app_.call(Method::kGet, one, key).status, 200);
  // Over several realms: for who began it, and for who may everywhere.
  const std::string stranger = app_.key("third", {{"production", {access::Permission::kSessionsDelete}}});
  EXPECT_EQ(app_.call(Method::kGet, one, stranger).status, 404);
  EXPECT_EQ(app_.call(Method::kGet, "/api/v1/realms/-/revocations", stranger).at("/total"), "0");
  EXPECT_EQ(app_.get(one).status, 200);
}

TEST_F(RevocationsTest, RepeatedKeyGivesTheFirstAnswerAndDoesNothingAgain) {
  const auto ask = [&](const std::string& body) {
    return app_.call(Method::kPost, kRevocations, app_.admin, body, {{"Idempotency-Key", "k-1"}});
  };
  const Answer first = ask(R"({"user":"u-jane.doe"})");
  app_.session("production", "regular", "again");
  EXPECT_EQ(ask(R"({"user":"u-jane.doe"})").at("/id"), first.at("/id"));
  EXPECT_EQ(total("?user=jane.doe"), "1");
  const Answer other = ask(R"({"all":true})");
  EXPECT_EQ(other.status, 409);
  EXPECT_EQ(other.code(), "idempotency_mismatch");
}

TEST_F(RevocationsTest, LongOneIsAnsweredWithALocationAndItsProgressStreams) {
  fill(5'000);
  Options options;
  auto sent = app_.send(App::head(Method::kPost, kRevocations,
                                  {{"Authorization", "Bearer " + app_.admin}, {"Content-Type", "application/json"}}),
                        R"({"all":true})");
  app_.engine->step();
  app_.clock.advance(options.revocation_patience);
  app_.engine->step();
  const Answer running = sent.take();
  ASSERT_EQ(running.status, 202) << running.body;
  EXPECT_EQ(running.at("/state"), "running");
  const std::string location = running.header("Location");
  EXPECT_EQ(location, kRevocations + "/" + running.at("/id"));

  auto stream = app_.get(location + "/events");  // run() finishes it
  ASSERT_TRUE(stream.stream);
  EXPECT_EQ(stream.header("Content-Type"), "text/event-stream");
  bool ended = false;
  const std::string events = App::drain(*stream.stream, &ended);
  EXPECT_TRUE(ended);
  EXPECT_NE(events.find("event: done\ndata: {\"id\":\"" + running.at("/id")), std::string::npos) << events;
  EXPECT_EQ(app_.get(location).at("/revoked"), "5004");
}

TEST_F(RevocationsTest, StoppedOneLeavesTheRestAlone) {
  fill(5'000);
  const std::vector<http::Header> headers{{"Authorization", "Bearer " + app_.admin},
                                          {"Content-Type", "application/json"}};
  auto sent = app_.send(App::head(Method::kPost, kRevocations, headers), R"({"all":true})");
  app_.engine->step();
  const std::string id = app_.engine->revocations(app_.engine->realms()->find("production")->id).at(0).id;
  auto stop = app_.send(App::head(Method::kPost, kRevocations + "/" + id + "/stop", {headers[0]}));
  app_.run();
  const Answer stopped = stop.take();
  EXPECT_EQ(stopped.at("/state"), "stopped") << stopped.body;
  EXPECT_NE(total(), "0");
  EXPECT_EQ(sent.take().at("/state"), "stopped");
  EXPECT_EQ(app_.post(kRevocations + "/" + id + "/stop").at("/state"), "stopped");  // twice is no error
}

TEST_F(RevocationsTest, UnknownOneIsNotFound) {
  EXPECT_EQ(app_.get(kRevocations + "/none").status, 404);
  EXPECT_EQ(app_.get(kRevocations + "/none/events").status, 404);
  EXPECT_EQ(app_.post(kRevocations + "/none/stop").status, 404);
}

TEST(StoppingTest, AsksNoMoreLongQuestions) {
  bool draining = false;
  Options options;
  options.draining = [&draining] { return draining; };
  App app(options);
  app.realm("production");
  const std::string dry = kRevocations + "?dryRun=true";
  EXPECT_EQ(app.post(dry, R"({"all":true})").status, 200);
  draining = true;
  const Answer refused = app.post(dry, R"({"all":true})");
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.body.find("overloaded"), std::string::npos);
}

}  // namespace
}  // namespace curfew::api
