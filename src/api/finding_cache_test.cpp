#include "api/finding_cache.h"

#include <gtest/gtest.h>

namespace curfew::api {
namespace {

using signal::RealmId;

constexpr RealmId kRealm{1};

std::shared_ptr<const FindingTexts> texts(std::string json) {
  FindingTexts out;
  out.push_back({signal::Severity::kLow, {signal::SessionNo{1}}, std::move(json)});
  return std::make_shared<const FindingTexts>(std::move(out));
}

TEST(FindingCache, GivesWhatWasKeptOnTheSameGroundsOfTheSameUser) {
  FindingCache cache;
  EXPECT_EQ(cache.find(kRealm, 1, "a"), nullptr);
  const auto kept = texts("{}");
  cache.keep(kRealm, 1, "a", kept);
  EXPECT_EQ(cache.find(kRealm, 1, "a"), kept);
  EXPECT_EQ(cache.find(kRealm, 1, "b"), nullptr);
  EXPECT_EQ(cache.find(kRealm, 2, "a"), nullptr);
  EXPECT_EQ(cache.find(RealmId{2}, 1, "a"), nullptr);
}

TEST(FindingCache, TheLatestGroundsReplaceThoseBefore) {
  FindingCache cache;
  cache.keep(kRealm, 1, "a", texts("{}"));
  const std::size_t one = cache.bytes();
  const auto latest = texts("[]");
  cache.keep(kRealm, 1, "b", latest);
  EXPECT_EQ(cache.bytes(), one);
  EXPECT_EQ(cache.find(kRealm, 1, "a"), nullptr);
  EXPECT_EQ(cache.find(kRealm, 1, "b"), latest);
}

TEST(FindingCache, NeverHoldsMoreThanItsRoomAndKeepsWhatIsAskedFor) {
  constexpr std::size_t room = 256 * 1024;
  FindingCache cache(room);
  cache.keep(kRealm, 0, "asked for", texts("{}"));
  for (std::uint32_t user = 1; user < 5'000; ++user) {
    cache.keep(kRealm, user, "grounds", texts(std::string(user % 1'000, 'x')));
    ASSERT_LE(cache.bytes(), room);
    ASSERT_NE(cache.find(kRealm, 0, "asked for"), nullptr) << user;
  }
  EXPECT_GT(cache.bytes(), room / 2);
  EXPECT_EQ(cache.find(kRealm, 16, "grounds"), nullptr);
  EXPECT_NE(cache.find(kRealm, 4'999, "grounds"), nullptr);
}

TEST(FindingCache, WhatIsTooLargeIsNotKeptNorIsWhatItWouldReplace) {
  FindingCache cache(64 * 1024);
  cache.keep(kRealm, 1, "a", texts("{}"));
  cache.keep(kRealm, 1, "b", texts(std::string(8 * 1024, 'x')));
  EXPECT_EQ(cache.find(kRealm, 1, "b"), nullptr);
  EXPECT_EQ(cache.bytes(), 0U);
}

}  // namespace
}  // namespace curfew::api
