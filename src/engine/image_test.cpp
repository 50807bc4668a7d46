// Stops that leave an image and starts that take it: the same as without, and never of a state that has moved on.
#include "engine/image.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "engine/test_world.h"

namespace curfew::engine {
namespace {

using Outcome = ImageReport::Outcome;
using session::SessionType;

struct ImageTest : testing::Test {
  ~ImageTest() override {
    world.reset();
    ::unlink(path.c_str());
    ::unlink(kept.c_str());
  }
  Options options() const {
    Options out;
    out.image.path = path;
    out.image.program = "test";
    out.image.least_sessions = 1;
    return out;
  }
  void stop(Outcome outcome) {
    world->engine->stop();
    EXPECT_EQ(world->engine->image().outcome, outcome) << world->engine->image().problem;
    EXPECT_EQ(std::filesystem::exists(path), outcome == Outcome::kWritten);
  }
  void open(Outcome outcome) {
    ASSERT_TRUE(world->open());
    EXPECT_EQ(world->engine->image().outcome, outcome) << world->engine->image().problem;
    EXPECT_FALSE(std::filesystem::exists(path));
    world->engine->index().verify();
  }
  session::SessionKey key(const std::string& id) const { return {realm, SessionType::kRegular, id}; }
  void fill(int sessions) {
    std::vector<session::Command> starts;
    for (int i = 0; i < sessions; ++i) {
      auto s = world->session(realm, "s" + std::to_string(i), "user" + std::to_string(i / 3),
                              "203.0.113." + std::to_string(i % 200));
      s.user_agent = "agent " + std::to_string(i % 5);
      starts.push_back(session::StartSession{std::move(s)});
    }
    world->submit(std::move(starts));
  }
  void keep_image() const { std::filesystem::copy_file(path, kept, std::filesystem::copy_options::overwrite_existing); }
  void bring_back() const { std::filesystem::copy_file(kept, path, std::filesystem::copy_options::overwrite_existing); }

  // All that can be told of the engine's memory.
  struct Told {
    std::vector<session::Session> sessions;
    std::vector<std::string> users;
    friend bool operator==(const Told&, const Told&) = default;
  };
  static Told told(const Engine& engine) {
    Told out;
    index::Query query;
    for (const Realm* r : engine.realms()->all()) query.realms.push_back(r->id);
    query.order = {index::SortBy::kStarted, false};
    query.limit = 100'000;
    out.sessions = engine.index().query(query).rows;
    for (const index::UserRow& user : engine.index().users(query.realms, {}, 0, 100'000).rows) {
      const auto number = engine.index().user_number(user.realm, user.user_id);
      const auto findings = engine.watch().findings(user.realm, *number);
      out.users.push_back(user.user_id + " " + user.username + " " + user.email + " " +
                          std::to_string(user.regular + user.offline) + " " +
                          engine.watch().profile_bytes(user.realm, *number) +
                          std::to_string(findings ? findings->findings.size() : 0));
    }
    for (const index::ClientRow& client : engine.index().clients(query.realms, {}))
      out.users.push_back(client.client_id + " " + client.name + " " + std::to_string(client.regular));
    return out;
  }
  // The same ledger, read as if there were no images.
  void expect_as_without() const {
    Options without;
    without.threads = false;
    Engine engine(world->ledger, world->clock, world->random, without);
    ASSERT_TRUE(engine.open([](std::string_view, std::string_view, std::string_view) { return Status{}; }));
    EXPECT_EQ(told(*world->engine), told(engine));
  }

  const std::string path = testing::TempDir() + "curfew_engine_image_test_" + std::to_string(::getpid());
  const std::string kept = path + ".kept";
  std::unique_ptr<World> world = std::make_unique<World>(options());
  RealmId realm = world->realm("production");
};

TEST_F(ImageTest, AStartFromItIsAsOneWithout) {
  const RealmId other = world->realm("other");
  fill(200);
  auto s = world->session(other, "s", "jane.doe");
  s.email = "jane.doe@example.com";
  world->engine->submit({{session::StartSession{s}}, World::by("ingest"), {{other, "web-portal", "Web portal"}}},
                        [](auto) {});
  world->run();
  world->end(key("s7"));
  world->end({other, SessionType::kRegular, "s"});  // the user stays known
  world->clock.advance(Duration::days(20));
  world->start(world->session(realm, "elsewhere", "user1", "198.51.100.9"));  // a finding
  world->one(session::TouchSession{key("s1"), world->clock.now(), std::nullopt});
  stop(Outcome::kWritten);
  EXPECT_EQ(world->engine->image().bytes, std::filesystem::file_size(path));
  open(Outcome::kTaken);
  EXPECT_EQ(world->live(realm), 200U);
  expect_as_without();
  EXPECT_EQ(world->engine->index().client_name(other, "web-portal"), "Web portal");

  // What ended stays ended, what begins goes on, and so after the next stop.
  EXPECT_TRUE(session::refused(world->start(world->session(realm, "s7", "user2"))));
  EXPECT_EQ(world->start(world->session(realm, "new", "user2")), session::Outcome::kStarted);
  EXPECT_EQ(world->end(key("s8")), session::Outcome::kEnded);
  EXPECT_EQ(world->end(key("s7")), session::Outcome::kAlreadyEnded);
  stop(Outcome::kWritten);
  open(Outcome::kTaken);
  EXPECT_TRUE(world->engine->index().find(key("new")));
  EXPECT_FALSE(world->engine->index().find(key("s8")));
  expect_as_without();
}

TEST_F(ImageTest, AfterACrashAnOldOneIsRefused) {
  fill(100);
  stop(Outcome::kWritten);
  keep_image();
  open(Outcome::kTaken);
  world->end(key("s7"));
  world->crash();
  EXPECT_EQ(world->engine->image().outcome, Outcome::kNone);
  EXPECT_FALSE(world->engine->index().find(key("s7")));

  world->end(key("s8"));
  world->ledger.crash();
  world->abandoned.push_back(std::move(world->engine));
  world->ledger.reopen();
  bring_back();
  open(Outcome::kRefused);
  EXPECT_FALSE(world->engine->index().find(key("s7")) || world->engine->index().find(key("s8")));
  EXPECT_EQ(world->live(realm), 98U);
  expect_as_without();
}

// Activity moves no position: an image must not be taken twice all the same.
TEST_F(ImageTest, OneThatWasTakenIsNeverTakenAgain) {
  fill(100);
  stop(Outcome::kWritten);
  keep_image();
  open(Outcome::kTaken);
  world->clock.advance(Duration::seconds(90));
  world->check(key("s1"));
  world->run();
  const auto seen = world->engine->index().get(*world->engine->index().find(key("s1"))).last_access;
  ASSERT_EQ(seen, world->clock.now());
  world->abandoned.push_back(std::move(world->engine));  // killed; its activity was on its way already
  bring_back();
  open(Outcome::kRefused);
  EXPECT_EQ(world->engine->index().get(*world->engine->index().find(key("s1"))).last_access, seen);
}

TEST_F(ImageTest, OneOfAnotherLedgerIsRefused) {
  fill(100);
  stop(Outcome::kWritten);
  keep_image();
  ::unlink(path.c_str());
  // The same history, so that positions, numbers and seqs agree; only chance does not.
  world = std::make_unique<World>(options());
  world->random.next();
  realm = world->realm("production");
  fill(100);
  stop(Outcome::kWritten);
  bring_back();
  open(Outcome::kRefused);
  EXPECT_EQ(world->live(realm), 100U);
}

TEST_F(ImageTest, ABrokenOneIsRefusedAndNothingIsLost) {
  fill(100);
  stop(Outcome::kWritten);
  keep_image();
  const auto size = std::filesystem::file_size(kept);
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{100}, std::size_t{5'000}, static_cast<std::size_t>(size - 1)}) {
    SCOPED_TRACE(at);
    world->abandoned.push_back(std::move(world->engine));  // one that stopped would leave its own
    bring_back();
    {
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      file.seekg(static_cast<std::streamoff>(at));
      const int byte = file.get();
      file.seekp(static_cast<std::streamoff>(at));
      file.put(static_cast<char>(byte ^ 4));
    }
    open(Outcome::kRefused);
    EXPECT_FALSE(world->engine->image().problem.empty());
    EXPECT_EQ(world->live(realm), 100U);
    expect_as_without();
  }
}

TEST_F(ImageTest, OneOfAnotherProgramIsRefused) {
  fill(100);
  stop(Outcome::kWritten);
  world->options.image.program = "another";
  open(Outcome::kRefused);
  expect_as_without();
}

TEST_F(ImageTest, NoneIsLeftWhereItIsNotWorthItOrCannotBe) {
  fill(10);
  const auto restart = [&](const std::function<void(ImageOptions&)>& change, Outcome outcome) {
    world->options = options();
    world->options.threads = false;
    change(world->options.image);
    ASSERT_TRUE(world->open());
    stop(outcome);
    EXPECT_FALSE(std::filesystem::exists(path + ".new"));
  };
  world->engine->stop();
  restart([](ImageOptions& o) { o.least_sessions = 11; }, Outcome::kNone);
  restart([](ImageOptions& o) { o.path.clear(); }, Outcome::kNone);
  restart([](ImageOptions& o) { o.reserve_bytes = std::uint64_t{1} << 60; }, Outcome::kNotWritten);
  restart([](ImageOptions& o) { o.longest = Duration{0}; }, Outcome::kNotWritten);
  restart([](ImageOptions& o) { o.path = "/nowhere/image"; }, Outcome::kNotWritten);
  restart([](ImageOptions&) {}, Outcome::kWritten);
}

TEST_F(ImageTest, NoneIsLeftWhenTheLedgerCannotWrite) {
  fill(10);
  world->ledger.set_disk_full(true);
  stop(Outcome::kNotWritten);
  world->ledger.set_disk_full(false);
  ASSERT_TRUE(world->open());
  // The last activity can't be written; what comes after it could.
  world->clock.advance(Duration::seconds(90));
  world->check(key("s1"));
  world->options.touch_flush = Duration::hours(1);
  world->ledger.refuse_next_writes(1);
  stop(Outcome::kNotWritten);
}

TEST_F(ImageTest, OneIsNotTakenWhileTheLedgerCannotWrite) {
  fill(10);
  stop(Outcome::kWritten);
  world->ledger.set_disk_full(true);
  open(Outcome::kRefused);
  EXPECT_EQ(world->live(realm), 10U);
  world->ledger.set_disk_full(false);
}

TEST_F(ImageTest, WhatIsLeftOfARemovedRealmIsRemovedAfterIt) {
  fill(10);
  const RealmId gone = world->realm("gone");
  world->start(world->session(gone, "s", "jane.doe"));
  world->engine->remove_realm(gone, World::by("root"), [](auto) {});
  world->run();
  stop(Outcome::kWritten);
  open(Outcome::kTaken);
  world->run();
  std::vector<std::string> users;
  EXPECT_TRUE(world->ledger.load_documents([&](std::string_view table, std::string_view key, std::string_view) {
    if (table == "users" && !key.starts_with(std::to_string(realm.value) + "/")) users.emplace_back(key);
  }));
  EXPECT_TRUE(users.empty());
}

TEST_F(ImageTest, ARevocationUnderWayGoesOnAfterIt) {
  world->options.revocation_chunk = 10;
  stop(Outcome::kNone);
  ASSERT_TRUE(world->open());
  fill(60);
  RevocationRequest request;
  request.selection.realms = {realm};
  request.selection.what = ByFilter{};
  request.reason = "test";
  request.origin = World::by("operator");
  std::string id;
  world->engine->revoke(request, Duration{0}, [&](auto r) { id = r->id; });
  world->engine->step();
  world->engine->step();
  stop(Outcome::kWritten);
  const std::uint64_t left = world->live(realm);
  EXPECT_TRUE(left > 0 && left < 60);
  open(Outcome::kTaken);
  world->run();
  EXPECT_EQ(world->live(realm), 0U);
  EXPECT_EQ(world->engine->revocation(realm, id)->revoked, 60U);
}

}  // namespace
}  // namespace curfew::engine
