#include "base/json_writer.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cmath>
#include <limits>

namespace curfew {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  JsonWriter::append_escaped(out, text);
  return out;
}

TEST(JsonWriter, PlacesCommasAndColons) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("a", 1).field("b", std::string("x")).key("c").begin_array();
  json.number(std::int64_t{-1}).string("y").null().begin_object().end_object().begin_array().end_array();
  json.end_array().key("d").begin_object().field("e", true).end_object().field("f", "literal");
  json.end_object();
  EXPECT_EQ(out, R"({"a":1,"b":"x","c":[-1,"y",null,{},[]],"d":{"e":true},"f":"literal"})");
}

TEST(JsonWriter, ALevelUsedAgainBeginsWithoutAComma) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (int i = 0; i < 3; ++i) json.begin_array().number(std::int64_t{i}).end_array();
  json.end_array();
  EXPECT_EQ(out, "[[0],[1],[2]]");
}

TEST(JsonWriter, WritesEveryKindOfValue) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  json.number(std::numeric_limits<std::int64_t>::min()).number(std::numeric_limits<std::uint64_t>::max());
  json.number(0.5).number(1e300).number(std::nan("")).boolean(false).time(Time{0}).raw(R"({"raw":1})");
  json.end_array();
  EXPECT_EQ(
      out, R"([-9223372036854775808,18446744073709551615,0.5,1e+300,null,false,"1970-01-01T00:00:00.000Z",{"raw":1}])");
}

TEST(JsonWriter, AppendsBehindWhatStandsThere) {
  std::string out = "data: ";
  JsonWriter(out).begin_object().end_object();
  EXPECT_EQ(out, "data: {}");
}

TEST(JsonWriter, EscapesControlsQuotesAndLineSeparators) {
  EXPECT_EQ(escaped("plain Zoë 日本 🙂"), "plain Zoë 日本 🙂");
  EXPECT_EQ(escaped("\"\\/"), "\\\"\\\\/");
  EXPECT_EQ(escaped("\b\f\n\r\t"), "\\b\\f\\n\\r\\t");
  EXPECT_EQ(escaped(std::string_view("\0\x1f\x7f", 3)), "\\u0000\\u001f\x7f");
  EXPECT_EQ(escaped("a\u2028b\u2029c\u202ad"), "a\\u2028b\\u2029c\u202ad");
  EXPECT_EQ(escaped(""), "");
}

TEST(JsonWriter, ACutOffSeparatorIsLeftAlone) {
  EXPECT_EQ(escaped("\xe2\x80"), "\xe2\x80");
  EXPECT_EQ(escaped("\xe2"), "\xe2");
}

TEST(JsonWriter, AParserReadsBackEveryCodePoint) {
  std::string text;
  for (unsigned c = 0; c < 0x3000; ++c) {
    if (c < 0x80) {
      text.push_back(static_cast<char>(c));
    } else if (c < 0x800) {
      text.push_back(static_cast<char>(0xc0 | c >> 6));
      text.push_back(static_cast<char>(0x80 | (c & 0x3f)));
    } else {
      text.push_back(static_cast<char>(0xe0 | c >> 12));
      text.push_back(static_cast<char>(0x80 | (c >> 6 & 0x3f)));
      text.push_back(static_cast<char>(0x80 | (c & 0x3f)));
    }
  }
  std::string out;
  JsonWriter(out).begin_array().string(text).end_array();
  simdjson::dom::parser parser;
  const std::string_view read = parser.parse(out).at(0).get_string();
  EXPECT_EQ(read, text);
}

TEST(JsonWriter, ThirtyTwoLevelsAreTheLimit) {
  std::string out;
  JsonWriter json(out);
  for (int i = 0; i < 32; ++i) json.begin_array();
  for (int i = 0; i < 32; ++i) json.end_array();
  EXPECT_EQ(out, std::string(32, '[') + std::string(32, ']'));
  std::string deep;
  JsonWriter deeper(deep);
  for (int i = 0; i < 32; ++i) deeper.begin_array();
  EXPECT_DEATH(deeper.begin_array(), "32 deep");
}

}  // namespace
}  // namespace curfew
