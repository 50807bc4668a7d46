// What findings rest on: other bytes after whatever may change them, the same while nothing does.
#include "signal/testing.h"

namespace curfew::signal {
namespace {

using testing::World;

class Grounds : public ::testing::Test {
 protected:
  Grounds() {
    world_.learn("jane");
    for (const char* at : {"203.0.1.1", "203.0.2.1", "203.0.3.1", "203.0.4.1"})
      live_.push_back(world_.start({"jane", at}));
    EXPECT_TRUE(world_.finding("jane", Rule::kManyNetworks));
  }
  std::string grounds(const World& world) const {
    std::string out;
    EXPECT_TRUE(world.watch.grounds(World::kRealm, world.number("jane"), out));
    return out;
  }
  // Other ones than those before.
  void expect_changed(std::string_view by) {
    std::string now = grounds(world_);
    EXPECT_FALSE(now == last_) << by;
    EXPECT_TRUE(grounds(world_) == now) << by;
    last_ = std::move(now);
  }

  World world_;
  std::vector<index::Handle> live_;
  std::string last_;
};

TEST_F(Grounds, ChangeWithEveryChangeOfTheUser) {
  expect_changed("the beginning");
  world_.pass(Duration::seconds(1));
  world_.touch(live_[0], "203.0.1.1");  // where it was: nobody is looked at for that, but when it was active is told
  expect_changed("a touch");
  world_.pass(Duration{1});
  world_.touch(live_[0], "203.0.1.9");
  expect_changed("another address of the same network");
  world_.update(live_[1], "203.0.2.1", "Safari on iOS");
  expect_changed("another device");
  live_.push_back(world_.start({"jane", "203.0.5.1"}));
  expect_changed("a start");
  world_.end(live_.back());
  expect_changed("an end");
}

TEST_F(Grounds, ChangeWithTheRulesAndWhatTheyAreMeasuredBy) {
  expect_changed("the beginning");
  Settings settings = Settings::defaults();
  settings.rules[Rule::kManyNetworks].threshold = 3;
  world_.set(settings);
  expect_changed("a rule");
  settings.suppressions.push_back({.id = "s",
                                   .rule = Rule::kManyNetworks,
                                   .user_id = "jane",
                                   .network = std::nullopt,
                                   .device = {},
                                   .reason = "known",
                                   .created_by = {},
                                   .created = world_.now,
                                   .expires = world_.now + Duration::days(1)});
  world_.set(settings);
  expect_changed("a suppression");
  EXPECT_FALSE(world_.finding("jane", Rule::kManyNetworks));
  world_.set(Settings::defaults());
  expect_changed("the first rules again");
  for (int i = 0; i < 40; ++i) world_.start({"u" + std::to_string(i), "203.0.1.1"});
  world_.settle();
  expect_changed("others on the same address");
  EXPECT_TRUE(world_.finding("jane", Rule::kSharedAddress));
}

TEST_F(Grounds, StandStillWhileOthersComeAndGo) {
  expect_changed("the beginning");
  world_.end(world_.start({"john", "192.0.2.1"}));
  world_.pass(Duration::seconds(1));
  world_.touch(world_.start({"joe", "192.0.2.2"}), "192.0.2.3");
  EXPECT_EQ(grounds(world_), last_);
}

TEST_F(Grounds, AreNoneOnceTimeHasResolvedTheFindings) {
  world_.pass(Duration::days(60));
  world_.settle();
  std::string out = "something";
  EXPECT_FALSE(world_.watch.grounds(World::kRealm, world_.number("jane"), out));
  EXPECT_TRUE(out.empty());
}

TEST_F(Grounds, ChangeWithTheDatabaseOfPlaces) {
  std::uint64_t version = 1;
  Watch watch(world_.index, [](const IpAddress&) { return device::Place{}; }, [&] { return version; });
  watch.set_realm(World::kRealm, std::make_shared<const Settings>(Settings::defaults()));
  watch.loaded(world_.now);
  std::string before, after;
  ASSERT_TRUE(watch.grounds(World::kRealm, world_.number("jane"), before));
  ++version;
  ASSERT_TRUE(watch.grounds(World::kRealm, world_.number("jane"), after));
  EXPECT_NE(before, after);
}

}  // namespace
}  // namespace curfew::signal
