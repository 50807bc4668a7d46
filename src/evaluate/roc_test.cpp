#include "evaluate/roc.h"

#include <gtest/gtest.h>

namespace curfew::evaluate {
namespace {

TEST(Roc, OfAPerfectScoreIsOne) {
  EXPECT_DOUBLE_EQ(roc_of({{2, true}, {1, false}, {3, true}, {0, false}}).area, 1);
}

TEST(Roc, OfAScoreThatSaysNothingIsAHalf) {
  EXPECT_DOUBLE_EQ(roc_of({{1, true}, {1, false}, {1, true}, {1, false}}).area, 0.5);
  EXPECT_DOUBLE_EQ(roc_of({{1, false}}).area, 0.5);
  EXPECT_DOUBLE_EQ(roc_of({}).area, 0.5);
}

// By hand: of the six pairs the positive is above in four, beside in one.
TEST(Roc, CountsTiesHalf) {
  const Roc roc = roc_of({{5, true}, {3, true}, {5, false}, {2, false}, {1, false}});
  EXPECT_DOUBLE_EQ(roc.area, 4.5 / 6);
  ASSERT_EQ(roc.points.size(), 4U);
  EXPECT_EQ(roc.points[0].threshold, 5U);
  EXPECT_DOUBLE_EQ(roc.points[0].true_positive_rate, 0.5);
  EXPECT_DOUBLE_EQ(roc.points[0].false_positive_rate, 1.0 / 3);
  EXPECT_DOUBLE_EQ(roc.points.back().false_positive_rate, 1);
}

}  // namespace
}  // namespace curfew::evaluate
