#include "base/handover.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace curfew {
namespace {

TEST(HandoverTest, GivesEveryPieceInItsOrderAndTheMemoryBack) {
  constexpr int pieces = 1'000;
  Handover<std::vector<int>> handover;
  std::thread maker([&] {
    std::vector<int> piece;
    for (int n = 0; n < pieces; ++n) {
      piece.assign(100, n);
      EXPECT_TRUE(handover.put(piece));
    }
    handover.close();
  });
  std::vector<int> piece;
  int seen = 0;
  for (; handover.take(piece); ++seen) EXPECT_EQ(piece, std::vector<int>(100, seen));
  maker.join();
  EXPECT_EQ(seen, pieces);
  EXPECT_GE(piece.capacity(), 100U);
}

TEST(HandoverTest, OneThatIsClosedGivesWhatWaitsAndTakesNoMore) {
  Handover<int> handover;
  int first = 1, second = 2;
  EXPECT_TRUE(handover.put(first));
  handover.close();
  EXPECT_FALSE(handover.put(second));
  EXPECT_EQ(second, 2);
  int got = 0;
  EXPECT_TRUE(handover.take(got));
  EXPECT_EQ(got, 1);
  EXPECT_FALSE(handover.take(got));
}

// Whoever waits to put is let go by a close.
TEST(HandoverTest, ACloseWakesWhoeverWaits) {
  Handover<std::size_t> handover;
  std::size_t put = 0;
  std::thread maker([&] {
    for (std::size_t n = 0; handover.put(n); n = ++put) {
    }
  });
  std::size_t got = 0;
  EXPECT_TRUE(handover.take(got));
  handover.close();
  maker.join();
  std::size_t left = 0;
  while (handover.take(got)) ++left;
  EXPECT_EQ(left + 1, put);
}

}  // namespace
}  // namespace curfew
