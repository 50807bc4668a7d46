#include "base/text.h"

#include <gtest/gtest.h>

namespace curfew {
namespace {

TEST(CheckText, AcceptsWhatPeopleWrite) {
  for (const char* text : {"jane.doe", "Zoë", "日本語", "🙂", "a b", "\u00a0", "\u2028"}) {
    EXPECT_TRUE(check_text("username", text, 255)) << text;
  }
}

TEST(CheckText, RefusesControlsAndBrokenUtf8) {
  for (const char* text : {"a\nb", "\t", "\x7f", "\x1b[31m", "\u0080", "a\u009f", "\xff", "\xc3", "\xc0\xaf",
                           "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
    EXPECT_FALSE(check_text("username", text, 255)) << text;
  }
  EXPECT_FALSE(check_text("username", std::string_view("a\0b", 3), 255));
}

TEST(CheckText, TheLimitIsExactAndNamed) {
  EXPECT_TRUE(check_text("reason", std::string(1000, 'x'), 1000));
  const auto refused = check_text("reason", std::string(1001, 'x'), 1000);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().field, "reason");
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(refused.error().message.find("1000"), std::string::npos);
}

TEST(CheckText, EmptyOnlyWhereItMayBe) {
  EXPECT_FALSE(check_text("username", "", 255));
  EXPECT_TRUE(check_text("email", "", 255, true));
}

TEST(CheckIdentifier, HoldsVisibleAsciiOnly) {
  EXPECT_TRUE(check_identifier("id", "a-Z_0.9:/~!", 128));
  EXPECT_TRUE(check_identifier("id", std::string(128, 'x'), 128));
  for (const char* text : {"", " ", "a b", "a\n", "é", "\x7f"}) EXPECT_FALSE(check_identifier("id", text, 128)) << text;
  EXPECT_FALSE(check_identifier("id", std::string(129, 'x'), 128));
}

TEST(FoldCase, LowersTheScriptsOfItsHeader) {
  EXPECT_EQ(fold_case("Jane.DOE-[@"), "jane.doe-[@");
  EXPECT_EQ(fold_case("ZOË ÅNGSTRÖM ŁÓDŹ"), "zoë ångström łódź");
  EXPECT_EQ(fold_case("ΑΒΓΣ σς"), "αβγσ σσ");
  EXPECT_EQ(fold_case("ПРИВЕТ Ѐ Ԁ"), "привет ѐ ԁ");
  EXPECT_EQ(fold_case("Ÿ"), "ÿ");
  EXPECT_EQ(fold_case("×÷ß"), "×÷ß");
}

TEST(FoldCase, KeepsEverythingElse) {
  EXPECT_EQ(fold_case("日本 🙂 İ ẞ"), "日本 🙂 İ ẞ");
  EXPECT_EQ(fold_case(""), "");
  EXPECT_EQ(fold_case("\xc3"), "\xc3");  // not UTF-8: unharmed
}

TEST(FoldCase, AFoldedTextMayBeLonger) {
  EXPECT_EQ(fold_case("Ⱥ"), "ⱥ");
}

TEST(FoldCase, FoldingTwiceChangesNothing) {
  for (unsigned c = 0x80; c < 0x800; ++c) {
    const std::string text{static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 0x3f))};
    const std::string once = fold_case(text);
    EXPECT_TRUE(is_valid_utf8(once));
    EXPECT_EQ(fold_case(once), once);
  }
}

TEST(PercentDecode, DecodesAndRefusesBrokenEscapes) {
  EXPECT_EQ(percent_decode("a%20b%2F%c3%AB").value(), "a b/ë");
  EXPECT_EQ(percent_decode("a+b").value(), "a+b");
  EXPECT_EQ(percent_decode("a+b%2B", true).value(), "a b+");
  EXPECT_EQ(percent_decode("").value(), "");
  for (const char* text : {"%", "%2", "a%", "%zz", "%2g", "%%20"}) EXPECT_FALSE(percent_decode(text)) << text;
}

TEST(PercentEncode, RoundTripsEveryByte) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  EXPECT_EQ(percent_decode(percent_encode(all)).value(), all);
  EXPECT_EQ(percent_encode("a-Z_0.~ /ë"), "a-Z_0.~%20%2F%C3%AB");
}

}  // namespace
}  // namespace curfew
