// Random histories: the same one gives the same findings, and so does a restart from what was stored. A failure names
// its seed: CURFEW_SIGNAL_SEED=… curfew_signal_test --gtest_filter=History.*
#include <cstdlib>

#include "base/crypto.h"
#include "signal/testing.h"

namespace curfew::signal {
namespace {

using testing::World;

std::map<std::string, device::Place> places() {
  std::map<std::string, device::Place> out;
  for (int net = 0; net < 6; ++net)
    for (int host = 1; host < 4; ++host)
      out["203.0." + std::to_string(net) + "." + std::to_string(host)] = testing::place(
          net % 2 == 0 ? "DE" : "NO", 50 + net, 10 + 9 * net, static_cast<std::uint32_t>(64500 + net / 2));
  out["203.0.3.1"].anonymizer = true;
  return out;
}

Settings busy_settings(SeededRandom& random) {
  Settings settings = testing::with_office();
  settings.rules[Rule::kSharedAddress].threshold = 4;
  settings.rules[Rule::kSharedDevice].threshold = 3;
  settings.rules[Rule::kManySessions].threshold = 5;
  settings.rules[Rule::kManyNetworks].threshold = 3;
  settings.rules[Rule::kNewDevice].learning_sessions = static_cast<std::int64_t>(random.next() % 6);
  settings.rules[Rule::kUnexpectedNetwork].enabled = random.next() % 2 == 0;
  return settings;
}

Suppression suppression(SeededRandom& random, Time now) {
  Suppression out;
  out.id = "s";
  out.reason = "r";
  out.expires = now + Duration::hours(static_cast<std::int64_t>(random.next() % 72));
  if (random.next() % 2 == 0) out.rule = static_cast<Rule>(random.next() % kRules);
  out.user_id = "u" + std::to_string(random.next() % 9);
  return out;
}

// What is stored: the profiles as they were taken, the latest of each user.
using Stored = std::map<std::uint32_t, std::string>;

void take(World& world, Stored& stored) {
  std::vector<DirtyProfile> dirty;
  while (world.watch.take_dirty(3, dirty)) {
  }
  for (const DirtyProfile& profile : dirty) stored[profile.user] = profile.bytes;
}

void step(World& world, SeededRandom& random, std::vector<index::Handle>& live, Settings& settings) {
  const auto pick = [&](std::uint64_t n) { return random.next() % n; };
  const auto address = [&] {
    if (pick(5) == 0) return "10.20." + std::to_string(pick(4)) + ".1";
    return "203.0." + std::to_string(pick(7)) + "." + std::to_string(1 + pick(3));
  };
  const auto agent = [&] { return "agent " + std::to_string(pick(5)); };
  world.pass(Duration{static_cast<std::int64_t>(pick(pick(8) == 0 ? 400'000'000 : 2'000'000))});
  const std::uint64_t what = live.empty() ? 0 : pick(20);
  if (what < 8) {
    live.push_back(world.start(
        {"u" + std::to_string(pick(9)), address(), agent(), pick(3) == 0 ? "d" + std::to_string(pick(3)) : ""}));
    return;
  }
  const std::size_t at = pick(live.size());
  if (what < 12) return world.touch(live[at], address());
  if (what < 14) return world.update(live[at], address(), agent());
  if (what < 18) {
    world.end(live[at]);
    live.erase(live.begin() + static_cast<std::ptrdiff_t>(at));
    return;
  }
  if (what == 18) {
    world.watch.sweep(world.now, 1 + pick(20));
    return;
  }
  if (pick(2) == 0)
    settings.suppressions = {suppression(random, world.now)};
  else
    settings.rules[Rule::kManySessions].threshold = 3 + static_cast<std::int64_t>(pick(4));
  world.set(settings);
}

void expect_same(const World& world, const Watch& other) {
  for (std::uint32_t user = 0; user < world.index.user_slots(World::kRealm); ++user) {
    const auto a = world.watch.findings(World::kRealm, user);
    const auto b = other.findings(World::kRealm, user);
    ASSERT_EQ(a.has_value(), b.has_value())
        << "user " << user << " " << (a ? a : b)->findings.front().reason << ", before: " << a.has_value();
    if (!a) continue;
    ASSERT_EQ(a->findings.size(), b->findings.size()) << "user " << user;
    for (std::size_t i = 0; i < a->findings.size(); ++i) {
      EXPECT_EQ(a->findings[i].reason, b->findings[i].reason) << "user " << user;
      EXPECT_EQ(a->findings[i], b->findings[i]) << "user " << user << " " << a->findings[i].reason;
    }
    ASSERT_EQ(*a, *b);
  }
}

std::vector<std::uint16_t> marks(const World& world, const std::vector<index::Handle>& live) {
  std::vector<std::uint16_t> out;
  for (const index::Handle& handle : live) out.push_back(world.index.marks(handle));
  return out;
}

class History : public ::testing::Test {
 protected:
  void run(std::uint64_t seed, int steps, World& world, Stored& stored, std::vector<index::Handle>& live) {
    SeededRandom random(seed);
    settings_ = busy_settings(random);
    world.set(settings_);
    for (int i = 0; i < steps; ++i) {
      step(world, random, live, settings_);
      if (i % 7 == 0) take(world, stored);
    }
    world.settle();
    take(world, stored);
  }
  static std::vector<std::uint64_t> seeds() {
    if (const char* one = std::getenv("CURFEW_SIGNAL_SEED")) return {std::strtoull(one, nullptr, 10)};
    std::vector<std::uint64_t> out;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) out.push_back(seed);
    return out;
  }
  Settings settings_;
};

TEST_F(History, GivesTheSameFindingsAndMarksAfterARestart) {
  std::array<std::uint64_t, kRules> raised{};
  for (const std::uint64_t seed : seeds()) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(Settings::defaults(), places());
    Stored stored;
    std::vector<index::Handle> live;
    run(seed, 300, world, stored, live);
    // A start after the profiles were last stored, and a crash: what it taught is found out from the live session.
    if (seed % 2 == 0) {
      live.push_back(world.start({"u" + std::to_string(seed % 9), "198.18.0.1", "agent that nobody had"}));
      world.settle();
    }
    world.verify_marks();
    const std::vector<std::uint16_t> before = marks(world, live);
    for (const index::Handle& handle : live) world.index.set_marks(handle, 0);
    auto known = places();
    Watch again(world.index, [&](const IpAddress& at) {
      const auto it = known.find(at.to_string());
      return it == known.end() ? device::Place{} : it->second;
    });
    again.set_realm(World::kRealm, std::make_shared<const Settings>(settings_));
    for (const auto& [user, bytes] : stored) again.load_profile(World::kRealm, user, bytes);
    again.loaded(world.now);
    for (Time now = world.now; again.sweep(now, 64);) {
    }
    while (world.watch.sweep(world.now, 64)) {
    }
    expect_same(world, again);
    EXPECT_EQ(marks(world, live), before);
    if (HasFailure()) return;
    for (std::size_t i = 0; i < kRules; ++i) raised[i] += world.watch.rule_counts()[i];
  }
  // Else it says nothing of a rule.
  for (std::size_t i = 0; i < kRules && seeds().size() > 1; ++i)
    EXPECT_EQ(raised[i] > 0, static_cast<Rule>(i) != Rule::kIdle) << to_string(static_cast<Rule>(i));
}

TEST_F(History, IsDeterministic) {
  for (const std::uint64_t seed : seeds()) {
    World one(Settings::defaults(), places()), two(Settings::defaults(), places());
    Stored first, second;
    std::vector<index::Handle> live_one, live_two;
    run(seed, 150, one, first, live_one);
    run(seed, 150, two, second, live_two);
    EXPECT_EQ(first, second) << "seed " << seed;
    expect_same(one, two.watch);
    EXPECT_EQ(marks(one, live_one), marks(two, live_two));
    if (HasFailure()) return;
  }
}

// Whoever keeps findings by their grounds never tells what is no longer so, whatever happened in between.
TEST_F(History, TheSameGroundsAreOfTheSameFindings) {
  std::uint64_t again = 0, other = 0;
  for (const std::uint64_t seed : seeds()) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(Settings::defaults(), places());
    SeededRandom random(seed);
    Settings settings = busy_settings(random);
    world.set(settings);
    std::vector<index::Handle> live;
    std::map<std::pair<std::uint32_t, std::string>, std::optional<UserFindings>> known;
    std::string grounds;
    for (int i = 0; i < 300; ++i) {
      step(world, random, live, settings);
      if (i % 50 == 49) world.settle();
      for (std::uint32_t user = 0; user < world.index.user_slots(World::kRealm); ++user) {
        const auto found = world.watch.findings(World::kRealm, user);
        if (!world.watch.grounds(World::kRealm, user, grounds)) {
          ASSERT_FALSE(found);
          continue;
        }
        const auto [it, fresh] = known.try_emplace({user, grounds}, found);
        ASSERT_EQ(it->second, found) << "step " << i << ", user " << user;
        (fresh ? other : again) += 1;
      }
    }
  }
  EXPECT_GT(again, other);  // most steps concern one user of nine
  EXPECT_GT(other, 1'000U);
}

}  // namespace
}  // namespace curfew::signal
