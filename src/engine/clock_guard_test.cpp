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

TEST(ClockGuardTest, JumpBackIsFollowed) {
  ClockGuard guard;
  guard.look(Time{Duration::days(2).ms}, 0);
  EXPECT_TRUE(guard.look(Time{1'000}, kSecond));
  EXPECT_FALSE(guard.look(Time{Duration::days(2).ms}, 2 * kSecond));
}

}  // namespace
}  // namespace curfew::engine
