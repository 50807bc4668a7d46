// Engines whose clock is wrong: while they run, and when they start.
#include <gtest/gtest.h>

#include "engine/clock_guard.h"
#include "engine/test_world.h"

namespace curfew::engine {
namespace {

using session::StartSession;

// Wall and monotonic time apart, as only a wrong clock moves them.
class TwoClocks final : public Clock {
 public:
  Time now() const override { return Time{wall_ms}; }
  std::int64_t monotonic_ns() const override { return mono_ms * 1'000'000; }
  void pass(Duration time) {
    wall_ms += time.ms;
    mono_ms += time.ms;
  }
  std::int64_t wall_ms = 1'772'000'000'000, mono_ms = 0;
};

// One session of a realm that ends what is idle for half an hour.
struct Server {
  Server() {
    open();
    session::Policy policy;
    policy.idle_timeout = Duration::minutes(30);
    engine->create_realm("r", "r", policy, {}, [&](Result<Realm> r) { realm = r->id; });
    engine->step();
    auto s = World().session(realm, "s1", "jane.doe");
    s.started = s.last_access = clock.now();
    engine->submit({{StartSession{s}}, {}, {}}, [](auto) {});
    engine->step();
    key = s.key;
  }
  void open() {
    Options options;
    options.threads = false;
    engine = std::make_unique<Engine>(ledger, clock, random, options);
    ASSERT_TRUE(engine->open([](auto, auto, auto) { return Status{}; }));
  }
  void restart() {
    engine->stop();
    clock.mono_ms = 5'000;  // another boot
    open();
  }
  // What a server writes at each start, with the time that its clock says.
  void record() {
    audit::Record started;
    started.time = clock.now();
    started.action = audit::action::kServerStarted;
    engine->record(std::move(started), [](auto) {});
    engine->step();
  }
  std::uint64_t live() {
    for (int i = 0; i < 5; ++i) engine->step();
    return engine->index().size(realm);
  }
  Time last_access() const {
    const auto handle = engine->index().find(key);
    return handle ? engine->index().get(*handle).last_access : Time{};
  }
  bool active() const { return engine->check(*engine->realms()->find(realm), key, std::nullopt).has_value(); }

  ledger::MemoryLedger ledger;
  TwoClocks clock;
  SeededRandom random{1};
  std::unique_ptr<Engine> engine;
  RealmId realm;
  session::SessionKey key;
};

TEST(ClockTest, JumpAheadEndsNothingAtOnce) {
  Server server;
  server.clock.wall_ms += Duration::days(365).ms;
  server.clock.pass(Duration::seconds(5));
  EXPECT_EQ(server.live(), 1U);
  server.clock.wall_ms -= Duration::days(365).ms;
  server.clock.pass(Duration::seconds(5));
  EXPECT_EQ(server.live(), 1U);
}

TEST(ClockTest, StartInTheFarFutureEndsNothingBeforeTheClockIsSetRight) {
  Server server;
  const Time begin = server.clock.now();
  server.clock.wall_ms += Duration::days(365).ms;
  server.restart();
  EXPECT_TRUE(server.active()) << "before the first round, too";
  EXPECT_EQ(server.engine->counters().clock_ahead, Duration::days(365));
  EXPECT_EQ(server.live(), 1U);
  EXPECT_LT(server.last_access(), begin + Duration::minutes(1)) << "what is used meanwhile has no time that never was";
  server.clock.wall_ms -= Duration::days(365).ms - Duration::minutes(1).ms;
  EXPECT_EQ(server.live(), 1U);
  EXPECT_TRUE(server.active());
  EXPECT_EQ(server.engine->counters().clock_ahead, Duration{});
  server.clock.pass(Duration::hours(1));
  EXPECT_EQ(server.live(), 0U) << "its policy is on again";
}

TEST(ClockTest, AnotherStartWithTheSameWrongClockEndsNothingEither) {
  Server server;
  server.clock.wall_ms += Duration::days(365).ms;
  for (int i = 0; i < 3; ++i) {
    server.restart();
    server.record();
    EXPECT_EQ(server.live(), 1U) << "start " << i;
  }
}

TEST(ClockTest, WhatWasUsedDuringAJumpThatLastsIsInUse) {
  Server server;
  server.clock.wall_ms += Duration::hours(1).ms;  // the machine slept
  for (int minute = 0; minute < 9; ++minute) {
    server.clock.pass(Duration::minutes(1));
    EXPECT_EQ(server.live(), 1U);
    EXPECT_TRUE(server.active()) << "minute " << minute;
  }
  const Time used = server.clock.now();
  server.clock.pass(Duration::minutes(5));
  EXPECT_EQ(server.live(), 1U);
  EXPECT_EQ(server.last_access(), used);
  server.clock.pass(Duration::minutes(31));
  EXPECT_EQ(server.live(), 0U);
}

TEST(ClockTest, WhatWasUsedDuringAJumpThatIsTakenBackHasTheRightTime) {
  Server server;
  server.clock.wall_ms += Duration::days(365).ms;
  EXPECT_EQ(server.live(), 1U);
  server.clock.pass(Duration::minutes(5));
  EXPECT_EQ(server.live(), 1U);
  EXPECT_TRUE(server.active());
  server.clock.wall_ms -= Duration::days(365).ms;
  const Time used = server.clock.now();
  server.clock.pass(Duration::minutes(1));
  EXPECT_EQ(server.live(), 1U);
  EXPECT_EQ(server.last_access(), used);
}

TEST(ClockTest, LongPauseIsBelievedWhenTheClockKeepsSayingSo) {
  Server server;
  server.clock.wall_ms += Duration::days(365).ms;
  server.restart();
  EXPECT_EQ(server.live(), 1U);
  server.clock.pass(ClockGuard::kQuarantine);
  EXPECT_EQ(server.live(), 0U);
}

TEST(ClockTest, ShortPauseIsBelievedAtOnce) {
  Server server;
  server.clock.wall_ms += Duration::days(2).ms;
  server.restart();
  EXPECT_FALSE(server.active());
  EXPECT_EQ(server.live(), 0U);
}

}  // namespace
}  // namespace curfew::engine
