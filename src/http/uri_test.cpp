#include "http/uri.h"

#include <gtest/gtest.h>

namespace curfew::http {
namespace {

std::vector<std::string> segments(std::string_view path) {
  const auto parts = split_path(path);
  return parts ? parts->segments : std::vector<std::string>{"refused"};
}

TEST(SplitPath, DecodesEachSegment) {
  EXPECT_EQ(segments("/a/b%20c/%C3%A9"), (std::vector<std::string>{"a", "b c", "é"}));
}

TEST(SplitPath, AnEncodedSlashStaysWithinItsSegment) {
  EXPECT_EQ(segments("/users/a%2Fb"), (std::vector<std::string>{"users", "a/b"}));
}

TEST(SplitPath, PlusIsAPlusInPaths) {
  EXPECT_EQ(segments("/a+b"), (std::vector<std::string>{"a+b"}));
}

TEST(SplitPath, TheRootHasNoSegments) {
  const auto parts = split_path("/");
  ASSERT_TRUE(parts);
  EXPECT_TRUE(parts->segments.empty());
  EXPECT_TRUE(parts->trailing_slash);
}

TEST(SplitPath, ATrailingSlashIsKnown) {
  EXPECT_TRUE(split_path("/a/")->trailing_slash);
  EXPECT_FALSE(split_path("/a")->trailing_slash);
  EXPECT_EQ(split_path("/a/")->segments.size(), 1U);
}

TEST(SplitPath, RefusesWhatCouldMeanAnotherPath) {
  for (const char* path :
       {"",     "a",      "*",         "//",   "/a//b", "//a",     "/a//", "/.",  "/..",  "/a/../b", "/%2e%2E/b",
        "/%2e", "/a%00b", "/a%0d%0ab", "/%7f", "/%ff",  "/%c0%af", "/%",   "/%4", "/%zz", "/\xff"}) {
    EXPECT_FALSE(split_path(path)) << path;
  }
}

TEST(SplitPath, LimitsTheSegments) {
  std::string path;
  for (std::size_t i = 0; i < kMaxPathSegments; ++i) path += "/x";
  EXPECT_TRUE(split_path(path));
  EXPECT_FALSE(split_path(path + "/x"));
}

TEST(ParseQuery, KeepsOrderAndRepetition) {
  const auto pairs = parse_query("ip=10.0.0.0%2F8&search=o+e&ip=::1&flag&empty=");
  ASSERT_TRUE(pairs);
  EXPECT_EQ(*pairs, (std::vector<QueryPair>{
                        {"ip", "10.0.0.0/8"}, {"search", "o e"}, {"ip", "::1"}, {"flag", ""}, {"empty", ""}}));
}

TEST(ParseQuery, SkipsEmptyPiecesAndTakesAnEmptyQuery) {
  EXPECT_EQ(parse_query("&&a=1&")->size(), 1U);
  EXPECT_TRUE(parse_query("")->empty());
}

TEST(ParseQuery, TheFirstEqualsSignDivides) {
  EXPECT_EQ(parse_query("a=b=c")->front(), (QueryPair{"a", "b=c"}));
}

TEST(ParseQuery, NamesTheParameterThatIsBroken) {
  const auto pairs = parse_query("limit=1&search=%zz");
  ASSERT_FALSE(pairs);
  EXPECT_EQ(pairs.error().field, "search");
}

TEST(ParseQuery, RefusesEmptyNamesNulAndInvalidUtf8) {
  for (const char* query : {"=1", "a=%00", "a=%ff", "%ff=1", "%=1"}) EXPECT_FALSE(parse_query(query)) << query;
}

TEST(ParseQuery, LimitsThePairs) {
  std::string query = "a=1";
  for (std::size_t i = 1; i < kMaxQueryPairs; ++i) query += "&a=1";
  EXPECT_EQ(parse_query(query)->size(), kMaxQueryPairs);
  const auto over = parse_query(query + "&a=1");
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, ErrorCode::kTooLarge);
}

TEST(BuildQuery, IsReadBackAsItWas) {
  const std::vector<QueryPair> pairs{{"a b", "c&d=e"}, {"ü", "%"}, {"plus", "1+1"}, {"none", ""}};
  EXPECT_EQ(*parse_query(build_query(pairs)), pairs);
}

TEST(BuildPath, IsReadBackAsItWas) {
  const std::vector<std::string> parts{"users", "a/b", "ü %"};
  EXPECT_EQ(split_path(build_path(parts))->segments, parts);
  EXPECT_EQ(build_path({}), "/");
}

}  // namespace
}  // namespace curfew::http
