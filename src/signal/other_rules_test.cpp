// With what, how many, and what happened at a moment: each rule at its threshold, and just below it.
#include "signal/testing.h"

namespace curfew::signal {
namespace {

using testing::World;

TEST(NewDevice, IsRaisedAfterLearningAndLapses) {
  World world;
  world.learn("ann");
  world.start({"ann", "198.51.100.7", "Safari on iOS"});
  const auto found = world.finding("ann", Rule::kNewDevice);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->reason, "first time with Safari on iOS");
  EXPECT_EQ(found->severity, Severity::kLow);
  const auto devices = world.watch.devices(World::kRealm, world.number("ann"), world.now);
  ASSERT_EQ(devices.size(), 2U);
  EXPECT_FALSE(devices[0].fresh);
  EXPECT_TRUE(devices[1].fresh);
  EXPECT_EQ(devices[1].key, "ua:Safari on iOS");
  world.pass(Duration::minutes(7 * 24 * 60 + 1));
  world.settle();
  EXPECT_FALSE(world.findings("ann"));
}

TEST(NewDevice, HeedsItsOwnLearningPeriod) {
  Settings settings = Settings::defaults();
  settings.rules[Rule::kNewDevice].learning_period = Duration::days(60);
  World world(settings);
  world.learn("ann");
  world.start({"ann", "203.0.113.1", "Safari on iOS"});
  EXPECT_FALSE(world.finding("ann", Rule::kNewDevice));
  EXPECT_TRUE(world.finding("ann", Rule::kNewNetwork));
  settings.rules[Rule::kNewDevice].learning_period = Duration::days(14);
  world.set(settings);
  world.settle();
  EXPECT_TRUE(world.finding("ann", Rule::kNewDevice));  // the rule decides anew about what was seen already
}

TEST(TokenReplay, IsAnotherNetworkAndAnotherDeviceInOneSession) {
  World world;
  const index::Handle moved = world.start({"moved", "192.0.2.1"}), updated = world.start({"updated", "192.0.2.1"}),
                      both = world.start({"both", "192.0.2.1"});
  world.pass(Duration::minutes(1));
  world.update(moved, "203.0.113.1", "Firefox on Windows");
  world.update(updated, "192.0.2.77", "curl");
  world.update(both, "203.0.113.1", "curl");
  EXPECT_FALSE(world.finding("moved", Rule::kTokenReplay));
  EXPECT_FALSE(world.finding("updated", Rule::kTokenReplay));
  const auto found = world.finding("both", Rule::kTokenReplay);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->severity, Severity::kHigh);
  EXPECT_EQ(found->reason, "went on from 192.0.2.1 to 203.0.113.1 with another device");
  world.verify_marks();
}

TEST(TokenReplay, IsNotWithinWhatIsTrusted) {
  World world(testing::with_office());
  const index::Handle session = world.start({"ann", "10.20.1.1"});
  world.pass(Duration::minutes(1));
  world.update(session, "10.20.9.1", "curl");
  EXPECT_FALSE(world.findings("ann"));
}

TEST(Awakened, IsUsedAgainAfterItsRestAndLapses) {
  World world;
  const index::Handle slept = world.start({"slept", "192.0.2.1"}), napped = world.start({"napped", "192.0.2.1"});
  world.pass(Duration::minutes(14 * 24 * 60 - 1));
  world.touch(napped, "192.0.2.1");
  world.pass(Duration::minutes(1));
  world.touch(slept, "192.0.2.1");
  EXPECT_FALSE(world.findings("napped"));
  EXPECT_EQ(world.reason("slept", Rule::kAwakened), "used again after 14 d of rest");
  world.pass(Duration::minutes(24 * 60 + 1));
  world.settle();
  EXPECT_FALSE(world.findings("slept"));
}

TEST(Awakened, IsARepeatedStartToo) {
  World world;
  const index::Handle session = world.start({"ann", "192.0.2.1"});
  world.pass(Duration::days(20));
  world.update(session, "192.0.2.1", "Firefox on Windows");
  EXPECT_EQ(world.reason("ann", Rule::kAwakened), "used again after 20 d of rest");
}

TEST(ManySessions, AreMoreThanTheFloorAndFarMoreThanUsual) {
  World world;
  for (int user = 0; user < 40; ++user)
    for (int i = 0; i < 2; ++i) world.start({"u" + std::to_string(user), "192.0.2.1"});
  for (int i = 0; i < 10; ++i) world.start({"ann", "198.51.100.1"});
  world.settle();
  EXPECT_FALSE(world.finding("ann", Rule::kManySessions));
  const index::Handle last = world.start({"ann", "198.51.100.1"});
  EXPECT_EQ(world.reason("ann", Rule::kManySessions), "11 sessions, where half of the users have 2 or fewer");
  EXPECT_EQ(world.finding("ann", Rule::kManySessions)->threshold, "more than 10 sessions");
  world.end(last);
  EXPECT_FALSE(world.finding("ann", Rule::kManySessions));
}

TEST(ManySessions, AreUsualWhereManyHaveThem) {
  World world;
  // Median 10, median deviation 4: 30 are still usual.
  for (int user = 0; user < 30; ++user)
    for (int i = 0; i < 6 + user % 3 * 4; ++i) world.start({"u" + std::to_string(user), "10.0.0.1"});
  world.settle();
  for (int i = 0; i < 30; ++i) world.start({"ann", "198.51.100.1"});
  world.settle();
  EXPECT_FALSE(world.finding("ann", Rule::kManySessions));
  world.start({"ann", "198.51.100.1"});
  EXPECT_TRUE(world.finding("ann", Rule::kManySessions));
}

TEST(SharedAddress, ConcernsEverybodyThereAtTheThreshold) {
  World world;
  for (int user = 0; user < 19; ++user)
    for (int i = 0; i < 2; ++i) world.start({"u" + std::to_string(user), "203.0.113.1"});
  world.settle();
  EXPECT_FALSE(world.findings("u0"));
  const index::Handle twentieth = world.start({"ann", "203.0.113.1"});
  EXPECT_EQ(world.reason("ann", Rule::kSharedAddress), "20 users on address 203.0.113.1");
  world.settle();
  EXPECT_EQ(world.reason("u0", Rule::kSharedAddress), "20 users on address 203.0.113.1");
  EXPECT_EQ(world.watch.rule_counts()[static_cast<std::size_t>(Rule::kSharedAddress)], 20U);
  world.end(twentieth);
  world.settle();
  EXPECT_FALSE(world.findings("u0"));
  world.verify_marks();
}

TEST(SharedAddress, IsUsualWhereTheRealmTrustsIt) {
  World world(testing::with_office());
  for (int user = 0; user < 40; ++user) world.start({"u" + std::to_string(user), "10.20.0.1"});
  world.settle();
  EXPECT_FALSE(world.findings("u0"));
}

TEST(SharedDevice, IsOneThatTheCallerNames) {
  World world;
  for (int user = 0; user < 9; ++user)
    world.start({"u" + std::to_string(user), "192.0.2." + std::to_string(user), "Firefox on Windows", "kiosk"});
  world.settle();
  EXPECT_FALSE(world.findings("u0"));
  world.start({"ann", "198.51.100.1", "Firefox on Windows", "kiosk"});
  EXPECT_EQ(world.reason("ann", Rule::kSharedDevice), "10 users on device kiosk");
  world.settle();
  EXPECT_TRUE(world.finding("u0", Rule::kSharedDevice));
}

TEST(SharedDevice, IsNotAFamilyOfBrowsers) {
  World world;
  for (int user = 0; user < 30; ++user)
    world.start({"u" + std::to_string(user), "192.0.2." + std::to_string(user), "Firefox on Windows"});
  world.settle();
  EXPECT_FALSE(world.findings("u0"));
}

TEST(Idle, IsByTypeAndByTimeAlone) {
  const Settings settings = Settings::defaults();
  const Time used = World::kBegin;
  const auto idle = [&](session::SessionType type, Duration rest) {
    return idle_finding(settings, type, SessionNo{1}, "ann", testing::ip("192.0.2.1"), used, used + rest);
  };
  EXPECT_FALSE(idle(session::SessionType::kRegular, Duration{Duration::days(7).ms - 1}));
  ASSERT_TRUE(idle(session::SessionType::kRegular, Duration::days(7)));
  EXPECT_EQ(idle(session::SessionType::kRegular, Duration::days(7))->reason, "not used for 7 d");
  EXPECT_FALSE(idle(session::SessionType::kOffline, Duration::days(29)));
  EXPECT_TRUE(idle(session::SessionType::kOffline, Duration::days(30)));
}

TEST(Rules, ThatAreOffRaiseNothing) {
  Settings settings = Settings::defaults();
  for (RuleSettings& rule : settings.rules.by_rule) rule.enabled = false;
  World world(settings);
  world.learn("ann");
  for (int i = 0; i < 30; ++i)
    world.start({"ann", "203.0." + std::to_string(i) + ".1", "agent " + std::to_string(i), "kiosk"});
  world.settle();
  EXPECT_FALSE(world.findings("ann"));
}

}  // namespace
}  // namespace curfew::signal
