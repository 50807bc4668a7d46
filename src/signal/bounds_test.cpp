// However many sessions a user has or users an address: bounded work, bounded memory, and still right.
#include "signal/testing.h"

namespace curfew::signal {
namespace {

using testing::World;

TEST(Bounds, AUserWithTenThousandSessions) {
  World world;
  std::vector<index::Handle> sessions;
  for (int i = 0; i < 10'000; ++i) {
    world.pass(Duration{500});
    sessions.push_back(world.start({"robot", "192.0.2." + std::to_string(i % 200)}));
  }
  world.settle();
  const auto found = world.finding("robot", Rule::kManySessions);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->sessions.size(), kSessionsLookedAt);
  EXPECT_EQ(found->evidence.size(), kMostEvidence);
  EXPECT_LE(world.watch.profile_bytes(World::kRealm, world.number("robot")).size(), 80U);
  world.verify_marks();
  for (std::size_t i = 8; i < sessions.size(); ++i) world.end(sessions[i]);
  world.settle();
  EXPECT_FALSE(world.findings("robot"));
  world.verify_marks();
}

TEST(Bounds, AHundredThousandUsersOnOneAddress) {
  World world;
  for (int i = 0; i < 100'000; ++i) world.start({"u" + std::to_string(i), "203.0.113.1"});
  world.settle();
  EXPECT_EQ(world.watch.rule_counts()[static_cast<std::size_t>(Rule::kSharedAddress)], 100'000U);
  EXPECT_EQ(world.reason("u5", Rule::kSharedAddress), "4096 or more users on address 203.0.113.1");
  EXPECT_LE(world.watch.take_raised().size(), Watch::kMostRaised);
  EXPECT_EQ(world.watch.attention({{World::kRealm}, {}, {}, 50'000, 25}).rows.size(), 25U);
}

TEST(Bounds, AProfileForgetsWhatWasUsedLongestAgo) {
  World world;
  for (int i = 0; i < 400; ++i) {
    world.pass(Duration::hours(2));
    const index::Handle session = world.start(
        {"nomad", "203." + std::to_string(i % 250) + ".1.1", "agent with a rather long name " + std::to_string(i)});
    world.end(session);
  }
  const auto profile = decode_profile(world.watch.profile_bytes(World::kRealm, world.number("nomad")));
  ASSERT_TRUE(profile.has_value());
  EXPECT_EQ(profile->networks.size(), Profile::kMostSeenNetworks);
  EXPECT_EQ(profile->devices.size(), Profile::kMostSeenDevices);
  EXPECT_NE(find_key(profile->devices, "ua:agent with a rather long name 399"), nullptr);
  EXPECT_EQ(find_key(profile->devices, "ua:agent with a rather long name 390"), nullptr);
}

TEST(Bounds, AnOrdinaryProfileIsSmallAndSettles) {
  World world;
  std::vector<DirtyProfile> dirty;
  for (int day = 0; day < 30; ++day) {
    world.end(world.start({"ann", "192.0.2.1", "Firefox on Windows"}));
    world.end(world.start({"ann", "198.51.100.1", "Safari on iOS"}));
    world.pass(Duration::days(1));
  }
  EXPECT_LE(world.watch.profile_bytes(World::kRealm, world.number("ann")).size(), 90U);
  world.watch.take_dirty(100, dirty);
  dirty.clear();
  for (int i = 0; i < 20; ++i) world.end(world.start({"ann", "192.0.2.1"}));
  world.watch.take_dirty(100, dirty);
  EXPECT_LE(dirty.size(), 1U);  // starts as usual leave nothing to store, but once an hour
  dirty.clear();
  for (int i = 0; i < 20; ++i) world.end(world.start({"ann", "192.0.2.1"}));
  world.watch.take_dirty(100, dirty);
  EXPECT_TRUE(dirty.empty());
}

}  // namespace
}  // namespace curfew::signal
