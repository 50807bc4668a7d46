#include "device/literals.h"

#include <gtest/gtest.h>

#include "base/crypto.h"

namespace curfew::device {
namespace {

using Words = std::vector<std::string>;
using Found = std::vector<int>;

Found find(const Words& words, std::string_view text) {
  Found found{-1};
  Literals(words).find(text, found);
  return found;
}

TEST(Literals, FindsWordsWithinAndAcrossOneAnother) {
  const Words words{"he", "she", "his", "hers"};
  EXPECT_EQ(find(words, "ushers"), (Found{0, 1, 3}));
  EXPECT_EQ(find(words, "hishe"), (Found{0, 1, 2}));
  EXPECT_EQ(find(words, "h e"), Found{});
  EXPECT_EQ(find(words, ""), Found{});
}

TEST(Literals, CapitalsInTheTextAreSmallLetters) {
  EXPECT_EQ(find({"firefox/", "[é"}, "x FireFox/1 [é"), (Found{0, 1}));
}

TEST(Literals, WithoutWordsNothingIsFound) {
  EXPECT_EQ(find({}, "anything"), Found{});
}

TEST(Literals, FindWhatALookForEachWordFinds) {
  constexpr std::uint64_t kSeed = 7;
  SeededRandom random(kSeed);
  const auto text_of = [&random](std::size_t most) {
    std::string text;
    for (std::size_t n = 1 + random.next() % most; n > 0; --n)
      text.push_back(static_cast<char>('a' + random.next() % 3));
    return text;
  };
  for (int round = 0; round < 300; ++round) {
    Words words;
    for (int i = 0; i < 12; ++i) words.push_back(text_of(5));
    const std::string text = text_of(40);
    Found expected;
    for (std::size_t i = 0; i < words.size(); ++i)
      if (text.find(words[i]) != std::string::npos) expected.push_back(static_cast<int>(i));
    EXPECT_EQ(find(words, text), expected) << "seed " << kSeed << ", " << text;
  }
}

}  // namespace
}  // namespace curfew::device
