#include "cli/text_width.h"

#include <gtest/gtest.h>

namespace curfew::cli {
namespace {

TEST(SafeText, EscapeSequencesLoseTheirTeeth) {
  EXPECT_EQ(safe_text("\x1b[31mred\x1b]0;title\x07"), "[31mred]0;title");
  EXPECT_EQ(safe_text("a\xc2\x9b"
                      "2Jb"),
            "a2Jb");  // CSI as a C1 control
  EXPECT_EQ(safe_text("a\x7f\x08"
                      "b"),
            "ab");
  EXPECT_EQ(safe_text("one\ntwo\r\nthree\tfour"), "one two three four");
}

TEST(SafeText, BidirectionalOverridesAreRemoved) {
  EXPECT_EQ(safe_text("jane\xe2\x80\xae"
                      "eod"),
            "janeeod");
  EXPECT_EQ(safe_text("a\xe2\x81\xa6"
                      "b\xe2\x80\xa8"
                      "c"),
            "abc");
}

TEST(SafeText, BrokenUtf8BecomesAReplacementCharacter) {
  EXPECT_EQ(safe_text("a\xff"
                      "b\xc3"),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd");
  EXPECT_EQ(safe_text("\xe0\x80\xaf"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // an overlong slash
}

TEST(SafeText, OrdinaryTextInAnyScriptStays) {
  const std::string text = "Zoë Größe 田中 Ελλάδα 😀";
  EXPECT_EQ(safe_text(text), text);
}

TEST(DisplayWidth, WideCharactersTakeTwoColumnsAndMarksNone) {
  EXPECT_EQ(display_width("jane"), 4U);
  EXPECT_EQ(display_width("Zoë"), 3U);
  EXPECT_EQ(display_width("Zoe\xcc\x88"), 3U);  // e and a combining diaeresis
  EXPECT_EQ(display_width("田中"), 4U);
  EXPECT_EQ(display_width("😀"), 2U);
}

TEST(Shorten, NeverExceedsTheColumnsNorSplitsACharacter) {
  EXPECT_EQ(shorten("jane.doe", 8), "jane.doe");
  EXPECT_EQ(shorten("jane.doe", 5), "jane…");
  EXPECT_EQ(shorten("田中太郎", 5), "田中…");
  EXPECT_EQ(shorten("田中太郎", 4), "田…");
  EXPECT_EQ(shorten("abc", 0), "");
  for (std::size_t n = 0; n < 12; ++n) EXPECT_LE(display_width(shorten("a田b中c太d郎", n)), n);
}

TEST(ShortenMiddle, KeepsBothEnds) {
  EXPECT_EQ(shorten_middle("0123456789abcdef", 10), "012345…def");
  for (std::size_t n = 0; n < 20; ++n) EXPECT_LE(display_width(shorten_middle("0123456789田bcdef", n)), n);
}

TEST(Wrap, BreaksAtSpacesOnly) {
  EXPECT_EQ(wrap("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrap("incomprehensible is", 4), (std::vector<std::string>{"incomprehensible", "is"}));
  EXPECT_EQ(wrap("", 4), (std::vector<std::string>{""}));
}

TEST(Grouped, PutsCommasBetweenThousands) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1842), "1,842");
  EXPECT_EQ(grouped(-1234567), "-1,234,567");
  EXPECT_EQ(counted(1, "session"), "1 session");
  EXPECT_EQ(counted(10000, "session"), "10,000 sessions");
}

}  // namespace
}  // namespace curfew::cli
