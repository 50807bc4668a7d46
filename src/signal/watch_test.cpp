// Cases: what raises a severity, what silences it, who needs attention, and the incident that all of it is for.
#include "signal/watch.h"

#include "signal/testing.h"

namespace curfew::signal {
namespace {

using testing::World;

Suppression quiet(Time expires) {
  Suppression out;
  out.id = "s";
  out.reason = "known";
  out.expires = expires;
  return out;
}

// The day that the product is shown with: jane.doe works in the office; six days ago, while she was still being learnt
// of, she was at home; now three networks that nobody knows are in use beside the office.
struct Incident {
  World world{testing::with_office()};
  std::vector<index::Handle> strangers;

  Incident() {
    world.end(world.start({"jane.doe", "10.20.7.1"}));
    world.pass(Duration::days(13));
    world.start({"jane.doe", "198.51.100.9"});  // at home, within the learning period
    world.pass(Duration::days(6));
    world.start({"jane.doe", "10.20.4.2"});
    for (const char* address : {"203.0.113.5", "192.0.2.80", "185.220.101.4"}) {
      world.pass(Duration::minutes(10));
      strangers.push_back(world.start({"jane.doe", address, "Chrome on Linux"}));
    }
  }
};

TEST(Incident, HasItsReasonAndIsHigh) {
  Incident incident;
  const auto found = incident.world.findings("jane.doe");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->severity, Severity::kHigh);
  EXPECT_EQ(found->findings.front().rule, Rule::kManyNetworks);
  EXPECT_EQ(found->findings.front().severity, Severity::kHigh);
  EXPECT_EQ(found->findings.front().reason, "4 networks at once, 3 of them never seen before");
  EXPECT_EQ(found->findings.front().sessions.size(), 4U);
  incident.world.verify_marks();
}

TEST(Incident, IsOverWhenOnlyTheOfficeIsLeft) {
  Incident incident;
  for (const index::Handle& session : incident.strangers) incident.world.end(session);
  EXPECT_FALSE(incident.world.findings("jane.doe"));
  EXPECT_EQ(incident.world.watch.attention({{World::kRealm}, {}, {}, 0, 10}).total, 0U);
  incident.world.verify_marks();
}

TEST(Incident, IsToldOnceForEachOfItsRules) {
  Incident incident;
  std::array<int, kRules> told{};
  for (const Raised& raised : incident.world.watch.take_raised())
    for (const Finding& finding : raised.findings.findings) ++told[static_cast<std::size_t>(finding.rule)];
  EXPECT_EQ(told[static_cast<std::size_t>(Rule::kManyNetworks)], 1);
  EXPECT_EQ(told[static_cast<std::size_t>(Rule::kNewNetwork)], 1);
  EXPECT_EQ(told[static_cast<std::size_t>(Rule::kNewDevice)], 1);
  incident.world.settle();
  EXPECT_TRUE(incident.world.watch.take_raised().empty());
}

TEST(Severity, IsThatOfTheRuleWhereItStandsAlone) {
  World world;
  world.learn("ann");
  world.start({"ann", "203.0.113.1"});
  EXPECT_EQ(world.findings("ann")->severity, Severity::kLow);
}

TEST(Severity, RisesWhenPlaceAndDeviceAreNewInOneSession) {
  World together, apart;
  for (World* world : {&together, &apart}) world->learn("ann");
  together.start({"ann", "203.0.113.1", "curl"});
  apart.start({"ann", "203.0.113.1"});
  apart.start({"ann", "198.51.100.7", "curl"});
  EXPECT_EQ(together.findings("ann")->severity, Severity::kMedium);
  EXPECT_EQ(apart.findings("ann")->severity, Severity::kLow);
}

TEST(Severity, IsHighByTwoIndependentReasons) {
  World world;
  for (const char* address : {"192.0.2.1", "198.51.100.1", "203.0.113.1", "203.0.114.1"}) world.start({"ann", address});
  EXPECT_EQ(world.findings("ann")->severity, Severity::kMedium);
  for (int i = 0; i < 8; ++i) world.start({"ann", "192.0.2.1"});  // twelve sessions: a matter of numbers, not of places
  EXPECT_EQ(world.findings("ann")->severity, Severity::kHigh);
}

TEST(Severity, OfASessionIsThatOfItsWorstFinding) {
  World world;
  const index::Handle session = world.start({"ann", "192.0.2.1"});
  world.pass(Duration::days(20));
  world.update(session, "203.0.113.1", "curl");
  EXPECT_EQ(world.index.marks(session) & (index::kLowSeverity | index::kMediumSeverity | index::kHighSeverity),
            index::kHighSeverity);
  world.verify_marks();
}

TEST(Suppression, SilencesWhatItNamesUntilItExpires) {
  Settings settings = Settings::defaults();
  World world;
  world.learn("ann");
  const index::Handle session = world.start({"ann", "203.0.113.1"});
  ASSERT_TRUE(world.findings("ann"));
  settings.suppressions.push_back(quiet(world.now + Duration::hours(2)));
  settings.suppressions.back().user_id = "ann";
  settings.suppressions.back().rule = Rule::kNewNetwork;
  world.set(settings);
  world.settle();
  EXPECT_FALSE(world.findings("ann"));
  EXPECT_EQ(world.index.marks(session), 0);
  world.pass(Duration::hours(2));
  world.settle();
  EXPECT_TRUE(world.finding("ann", Rule::kNewNetwork));
  world.verify_marks();
}

TEST(Suppression, OfANetworkADeviceOrAnotherRuleIsNoMoreThanThat) {
  Settings settings = Settings::defaults();
  Suppression of_network = quiet(World::kBegin + Duration::days(90)), of_device = of_network;
  of_network.network = *Cidr::parse("203.0.113.0/24");
  of_device.device = "ua:curl";
  settings.suppressions = {of_network, of_device};
  World world(settings);
  world.learn("ann");
  world.start({"ann", "203.0.113.1"});
  world.start({"ann", "198.51.100.7", "curl"});
  EXPECT_FALSE(world.findings("ann"));
  world.start({"ann", "203.0.114.1"});
  EXPECT_EQ(world.reason("ann", Rule::kNewNetwork), "first time in 203.0.114.0/24");
}

TEST(Attention, IsTheMostSevereFirstThenTheLatest) {
  World world;
  for (const char* user : {"low1", "low2", "mid"}) world.learn(user);
  world.start({"low1", "203.0.113.1"});
  world.pass(Duration::minutes(1));
  world.start({"low2", "203.0.113.1"});
  world.pass(Duration::minutes(1));
  world.start({"mid", "203.0.113.1", "curl"});
  const index::Handle replayed = world.start({"high", "192.0.2.1"});
  world.pass(Duration::minutes(1));
  world.update(replayed, "203.0.113.1", "curl");
  const auto names = [&](std::optional<Severity> least, std::optional<Rule> rule, std::uint64_t offset,
                         std::size_t limit) {
    const AttentionQuery query{{World::kRealm}, least, rule, offset, limit};
    std::string out;
    for (const AttentionPage::Row& row : world.watch.attention(query).rows) {
      if (!out.empty()) out += ' ';
      out += world.index.user_id(row.realm, row.user);
    }
    return out;
  };
  EXPECT_EQ(names({}, {}, 0, 25), "high mid low2 low1");
  EXPECT_EQ(names({}, {}, 1, 2), "mid low2");
  EXPECT_EQ(names(Severity::kMedium, {}, 0, 25), "high mid");
  EXPECT_EQ(names({}, Rule::kNewDevice, 0, 25), "mid");
  EXPECT_EQ(names(Severity::kHigh, Rule::kNewDevice, 0, 25), "");
  EXPECT_EQ(names({}, {}, 9, 25), "");
  EXPECT_EQ(world.watch.attention({{World::kRealm}, Severity::kMedium, {}, 9, 1}).total, 2U);
  const RealmId realms[] = {World::kRealm};
  const SeverityCounts counts = world.watch.counts(realms);
  EXPECT_EQ(counts.low, 2U);
  EXPECT_EQ(counts.medium, 1U);
  EXPECT_EQ(counts.high, 1U);
}

TEST(Start, TellsNothingOldAsNews) {
  World world;
  world.learn("ann");
  world.start({"ann", "203.0.113.1"});
  Watch again(world.index, {});
  again.set_realm(World::kRealm, std::make_shared<const Settings>());
  again.load_profile(World::kRealm, world.number("ann"), world.watch.profile_bytes(World::kRealm, world.number("ann")));
  again.loaded(world.now);
  ASSERT_TRUE(again.findings(World::kRealm, world.number("ann")));
  EXPECT_EQ(*again.findings(World::kRealm, world.number("ann")), *world.findings("ann"));
  EXPECT_TRUE(again.take_raised().empty());
}

// Who was there before profiles were: what their sessions tell is kept, so that the end of one can't make news of it.
TEST(Start, KeepsWhatIsLearntOfThoseWhoHaveNoProfile) {
  World world;
  Watch fresh(world.index, {});
  fresh.set_realm(World::kRealm, std::make_shared<const Settings>());
  const index::Handle first = world.start({"ann", "203.0.113.1"});
  world.pass(Duration::days(1));
  world.start({"ann", "198.51.100.7"});
  world.pass(Duration::days(20));
  const index::Handle last = world.start({"ann", "203.0.113.2"});
  fresh.loaded(world.now);
  EXPECT_FALSE(fresh.profile_bytes(World::kRealm, world.number("ann")).empty());
  world.end(first);
  fresh.ended(World::kRealm, world.number("ann"), first.no, world.now);
  world.pass(Duration::hours(1));
  const index::RowView row = world.index.view(last);
  world.touch(last, "203.0.113.2");
  fresh.touched(last, {row.last_access, row.ip, row.device_hash}, world.now);
  EXPECT_FALSE(fresh.findings(World::kRealm, world.number("ann")));
}

TEST(Sessions, BeyondThoseLookedAtComeBackWhenLaterOnesEnd) {
  Settings settings = Settings::defaults();
  settings.rules[Rule::kManySessions].enabled = false;
  World world(settings);
  world.learn("ann");
  world.start({"ann", "203.0.113.1"});
  std::vector<index::Handle> office;
  for (std::size_t i = 0; i < kSessionsLookedAt; ++i) office.push_back(world.start({"ann", "198.51.100.7"}));
  for (const char* user : {"bob", "cid", "dan"}) world.start({user, "192.0.2.1"});  // what is usual stays as it is
  world.settle();
  EXPECT_FALSE(world.findings("ann"));
  world.verify_marks();
  world.end(office.back());
  world.settle();
  EXPECT_TRUE(world.finding("ann", Rule::kNewNetwork));
  world.verify_marks();
}

TEST(Crowd, IsHeededByALowerFloorAtOnce) {
  Settings settings = Settings::defaults();
  World world(settings);
  std::vector<index::Handle> others;
  for (int i = 0; i < 8; ++i) {
    world.start({"ann", "198.51.100.1"});
    for (int user = 0; user < 40; ++user) {
      const index::Handle session = world.start({"u" + std::to_string(user), "10.0." + std::to_string(user) + ".1"});
      if (i > 0) others.push_back(session);
    }
  }
  settings.rules[Rule::kManySessions].threshold = 5;
  world.set(settings);
  world.settle();
  EXPECT_FALSE(world.findings("ann"));  // eight, as everybody
  for (const index::Handle& session : others) world.end(session);
  world.settle();
  EXPECT_EQ(world.reason("ann", Rule::kManySessions), "8 sessions, where half of the users have 1 or fewer");
}

TEST(User, WhoIsForgottenIsAnotherAfterwards) {
  World world;
  world.learn("ann");
  const std::uint32_t number = world.number("ann");
  EXPECT_FALSE(world.watch.profile_bytes(World::kRealm, number).empty());
  {
    const index::Index::WriteLock lock(world.index);
    ASSERT_TRUE(world.index.forget_user(World::kRealm, "ann"));
    world.watch.forget_user(World::kRealm, number);
  }
  EXPECT_TRUE(world.watch.profile_bytes(World::kRealm, number).empty());
  world.start({"bob", "203.0.113.1"});
  EXPECT_FALSE(world.findings("bob"));
}

// What is stored, and the findings that a watch makes of that and of the live sessions.
struct Again {
  Watch watch;
  Again(World& world, const std::vector<DirtyProfile>& stored) : watch(world.index, {}) {
    watch.set_realm(World::kRealm, std::make_shared<const Settings>(Settings::defaults()));
    for (const DirtyProfile& profile : stored) watch.load_profile(profile.realm, profile.user, profile.bytes);
    watch.loaded(world.now);
  }
};

TEST(Restart, FindsWhatWasLearntAfterTheProfileWasStored) {
  World world;
  world.learn("ann");
  std::vector<DirtyProfile> stored;
  world.watch.take_dirty(100, stored);
  ASSERT_EQ(stored.size(), 1U);
  world.start({"ann", "203.0.113.5", "Chrome on Linux"});
  const UserFindings before = *world.findings("ann");
  ASSERT_EQ(before.findings.size(), 2U);
  Again crashed(world, stored);
  const auto after = crashed.watch.findings(World::kRealm, world.number("ann"));
  ASSERT_TRUE(after);
  EXPECT_EQ(*after, before);
  // It is to be stored now.
  std::vector<DirtyProfile> dirty;
  crashed.watch.take_dirty(100, dirty);
  ASSERT_EQ(dirty.size(), 1U);
  EXPECT_EQ(dirty.front().bytes, world.watch.profile_bytes(World::kRealm, world.number("ann")));
}

TEST(Restart, StoresNothingWhereNothingWasMissed) {
  World world;
  world.learn("ann");
  world.start({"ann", "203.0.113.5", "Chrome on Linux"});
  std::vector<DirtyProfile> stored, dirty;
  world.watch.take_dirty(100, stored);
  world.pass(Duration::minutes(1));
  world.start({"ann", "203.0.113.5", "Chrome on Linux"});  // teaches nothing
  Again again(world, stored);
  EXPECT_FALSE(again.watch.take_dirty(100, dirty));
  EXPECT_TRUE(dirty.empty());
}

}  // namespace
}  // namespace curfew::signal
