#include "engine/simulation.h"

#include <gtest/gtest.h>

#include <random>

#include "engine/test_world.h"

namespace curfew::engine {
namespace {

using session::EndCause;

struct SimulationTest : testing::Test {
  World world;
  RealmId realm = world.realm("production");

  void start(const std::string& id, const std::string& user, Duration age, Duration idle,
             session::SessionType type = session::SessionType::kRegular) {
    session::Session s = world.session(realm, id, user);
    s.key.type = type;
    s.started = world.clock.now() - age;
    s.last_access = world.clock.now() - idle;
    for (session::ClientLink& client : s.clients) client.since = s.started;
    ASSERT_EQ(world.start(s), session::Outcome::kStarted);
  }
  Simulation run(const session::Policy& policy) {
    return simulate(world.engine->index(), realm, policy, world.clock.now());
  }
};

TEST_F(SimulationTest, SaysWhatThePolicyWouldEndAndWhyAndChangesNothing) {
  start("fresh", "jane", Duration::hours(1), Duration::minutes(1));
  start("idle", "jane", Duration::hours(2), Duration::minutes(31));
  start("old", "john", Duration::hours(30), Duration::minutes(2));
  start("phone", "john", Duration::hours(50), Duration::hours(40), session::SessionType::kOffline);
  session::Policy policy;
  policy.idle_timeout = Duration::minutes(30);
  policy.max_lifetime = Duration::hours(24);
  const Simulation would = run(policy);
  EXPECT_EQ(would.matched.sessions, 2U);
  EXPECT_EQ(would.matched.offline, 0U);
  EXPECT_EQ(would.matched.users, 2U);
  EXPECT_EQ(would.causes, (std::map<EndCause, std::uint64_t>{{EndCause::kIdle, 1}, {EndCause::kLifetime, 1}}));
  ASSERT_EQ(would.sample.size(), 2U);
  EXPECT_EQ(would.sample[0].key.id, "idle");
  EXPECT_EQ(world.engine->index().size(), 4U);
}

TEST_F(SimulationTest, CountsTheVictimsOfALimitBesideThoseThatTimeEnds) {
  for (int i = 0; i < 5; ++i) start("j" + std::to_string(i), "jane", Duration::hours(10 - i), Duration::minutes(i));
  start("k", "john", Duration::hours(1), Duration::minutes(1));
  session::Policy policy;
  policy.max_lifetime = Duration::hours(10);
  policy.max_sessions_per_user = 2;
  const Simulation would = run(policy);
  EXPECT_EQ(would.causes, (std::map<EndCause, std::uint64_t>{{EndCause::kLifetime, 1}, {EndCause::kConcurrent, 2}}));
  EXPECT_EQ(would.matched.sessions, 3U);
  EXPECT_EQ(would.matched.users, 1U);
}

TEST_F(SimulationTest, APolicyWithoutLimitsEndsNothing) {
  start("a", "jane", Duration::days(300), Duration::days(200));
  EXPECT_EQ(run({}).matched.sessions, 0U);
  EXPECT_EQ(simulate(world.engine->index(), RealmId{77}, {}, world.clock.now()).matched.sessions, 0U);
}

TEST_F(SimulationTest, WhatItForetellsIsWhatTheSweepThenEnds) {
  std::mt19937_64 random(42);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  for (int i = 0; i < 300; ++i) {
    const auto age = static_cast<std::int64_t>(below(40)) + 1;
    start("s" + std::to_string(i), "u" + std::to_string(below(60)), Duration::hours(age),
          Duration::minutes(static_cast<std::int64_t>(below(static_cast<std::uint64_t>(age) * 60))));
  }
  session::PolicyChange change;
  change.idle_timeout = Duration::hours(3);
  change.max_lifetime = Duration::hours(24);
  const std::uint64_t foretold = run(session::changed({}, change)).matched.sessions;
  EXPECT_GT(foretold, 50U);
  world.engine->update_realm(realm, {}, change, World::by("setup"), [](const Result<Realm>& r) { ASSERT_TRUE(r); });
  world.run();
  world.clock.advance(Duration::seconds(2));
  world.run();
  EXPECT_EQ(300 - world.engine->index().size(), foretold);
}

}  // namespace
}  // namespace curfew::engine
