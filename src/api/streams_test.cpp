// Live events; health, metrics, documentation.
#include <gtest/gtest.h>
#include <zlib.h>

#include "api/assets.h"
#include "api/event_stream.h"
#include "api/test_app.h"

namespace curfew::api {
namespace {

using http::BodySource;
using http::Method;

const std::string kEvents = "/api/v1/realms/production/events";

class StreamsTest : public testing::Test {
 protected:
  void SetUp() override {
    app_.realm("production");
    app_.realm("staging");
  }
  App app_;
};

std::string last_id(const std::string& events) {
  const std::size_t at = events.rfind("id: ") + 4;
  return events.substr(at, events.find('\n', at) - at);
}

TEST_F(StreamsTest, ChangesComeAsEventsOfTheRealm) {
  Answer answer = app_.get(kEvents);
  ASSERT_TRUE(answer.stream);
  EXPECT_EQ(App::drain(*answer.stream), ": open\n\n");
  app_.session("staging", "regular", "t1");
  app_.session("production", "regular", "s1");
  app_.post("/api/v1/realms/production/sessions/regular/s1/touch");
  app_.del("/api/v1/realms/production/sessions/regular/s1");
  const std::string events = App::drain(*answer.stream);
  EXPECT_EQ(events.find("t1"), std::string::npos);
  const std::size_t started = events.find("event: session.started\ndata: {\"time\":"),
                    touched = events.find("event: session.touched"), ended = events.find("event: session.ended");
  EXPECT_NE(started, std::string::npos) << events;
  EXPECT_LT(started, touched);
  EXPECT_LT(touched, ended);
  EXPECT_NE(events.find(R"("session":{"type":"regular","id":"s1")"), std::string::npos);
  EXPECT_NE(events.find(R"("cause":"revoked"})"), std::string::npos) << events;
  EXPECT_EQ(events.find(R"("own")"), std::string::npos);
}

TEST_F(StreamsTest, StreamIsResumedWithoutAGapOrARepeat) {
  Answer first = app_.get(kEvents);
  App::drain(*first.stream);
  app_.session("production", "regular", "s1");
  const std::string id = last_id(App::drain(*first.stream));
  first.stream.reset();
  app_.session("production", "regular", "s2");
  Answer again = app_.call(Method::kGet, kEvents, app_.admin, "", {{"Last-Event-ID", id}});
  const std::string events = App::drain(*again.stream);
  EXPECT_EQ(events.find("\"s1\""), std::string::npos) << events;
  EXPECT_NE(events.find("\"s2\""), std::string::npos) << events;
  Answer lost = app_.call(Method::kGet, kEvents, app_.admin, "", {{"Last-Event-ID", "another-run-7"}});
  EXPECT_NE(App::drain(*lost.stream).find("event: reset\n"), std::string::npos);
}

std::string unzipped(const std::string& bytes, bool& whole) {
  z_stream stream{};
  EXPECT_EQ(::inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = ::inflate(&stream, Z_SYNC_FLUSH);
  EXPECT_TRUE(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR) << result;
  whole = result == Z_STREAM_END;  // its checksum and length are right
  out.resize(stream.total_out);
  ::inflateEnd(&stream);
  return out;
}

TEST_F(StreamsTest, GzipHoldsTheSameTextForWhoeverTakesIt) {
  const std::string key = app_.key("watcher", {{"production", {access::Permission::kSessionsRead}}});
  Answer plain = app_.get(kEvents);
  Answer packed = app_.call(Method::kGet, kEvents, key, "", {{"Accept-Encoding", "br, gzip;q=0.5"}});
  EXPECT_EQ(packed.header("Content-Encoding"), "gzip");
  EXPECT_EQ(packed.header("Vary"), "Accept-Encoding");
  EXPECT_EQ(plain.header("Content-Encoding"), "");
  EXPECT_EQ(app_.call(Method::kGet, kEvents, key, "", {{"Accept-Encoding", "gzip;q=0"}}).header("Content-Encoding"),
            "");
  std::string text = App::drain(*plain.stream), bytes = App::drain(*packed.stream);
  for (int i = 0; i < 3; ++i) {
    app_.session("production", "regular", "s" + std::to_string(i));
    app_.post("/api/v1/realms/production/sessions/regular/s0/touch");
    text += App::drain(*plain.stream);
    bytes += App::drain(*packed.stream);
  }
  bool whole = true;
  EXPECT_EQ(unzipped(bytes, whole), text);
  EXPECT_FALSE(whole);
  app_.patch("/api/v1/keys/" + app_.get("/api/v1/keys?search=watcher").at("/items/0/id"),
             R"({"grants":[{"realm":"production","permissions":["USERS:READ"]}]})");
  for (int i = 0; i < 5; ++i) app_.api->beat();
  bool ended = false;
  bytes += App::drain(*packed.stream, &ended);
  EXPECT_TRUE(ended);
  EXPECT_EQ(unzipped(bytes, whole), text);
  EXPECT_TRUE(whole);
}

TEST_F(StreamsTest, ATouchSaysWhatItChanged) {
  app_.session("production", "regular", "s1");
  Answer answer = app_.get(kEvents);
  App::drain(*answer.stream);
  app_.post("/api/v1/realms/production/sessions/regular/s1/touch");
  EXPECT_NE(App::drain(*answer.stream)
                .find("event: session.touched\ndata: {\"realm\":\"production\",\"type\":\"regular\",\"id\":\"s1\","
                      "\"lastAccess\":\"2026-02-25T06:13:21.000Z\",\"ipAddress\":\"203.0.113.7\"}\n\n"),
            std::string::npos);
}

TEST_F(StreamsTest, WaitingStreamIsWokenOnce) {
  Answer answer = app_.get(kEvents);
  std::string out;
  int woken = 0;
  EXPECT_EQ(answer.stream->pull(out, [] {}), BodySource::Pull::kMore);
  EXPECT_EQ(answer.stream->pull(out, [&] { ++woken; }), BodySource::Pull::kLater);
  app_.session("production", "regular", "s1");
  app_.session("production", "regular", "s2");
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(answer.stream->pull(out, [&] { ++woken; }), BodySource::Pull::kMore);
}

TEST_F(StreamsTest, SilentStreamGivesASignOfLife) {
  Answer answer = app_.get(kEvents);
  App::drain(*answer.stream);
  std::string out;
  int woken = 0;
  EXPECT_EQ(answer.stream->pull(out, [&] { ++woken; }), BodySource::Pull::kLater);
  for (int i = 0; i < kSignOfLifeBeats; ++i) app_.api->beat();
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(App::drain(*answer.stream), ": alive\n\n");
}

TEST_F(StreamsTest, StreamEndsWhenTheRightToItIsGone) {
  const std::string key = app_.key("watcher", {{"production", {access::Permission::kSessionsRead}}});
  Answer answer = app_.call(Method::kGet, kEvents, key);
  App::drain(*answer.stream);
  const std::string id = app_.get("/api/v1/keys?search=watcher").at("/items/0/id");
  app_.patch("/api/v1/keys/" + id, R"({"grants":[{"realm":"production","permissions":["USERS:READ"]}]})");
  for (int i = 0; i < 5; ++i) app_.api->beat();
  app_.session("production", "regular", "s1");
  bool ended = false;
  EXPECT_EQ(App::drain(*answer.stream, &ended), "");
  EXPECT_TRUE(ended);
}

TEST_F(StreamsTest, NewRealmsJoinTheStreamOfAll) {
  Answer answer = app_.get("/api/v1/realms/-/events");
  App::drain(*answer.stream);
  app_.realm("new");
  app_.session("new", "regular", "n1");
  EXPECT_NE(App::drain(*answer.stream).find(R"("realm":"new")"), std::string::npos);
}

TEST_F(StreamsTest, HealthIsOpenToAnybody) {
  EXPECT_EQ(app_.call(Method::kGet, "/livez", "").at("/status"), "ok");
  EXPECT_EQ(app_.call(Method::kGet, "/readyz", "").status, 200);
  app_.ledger.set_disk_full(true);
  EXPECT_EQ(app_.post("/api/v1/realms", R"({"name":"x"})").status, 503);
  const Answer degraded = app_.call(Method::kGet, "/readyz", "");
  EXPECT_EQ(degraded.status, 503);
  EXPECT_EQ(degraded.at("/status"), "degraded");
  app_.ledger.set_disk_full(false);
}

TEST_F(StreamsTest, MetricsNameNoRealmUserOrSession) {
  app_.session("production", "offline", "s1");
  const Answer answer = app_.call(Method::kGet, "/metrics", "");
  EXPECT_NE(answer.body.find("curfew_sessions{type=\"offline\"} 1\n"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("curfew_clock_ahead_seconds 0\n"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("curfew_realms 2\n"), std::string::npos);
  for (const char* name : {"production", "jane", "s1\""}) EXPECT_EQ(answer.body.find(name), std::string::npos) << name;
}

TEST_F(StreamsTest, MetricsTellHowQueriesWereAnswered) {
  app_.session("production", "offline", "s1");
  const auto taken = [&](const std::string& plan) {
    const std::string line = "\ncurfew_query_plans_total{plan=\"" + plan + "\"} ";
    const std::string body = app_.call(Method::kGet, "/metrics", "").body;
    const std::size_t at = body.find(line);
    return at == std::string::npos ? ~0ULL : std::stoull(body.substr(at + line.size()));
  };
  const std::uint64_t ranked = taken("page_ranked"), scans = taken("driver_scan");
  EXPECT_EQ(app_.get("/api/v1/realms/production/sessions").at("/total"), "1");
  EXPECT_EQ(taken("page_ranked"), ranked + 1);
  EXPECT_EQ(taken("driver_scan"), scans);
}

TEST_F(StreamsTest, DocumentationIsServedUnderAStrictPolicy) {
  for (const char* path : {"/docs", "/docs/docs.css", "/docs/docs.js", "/openapi.json"}) {
    const Answer answer = app_.call(Method::kGet, path, "");
    EXPECT_EQ(answer.status, 200) << path;
    EXPECT_NE(answer.header("Content-Security-Policy").find("default-src 'none'"), std::string::npos);
  }
  EXPECT_EQ(app_.call(Method::kGet, "/openapi.json", "").body, openapi_document());
  EXPECT_EQ(docs_page().find("<style"), std::string_view::npos);
  EXPECT_EQ(docs_page().find("style="), std::string_view::npos);
  EXPECT_EQ(docs_page().find("onclick"), std::string_view::npos);
}

TEST(FilesTest, OtherPathsAreForTheConsole) {
  Options options;
  options.files = [](const http::RequestHead& head) -> std::optional<http::Response> {
    if (head.path == "/r/production/sessions") return http::Response(200, "text/html", "console");
    return std::nullopt;
  };
  App app(options);
  EXPECT_EQ(app.call(Method::kGet, "/r/production/sessions", "").body, "console");
  EXPECT_EQ(app.call(Method::kPost, "/r/production/sessions", "").status, 404);
  EXPECT_EQ(app.call(Method::kGet, "/api/v1/r", "").status, 404);
}

}  // namespace
}  // namespace curfew::api
