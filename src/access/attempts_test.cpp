#include "access/attempts.h"

#include <gtest/gtest.h>

namespace curfew::access {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(Attempts, BlockFromTheLimitOnUntilTheWindowIsOver) {
  Attempts attempts(3, Duration::seconds(60));
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(attempts.blocked_s("a", i * kSecond));
    attempts.count("a", i * kSecond);
  }
  EXPECT_EQ(attempts.blocked_s("a", 3 * kSecond), 57);
  EXPECT_EQ(attempts.blocked_s("a", 60 * kSecond - 1), 1);
  EXPECT_FALSE(attempts.blocked_s("a", 60 * kSecond));
  EXPECT_FALSE(attempts.blocked_s("b", 3 * kSecond));
}

TEST(Attempts, ANewWindowCountsAnew) {
  Attempts attempts(2, Duration::seconds(60));
  attempts.count("a", 0);
  attempts.count("a", 61 * kSecond);
  EXPECT_FALSE(attempts.blocked_s("a", 61 * kSecond));
  attempts.count("a", 62 * kSecond);
  EXPECT_TRUE(attempts.blocked_s("a", 62 * kSecond));
}

TEST(Attempts, OneTakenBackDoesNotCount) {
  Attempts attempts(1, Duration::seconds(60));
  attempts.count("a", 0);
  attempts.take_back("a");
  EXPECT_FALSE(attempts.blocked_s("a", 0));
  EXPECT_EQ(attempts.subjects(), 0U);
  attempts.take_back("a");
  EXPECT_EQ(attempts.subjects(), 0U);
}

TEST(Attempts, AFloodOfSubjectsNeitherGrowsNorClearsOneUnderAttack) {
  Attempts attempts(5, Duration::seconds(600));
  for (int i = 0; i < 5; ++i) attempts.count("victim", 0);
  for (int i = 0; i < 12'000; ++i) attempts.count("made-up-" + std::to_string(i), kSecond + i);
  EXPECT_EQ(attempts.subjects(), Attempts::kMostSubjects);
  EXPECT_TRUE(attempts.blocked_s("victim", 2 * kSecond));
}

TEST(Attempts, OldOnesMakeRoomFirst) {
  Attempts attempts(5, Duration::seconds(1));
  for (std::size_t i = 0; i < Attempts::kMostSubjects; ++i) attempts.count(std::to_string(i), 0);
  attempts.count("new", 2 * kSecond);
  EXPECT_EQ(attempts.subjects(), 1U);
}

}  // namespace
}  // namespace curfew::access
