// What pages tell of signals is as of now, whatever was told a moment ago: each page of an API that has told of the
// users before is compared with that of one that never has.
#include "api/session_out.h"
#include "api/test_app.h"

namespace curfew::api {
namespace {

const std::string kSessions = "/api/v1/realms/production/sessions";
const std::string kDetection = "/api/v1/realms/production/detection";
const std::string kSuppressions = "/api/v1/realms/production/suppressions";

class NotesTest : public ::testing::Test {
 protected:
  NotesTest() {
    app_.realm("production");
    int i = 0;
    for (const char* ip : {"192.0.2.118", "203.0.113.45", "198.51.100.23", "10.20.14.37"})
      app_.session("production", "regular", "jane" + std::to_string(i++), "jane.doe", ip);
    app_.session("production", "regular", "john", "john.roe", "203.0.113.45");
  }
  // The page as it is told the second time.
  Answer page(std::string_view after) {
    Answer first = app_.get(kSessions);
    Answer again = app_.get(kSessions);
    EXPECT_TRUE(again.at("/items") == first.at("/items")) << after;
    Options options;
    options.threads = false;
    auto known = std::exchange(app_.api, std::make_unique<Api>(*app_.engine, app_.directory, app_.clock, options));
    EXPECT_TRUE(app_.get(kSessions).at("/items") == first.at("/items")) << after;
    app_.api = std::move(known);
    return again;
  }
  static std::string part(const Answer& page, const std::string& id, const std::string& pointer) {
    for (int i = 0; i < 10; ++i)
      if (const std::string item = "/items/" + std::to_string(i); page.at(item + "/id") == id)
        return page.at(item + pointer);
    return "(no such session)";
  }
  // Activity where the session was, as a check tells of it.
  void use(const std::string& id) {
    EXPECT_EQ(app_.get("/api/v1/realms/production/check?id=" + id).status, 204);
    app_.clock.advance(Duration::seconds(1));
    app_.run();
  }
  std::string suppress() {
    const Answer made =
        app_.post(kSuppressions,
                  R"({"rule":"many_networks","user":"u-jane.doe","reason":"known","expires":"2026-03-20T00:00:00Z"})");
    EXPECT_EQ(made.status, 201) << made.body;
    return made.at("/id");
  }

  App app_;
};

TEST_F(NotesTest, AChangeOfTheUserIsOnTheNextPage) {
  const Answer before = page("the beginning");
  EXPECT_EQ(part(before, "jane0", "/signals/0/reason"), "4 networks at once");
  EXPECT_EQ(part(before, "john", "/signals"), "[]");
  use("jane0");
  const Answer touched = page("a touch");
  EXPECT_EQ(part(touched, "jane0", "/signals/0/evidence/0/id"), "jane0");
  EXPECT_NE(part(before, "jane0", "/signals/0/evidence/0/id"), "jane0");
  app_.session("production", "regular", "jane4", "jane.doe", "192.0.3.1");
  EXPECT_EQ(part(page("a start"), "jane1", "/signals/0/reason"), "5 networks at once");
  app_.ingest("production",
              R"({"op":"start","type":"regular","id":"jane4","userId":"u-jane.doe","username":"jane.doe",)"
              R"("ipAddress":"192.0.2.119","userAgent":"curl/8"})");
  EXPECT_EQ(part(page("another address and device"), "jane1", "/signals/0/reason"), "4 networks at once");
  for (const char* id : {"jane4", "jane3"}) EXPECT_EQ(app_.del(kSessions + "/regular/" + id).status, 204);
  EXPECT_EQ(part(page("two ends"), "jane1", "/signals"), "[]");
}

TEST_F(NotesTest, AChangeOfTheRulesIsOnTheNextPage) {
  page("the beginning");
  ASSERT_EQ(app_.put(kDetection, R"({"rules":{"many_networks":{"threshold":5}}})").status, 200);
  EXPECT_EQ(part(page("a threshold"), "jane0", "/signals"), "[]");
  ASSERT_EQ(app_.put(kDetection, R"({"rules":{"many_networks":{"severity":"high"}}})").status, 200);
  EXPECT_EQ(part(page("a severity"), "jane0", "/severity"), "high");
  ASSERT_EQ(app_.put(kDetection, R"({"networks":[{"name":"Office","cidrs":["10.20.0.0/16"]}]})").status, 200);
  EXPECT_NE(page("a network's name").body.find("active in Office"), std::string::npos);
}

TEST_F(NotesTest, ASuppressionIsOnTheNextPageAndSoIsItsEnd) {
  page("the beginning");
  const std::string id = suppress();
  EXPECT_EQ(part(page("a suppression"), "jane0", "/signals"), "[]");
  ASSERT_EQ(app_.del(kSuppressions + "/" + id).status, 204);
  EXPECT_EQ(part(page("its removal"), "jane0", "/signals/0/rule"), "many_networks");
  suppress();
  EXPECT_EQ(part(page("another"), "jane0", "/signals"), "[]");
  app_.clock.advance(Duration::days(30));
  app_.run();
  for (const char* one : {"jane0", "jane1", "jane2", "jane3"}) use(one);
  app_.clock.advance(Duration::seconds(20));
  app_.run();
  EXPECT_EQ(part(page("its expiry"), "jane0", "/signals/0/reason"), "4 networks at once");
}

TEST_F(NotesTest, WhatTimeResolvesGoesFromThePage) {
  EXPECT_EQ(part(page("the beginning"), "jane0", "/signals/0/rule"), "many_networks");
  app_.clock.advance(Duration::hours(2));
  app_.run();
  EXPECT_EQ(part(page("two hours"), "jane0", "/signals"), "[]");
}

TEST_F(NotesTest, WhoeverWasToldOfIsNeitherJudgedNorWrittenAgain) {
  FindingCache cache;
  const auto texts = [&](const char* id) {
    SessionNotes notes(*app_.engine, &cache);
    const index::Index& index = app_.engine->index();
    const auto handle = index.find({session::RealmId{1}, session::SessionType::kRegular, id});
    {
      const index::Index::ReadLock lock(index);
      notes.collect(index.get(*handle));
    }
    return notes.findings_of(handle->no);
  };
  const auto first = texts("jane0");
  ASSERT_EQ(first.size(), 1U);
  EXPECT_GT(cache.bytes(), 0U);
  const std::string before = first.front()->json;
  EXPECT_EQ(texts("jane1"), first);  // the same texts in the same place
  EXPECT_TRUE(texts("john").empty());
  use("jane0");
  const auto other = texts("jane0");
  ASSERT_EQ(other.size(), 1U);
  EXPECT_NE(other.front()->json, before);
}

}  // namespace
}  // namespace curfew::api
