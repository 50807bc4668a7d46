#include "engine/clock_guard.h"

#include <gtest/gtest.h>

namespace curfew::engine {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(ClockGuardTest, OrdinaryTimeIsTrusted) {
  ClockGuard guard;
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(guard.look(Time{i * 1'000 + i / 100}, i * kSecond));
}

TEST(ClockGuardTest, JumpAheadSuspendsUntilItIsTakenBackOrLasts) {
  ClockGuard guard;
  guard.look(Time{0}, 0);
  EXPECT_FALSE(guard.look(Time{Duration::days(1).ms}, kSecond));
  EXPECT_TRUE(guard.look(Time{2'000}, 2 * kSecond));
  EXPECT_FALSE(guard.look(Time{Duration::days(1).ms}, 3 * kSecond));
  EXPECT_TRUE(guard.look(Time{Duration::days(1).ms + 700'000}, 703 * kSecond));
  EXPECT_TRUE(guard.look(Time{Duration::days(1).ms + 701'000}, 704 * kSecond));
  EXPECT_EQ(guard.jumps(), 2U);
}

TEST(ClockGuardTest, StartLongAfterTheLastRunIsAJump) {
  const Time last{Duration::days(20'000).ms};
  const auto trusted = [&](Duration off) {
    ClockGuard guard;
    guard.ran_until(last, 0);
    return guard.look(last + off, 0);
  };
  EXPECT_TRUE(trusted(Duration::days(-400)));
  EXPECT_TRUE(trusted(ClockGuard::kLongestPause));
  EXPECT_FALSE(trusted(Duration{ClockGuard::kLongestPause.ms + 1}));
  ClockGuard corrected, lasting;
  for (ClockGuard* one : {&corrected, &lasting}) {
    one->ran_until(last, 0);
    EXPECT_FALSE(one->look(last + Duration::days(3'650), 0));
    EXPECT_EQ(one->jumps(), 1U);
  }
  EXPECT_TRUE(corrected.look(last + Duration::hours(1), 5 * kSecond));
  EXPECT_FALSE(corrected.look(last + Duration::days(3'650), 6 * kSecond));
  EXPECT_FALSE(lasting.look(last + Duration::days(3'650) + Duration{599'000}, 599 * kSecond));
  EXPECT_TRUE(lasting.look(last + Duration::days(3'650) + Duration{600'000}, 600 * kSecond));
}

TEST(ClockGuardTest, JumpBackIsFollowed) {
  ClockGuard guard;
  guard.look(Time{Duration::days(2).ms}, 0);
  EXPECT_TRUE(guard.look(Time{1'000}, kSecond));
  EXPECT_FALSE(guard.look(Time{Duration::days(2).ms}, 2 * kSecond));
}

}  // namespace
}  // namespace curfew::engine
