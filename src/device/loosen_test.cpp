#include "device/loosen.h"

#include <gtest/gtest.h>

namespace curfew::device {
namespace {

std::string loose(std::string_view pattern) {
  return loosen(pattern, 50).pattern;
}

TEST(Loosen, LargeBoundsOfSingleBytesAreDropped) {
  EXPECT_EQ(loose("^.{0,100}?(bot)"), "^.*?(bot)");
  EXPECT_EQ(loose("Mozilla.{1,200}Mobile"), "Mozilla.+Mobile");
  EXPECT_EQ(loose("[^;]{2,300} \\w{0,50}a{1,99}"), "[^;]{2,} \\w*a+");
}

TEST(Loosen, SmallBoundsAndThoseOfGroupsStay) {
  for (const std::string_view pattern :
       {" {0,2}(M\\d{3,} )", "(?:ab|c){1,200}x", "a{49}", "a{50}", "\\{0,100}", "[a{0,100}]"})
    EXPECT_EQ(loose(pattern), pattern);
  EXPECT_EQ(loosen("a{0,49}", 50).bound, 0U);
}

TEST(Loosen, ABracketMayBeAMemberOfAClass) {
  EXPECT_EQ(loose("[]a]{0,100}"), "[]a]*");
  EXPECT_EQ(loose("[^]a]{0,100}"), "[^]a]*");
  EXPECT_EQ(loose("[\\]a]{0,100}"), "[\\]a]*");
}

TEST(Loosen, TheBoundIsTheSmallestOfThoseDropped) {
  EXPECT_EQ(loosen(".{0,300}a.{0,60}b.{0,20}", 50).bound, 60U);
}

TEST(Loosen, BrokenPatternsAreTakenAsTheyAre) {
  for (const std::string_view pattern :
       {"", "\\", "[", "[^", "a{", "a{1", "a{1,", "a{1,99999999999999999999999}", "a{,9}"})
    EXPECT_EQ(loose(pattern), pattern);
}

}  // namespace
}  // namespace curfew::device
