// Ingest: many lines, some of them wrong, in whatever pieces they arrive.
#include <gtest/gtest.h>

#include "api/test_app.h"
#include "base/limits.h"

namespace curfew::api {
namespace {

using http::Method;

std::string start(const std::string& id, const std::string& user = "jane.doe") {
  return R"({"op":"start","type":"regular","id":")" + id + R"(","userId":"u-)" + user + R"(","username":")" + user +
         R"(","ipAddress":"203.0.113.7"})" + "\n";
}

class IngestTest : public testing::Test {
 protected:
  void SetUp() override { app_.realm("production"); }

  // Opens a sink of its own, to feed in pieces.
  std::unique_ptr<http::BodySink> open(App::Sent& sent) {
    return app_.api->open(
        App::head(Method::kPost, "/api/v1/realms/production/ingest",
                  {{"Authorization", "Bearer " + app_.admin}, {"Content-Type", "application/x-ndjson"}}),
        sent.responder());
  }
  App app_;
};

TEST_F(IngestTest, EveryOperationTakesEffectInOrder) {
  const Answer answer = app_.ingest(
      "production",
      start("s1") + start("s2") +
          R"({"op":"client","type":"regular","id":"s1","clientId":"web","name":"Web portal"})"
          "\n"
          R"({"op":"touch","type":"regular","id":"s1","at":"2026-02-25T06:13:20Z","ipAddress":"198.51.100.9"})"
          "\r\n\n"
          R"({"op":"end","type":"regular","id":"s2"})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"accepted":5,"refused":0,"refusals":[]})");
  const Answer list = app_.get("/api/v1/realms/production/sessions");
  EXPECT_EQ(list.at("/total"), "1");
  EXPECT_EQ(list.at("/items/0/clients/0/name"), "Web portal");
}

TEST_F(IngestTest, RefusedLinesAreNamedAndStopNothing) {
  const std::string lines =
      start("s1") + "{\n" +                                                                // 2: no JSON
      R"({"op":"start","type":"regular","id":"s2","userId":"u"})" + "\n" +                 // 3: missing
      R"({"op":"fly","type":"regular","id":"s1"})" + "\n" +                                // 4: no such op
      R"({"op":"end","type":"regular","id":"s1"})" + "\n" +                                // 5: fine
      R"({"op":"touch","type":"regular","id":"s1","at":"2026-02-25T06:00:00Z"})" + "\n" +  // 6: ended
      R"({"op":"touch","type":"regular","id":"s9","at":"2026-02-25T06:00:00Z"})" + "\n" +  // 7: never was
      start("s1") +                                                                        // 8: ended
      R"({"op":"end","type":"regular","id":"s1","at":1})" + "\n";                          // 9: no time
  const Answer answer = app_.ingest("production", lines);
  EXPECT_EQ(answer.at("/accepted"), "2");
  EXPECT_EQ(answer.at("/refused"), "7");
  const std::vector<std::pair<std::string, std::string>> expected{
      {"2", "invalid_json"}, {"3", "missing_field"}, {"4", "invalid_value"}, {"6", "already_ended"},
      {"7", "not_active"},   {"8", "already_ended"}, {"9", "invalid_value"}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(answer.at("/refusals/" + std::to_string(i) + "/line"), expected[i].first);
    EXPECT_EQ(answer.at("/refusals/" + std::to_string(i) + "/code"), expected[i].second) << expected[i].first;
  }
  EXPECT_EQ(answer.at("/refusals/1/detail"), "username: username is required.");
}

TEST_F(IngestTest, OnlyTheFirstHundredRefusalsAreListed) {
  std::string lines;
  for (int i = 0; i < 250; ++i)
    lines += "nonsense\n" + start("s" + std::to_string(i)) + R"({"op":"end","type":"regular","id":"none"})" + "\n";
  const Answer answer = app_.ingest("production", lines);
  EXPECT_EQ(answer.at("/accepted"), "250");
  EXPECT_EQ(answer.at("/refused"), "500");
  EXPECT_EQ(answer.at("/refusals/99/line"), "150");
  EXPECT_EQ(answer.at("/refusals/100"), "(absent)");
}

TEST_F(IngestTest, PiecesMayBreakAnywhere) {
  std::string lines;
  for (int i = 0; i < 20; ++i) lines += start("s" + std::to_string(i));
  for (const std::size_t piece : {1UL, 7UL, 64UL, 1'000UL}) {
    App::Sent sent;
    auto sink = open(sent);
    ASSERT_TRUE(sink);
    for (std::size_t at = 0; at < lines.size(); at += piece) {
      if (!sink->feed(std::string_view(lines).substr(at, piece), [] {})) app_.run();
    }
    sink->finish();
    app_.run();
    EXPECT_EQ(sent.take().body, R"({"accepted":20,"refused":0,"refusals":[]})") << piece;
  }
  EXPECT_EQ(app_.get("/api/v1/realms/production/sessions").at("/total"), "20");
}

TEST_F(IngestTest, SenderIsPausedWhileEnoughIsUnderWay) {
  App::Sent sent;
  auto sink = open(sent);
  int resumed = 0, fed = 0;
  while (sink->feed(start("s" + std::to_string(fed)), [&] { ++resumed; })) {
    ++fed;
    ASSERT_LT(fed, 100);
  }
  EXPECT_GT(fed, 0);
  EXPECT_EQ(resumed, 0);
  app_.run();
  EXPECT_EQ(resumed, 1);
  EXPECT_TRUE(sink->feed(start("last"), [&] { ++resumed; }));
  sink->finish();
  app_.run();
  EXPECT_EQ(sent.take().at("/accepted"), std::to_string(fed + 2));
}

TEST_F(IngestTest, LineOverTheLimitIsRefusedAndForgotten) {
  const std::string longest(limits::kIngestLine, ' ');
  const Answer answer = app_.ingest(
      "production", std::string(limits::kIngestLine + 1, 'x') + "\n" + start("s1") + longest + "\n" + start("s2"));
  EXPECT_EQ(answer.at("/accepted"), "2");
  EXPECT_EQ(answer.at("/refused"), "1");
  EXPECT_EQ(answer.at("/refusals/0/line"), "1");
  EXPECT_EQ(answer.at("/refusals/0/code"), "too_large");
  App::Sent sent;
  auto sink = open(sent);
  for (int i = 0; i < 10; ++i) sink->feed(std::string(limits::kIngestLine / 2, 'x'), [] {});
  sink->feed("\n" + start("s3"), [] {});
  sink->finish();
  app_.run();
  EXPECT_EQ(sent.take().at("/refused"), "1");
}

TEST_F(IngestTest, LedgerThatStopsMidwayIsSaidWithWhatIsDurable) {
  App::Sent sent;
  auto sink = open(sent);
  sink->feed(start("s1") + start("s2"), [] {});
  app_.run();
  app_.ledger.set_disk_full(true);
  sink->feed(start("s3"), [] {});
  app_.run();
  const Answer answer = sent.take();  // before the body has ended
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.at("/accepted"), "2");
  EXPECT_EQ(answer.at("/refused"), "0");
  EXPECT_TRUE(sink->feed(start("s4"), [] {}));
  sink->finish();
  app_.ledger.set_disk_full(false);
  EXPECT_EQ(app_.get("/api/v1/realms/production/sessions").at("/total"), "2");
}

TEST_F(IngestTest, BodyThatOutlivesItsPermissionIsCutOff) {
  const std::string text = app_.key("feeder", {{"production", {access::Permission::kSessionsWrite}}});
  std::string id;
  for (const access::ApiKey& key : app_.directory.keys())
    if (key.name == "feeder") id = key.id;
  App::Sent sent;
  auto sink = app_.api->open(App::head(Method::kPost, "/api/v1/realms/production/ingest",
                                       {{"Authorization", "Bearer " + text}, {"Content-Type", "application/x-ndjson"}}),
                             sent.responder());
  ASSERT_TRUE(sink);
  sink->feed(start("s1"), [] {});
  app_.run();
  EXPECT_EQ(app_.del("/api/v1/keys/" + id).status, 204);
  sink->feed(start("s2"), [] {});
  app_.run();
  const Answer answer = sent.take();  // before the body has ended
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.code(), "forbidden");
  EXPECT_EQ(answer.at("/accepted"), "1");
  EXPECT_TRUE(sink->feed(start("s3"), [] {}));
  sink->finish();
  app_.run();
  EXPECT_EQ(app_.get("/api/v1/realms/production/sessions").at("/total"), "1");
}

TEST_F(IngestTest, AbortedBodyIsNotAnswered) {
  App::Sent sent;
  auto sink = open(sent);
  sink->feed(start("s1") + R"({"op":"start",)", [] {});
  sink->abort();
  sink.reset();
  app_.run();
  // What was whole has happened; the rest has not. The responder is dropped unanswered by the connection that is gone.
  EXPECT_EQ(app_.get("/api/v1/realms/production/sessions").at("/total"), "1");
}

TEST_F(IngestTest, IsRefusedBeforeItsBodyIsRead) {
  App::Sent sent;
  EXPECT_EQ(app_.api->open(App::head(Method::kPost, "/api/v1/realms/production/ingest",
                                     {{"Content-Type", "application/x-ndjson"}}),
                           sent.responder()),
            nullptr);
  EXPECT_EQ(sent.take().status, 401);
}

}  // namespace
}  // namespace curfew::api
