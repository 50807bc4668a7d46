// Where sessions are: each rule at its threshold, and just below it.
#include "signal/testing.h"

namespace curfew::signal {
namespace {

using testing::place;
using testing::World;

TEST(ManyNetworks, AreRaisedAtTheThresholdAndNotBelow) {
  World world;
  for (const char* address : {"192.0.2.1", "198.51.100.1", "203.0.113.1"}) world.start({"ann", address});
  EXPECT_FALSE(world.finding("ann", Rule::kManyNetworks));
  world.start({"ann", "203.0.114.1"});
  const auto found = world.finding("ann", Rule::kManyNetworks);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->reason, "4 networks at once");
  EXPECT_EQ(found->threshold, "4 networks within 1 h");
  EXPECT_EQ(found->sessions.size(), 4U);
  EXPECT_EQ(found->severity, Severity::kMedium);
}

TEST(ManyNetworks, CountNetworksAndNotAddresses) {
  World world;
  for (int i = 1; i < 30; ++i) world.start({"ann", "192.0.2." + std::to_string(i)});
  EXPECT_FALSE(world.finding("ann", Rule::kManyNetworks));
}

TEST(ManyNetworks, OfOneAutonomousSystemAreOne) {
  std::map<std::string, device::Place> places;
  for (int i = 0; i < 8; ++i) places["192.0." + std::to_string(i) + ".1"] = place("DE", 52, 13, 64500);
  World world(Settings::defaults(), places);
  for (const auto& [address, where] : places) world.start({"ann", address});
  EXPECT_FALSE(world.finding("ann", Rule::kManyNetworks));
}

TEST(ManyNetworks, CountWhatIsTrustedAsOne) {
  World world(testing::with_office());
  for (int i = 0; i < 6; ++i) world.start({"ann", "10.20." + std::to_string(i) + ".1"});
  for (const char* address : {"192.0.2.1", "198.51.100.1"}) world.start({"ann", address});
  EXPECT_FALSE(world.finding("ann", Rule::kManyNetworks));
  world.start({"ann", "203.0.113.1"});
  EXPECT_EQ(world.reason("ann", Rule::kManyNetworks), "4 networks at once");
}

TEST(ManyNetworks, LapseWhenNobodyUsesThem) {
  World world;
  for (const char* address : {"192.0.2.1", "198.51.100.1", "203.0.113.1", "203.0.114.1"}) world.start({"ann", address});
  ASSERT_TRUE(world.finding("ann", Rule::kManyNetworks));
  world.pass(Duration::minutes(59));
  world.settle();
  EXPECT_TRUE(world.finding("ann", Rule::kManyNetworks));
  world.pass(Duration::minutes(2));
  world.settle();
  EXPECT_FALSE(world.finding("ann", Rule::kManyNetworks));
  world.verify_marks();
}

TEST(ManyNetworks, AreSeenAgainWhenSessionsGoOn) {
  World world;
  std::vector<index::Handle> sessions;
  for (const char* address : {"192.0.2.1", "198.51.100.1", "203.0.113.1", "203.0.114.1"}) {
    sessions.push_back(world.start({"ann", address}));
    world.pass(Duration::hours(2));
  }
  EXPECT_FALSE(world.finding("ann", Rule::kManyNetworks));
  world.touch(sessions[0], "192.0.2.1");
  world.touch(sessions[1], "198.51.100.1");
  world.touch(sessions[2], "203.0.113.1");
  EXPECT_FALSE(world.finding("ann", Rule::kManyNetworks));
  world.touch(sessions[3], "203.0.114.1");
  world.settle();  // touches come in masses: what they bring about is left to the sweep
  EXPECT_TRUE(world.finding("ann", Rule::kManyNetworks));
}

TEST(NewNetwork, IsRaisedAfterTheLearningPeriodAlone) {
  World world;
  world.start({"ann", "192.0.2.1"});
  world.pass(Duration::days(14));
  world.start({"ann", "198.51.100.1"});
  EXPECT_FALSE(world.finding("ann", Rule::kNewNetwork));
  world.pass(Duration::seconds(1));
  world.start({"ann", "203.0.113.1"});
  EXPECT_EQ(world.reason("ann", Rule::kNewNetwork), "first time in 203.0.113.0/24");
  EXPECT_EQ(world.finding("ann", Rule::kNewNetwork)->sessions.size(), 1U);
}

TEST(NewNetwork, IsRaisedAfterSoManySessionsThoughThePeriodLasts) {
  World world;
  for (int i = 0; i < 9; ++i) {
    world.pass(Duration::minutes(1));
    world.start({"ann", "192.0.2.1"});
  }
  world.start({"ann", "198.51.100.1"});  // the tenth
  EXPECT_FALSE(world.finding("ann", Rule::kNewNetwork));
  world.start({"ann", "203.0.113.1"});
  EXPECT_EQ(world.reason("ann", Rule::kNewNetwork), "first time in 203.0.113.0/24");
}

TEST(NewNetwork, StaysForItsTimeAndIsKnownAfterwards) {
  World world;
  world.learn("ann");
  const index::Handle session = world.start({"ann", "203.0.113.1"});
  world.pass(Duration::minutes(7 * 24 * 60 - 5));
  world.settle();
  EXPECT_TRUE(world.finding("ann", Rule::kNewNetwork));
  world.pass(Duration::minutes(5));
  world.settle();
  EXPECT_FALSE(world.findings("ann"));
  world.end(session);
  world.start({"ann", "203.0.113.9"});
  EXPECT_FALSE(world.findings("ann"));
}

TEST(NewNetwork, IsNeverATrustedOne) {
  World world(testing::with_office());
  world.learn("ann");
  world.start({"ann", "10.20.3.4"});
  EXPECT_FALSE(world.findings("ann"));
}

TEST(NewNetwork, IsResolvedByTheEndOfItsSession) {
  World world;
  world.learn("ann");
  world.start({"ann", "198.51.100.7"});
  const index::Handle session = world.start({"ann", "203.0.113.1"});
  ASSERT_TRUE(world.findings("ann"));
  world.end(session);
  EXPECT_FALSE(world.findings("ann"));
  world.verify_marks();
}

TEST(NewNetwork, IsSeenWhereASessionGoesOn) {
  World world;
  world.learn("ann");
  const index::Handle session = world.start({"ann", "198.51.100.7"});
  world.touch(session, "198.51.100.200");
  EXPECT_FALSE(world.findings("ann"));
  world.pass(Duration::seconds(1));
  world.touch(session, "203.0.113.1");
  EXPECT_TRUE(world.finding("ann", Rule::kNewNetwork));
}

TEST(NewCountry, IsRaisedOnceTheUsualOnesAreLearnt) {
  World world(Settings::defaults(), {{"198.51.100.7", place("DE", 52.5, 13.4, 64500)},
                                     {"192.0.2.1", place("DE", 48.1, 11.6, 64500)},
                                     {"203.0.113.1", place("NO", 59.9, 10.7, 64501)}});
  world.learn("ann");
  world.pass(Duration::days(1));
  world.start({"ann", "192.0.2.1"});
  EXPECT_FALSE(world.findings("ann"));
  world.pass(Duration::days(1));
  world.start({"ann", "203.0.113.1"});
  EXPECT_EQ(world.reason("ann", Rule::kNewCountry), "first time from NO");
  EXPECT_EQ(world.finding("ann", Rule::kNewCountry)->severity, Severity::kMedium);
}

TEST(Database, ThatComesLaterMakesNobodysHomeNew) {
  World world;
  world.learn("ann");
  std::vector<DirtyProfile> stored;
  world.watch.take_dirty(10, stored);
  ASSERT_EQ(stored.size(), 1U);
  Watch told(world.index, [](const IpAddress& ip) {
    return ip == testing::ip("203.0.113.1") ? place("NO", 59.9, 10.7, 64501) : place("DE", 52.5, 13.4, 64500);
  });
  told.set_realm(World::kRealm, std::make_shared<const Settings>(Settings::defaults()));
  told.load_profile(World::kRealm, stored[0].user, stored[0].bytes);
  told.loaded(world.now);
  world.pass(Duration::days(1));
  told.started(world.start({"ann", "198.51.100.7"}), world.now);
  EXPECT_FALSE(told.findings(World::kRealm, world.number("ann")));
  // From then on it has its number, so another address of the provider is no news either.
  world.pass(Duration::days(1));
  told.started(world.start({"ann", "192.0.2.1"}), world.now);
  EXPECT_FALSE(told.findings(World::kRealm, world.number("ann")));
  world.pass(Duration::days(1));
  told.started(world.start({"ann", "203.0.113.1"}), world.now);
  EXPECT_EQ(told.rule_counts()[static_cast<std::size_t>(Rule::kNewCountry)], 1U);
  EXPECT_EQ(told.rule_counts()[static_cast<std::size_t>(Rule::kNewNetwork)], 1U);
}

TEST(NewCountry, IsOneEvenForWhoWasInTrustedNetworksOnly) {
  World world(testing::with_office(), {{"203.0.113.1", place("NO", 59.9, 10.7, 64501)}});
  world.learn("ann", "10.20.1.1");
  world.start({"ann", "203.0.113.1"});
  EXPECT_EQ(world.reason("ann", Rule::kNewCountry), "first time from NO");
}

// Berlin to New York, 6,385 km.
TEST(ImpossibleTravel, IsFasterThanTheLimitAllows) {
  for (const auto& [minutes, raised] : {std::pair(373, true), std::pair(386, false)}) {
    World world(Settings::defaults(), {{"192.0.2.1", place("DE", 52.52, 13.405, 64500)},
                                       {"203.0.113.1", place("US", 40.7128, -74.006, 64501)}});
    world.start({"ann", "192.0.2.1"});
    world.pass(Duration::minutes(minutes));
    world.start({"ann", "203.0.113.1"});
    EXPECT_EQ(world.finding("ann", Rule::kImpossibleTravel).has_value(), raised) << minutes;
  }
}

TEST(ImpossibleTravel, TakesOffToleranceAndAccuracy) {
  for (const auto& [accuracy, raised] : {std::pair<std::uint16_t, bool>{20, true}, {70, false}}) {
    device::Place berlin = place("DE", 52.52, 13.405, 64500), potsdam = place("DE", 52.52, 15.405, 64501);  // 135 km
    berlin.accuracy_km = potsdam.accuracy_km = accuracy;
    World world(Settings::defaults(), {{"192.0.2.1", berlin}, {"203.0.113.1", potsdam}});
    world.start({"ann", "192.0.2.1"});
    world.start({"ann", "203.0.113.1"});
    EXPECT_EQ(world.finding("ann", Rule::kImpossibleTravel).has_value(), raised) << accuracy;
  }
}

TEST(ImpossibleTravel, IsNotToWhatIsTrustedAndNotWithoutPositions) {
  device::Place nowhere;
  nowhere.country = "US";
  World world(testing::with_office(), {{"192.0.2.1", place("DE", 52.52, 13.405)},
                                       {"10.20.0.1", place("US", 40.7128, -74.006)},
                                       {"203.0.113.1", nowhere}});
  world.start({"ann", "192.0.2.1"});
  world.start({"ann", "10.20.0.1"});
  world.start({"ann", "203.0.113.1"});
  EXPECT_FALSE(world.finding("ann", Rule::kImpossibleTravel));
}

TEST(UnexpectedNetwork, IsOffUntilARealmWantsIt) {
  Settings settings = testing::with_office();
  World world(settings);
  world.start({"ann", "192.0.2.1"});
  EXPECT_FALSE(world.findings("ann"));
  settings.rules[Rule::kUnexpectedNetwork].enabled = true;
  world.set(settings);
  world.settle();
  EXPECT_EQ(world.reason("ann", Rule::kUnexpectedNetwork), "1 session outside every named network");
  world.start({"bob", "10.20.0.9"});
  EXPECT_FALSE(world.findings("bob"));
}

TEST(Anonymizer, IsWhatTheDatabaseCallsOne) {
  device::Place tor;
  tor.anonymizer = true;
  World world(Settings::defaults(), {{"192.0.2.1", tor}});
  world.start({"bob", "192.0.2.2"});
  world.start({"ann", "192.0.2.1"});
  EXPECT_EQ(world.reason("ann", Rule::kAnonymizer), "1 session through a VPN, proxy or Tor");
  EXPECT_FALSE(world.findings("bob"));
}

}  // namespace
}  // namespace curfew::signal
