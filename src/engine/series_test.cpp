#include <gtest/gtest.h>

#include "engine/events.h"

namespace curfew::engine {
namespace {

constexpr session::RealmId kRealm{1};
constexpr Time at(std::int64_t minute) {
  return Time{minute * 60'000};
}

TEST(SeriesTest, JoinsMinutesToStepsAndRealmsToOne) {
  SeriesStore store;
  for (std::uint32_t m = 0; m < 10; ++m) {
    store.add(kRealm, {at(m), m, 100 + m, 1, 2, 1});
    store.add(session::RealmId{2}, {at(m), 1, 1, 1, 0, 0});
  }
  const auto out = store.read({kRealm, session::RealmId{2}}, at(0), at(10), Duration::minutes(5));
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0].regular, 5U);  // the last of the step, 4, and the other realm's 1
  EXPECT_EQ(out[0].started, 10U);
  EXPECT_EQ(out[1].offline, 110U);
}

TEST(SeriesTest, MinuteIsToldOnce) {
  SeriesStore store;
  store.add(kRealm, {at(5), 1, 0, 0, 0, 0});
  store.add(kRealm, {at(5), 9, 0, 0, 0, 0});
  store.add(kRealm, {at(4), 9, 0, 0, 0, 0});
  const auto out = store.read({kRealm}, at(0), at(10), Duration::minutes(1));
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].regular, 1U);
}

TEST(SeriesTest, DaySurvivesARoundTrip) {
  SeriesStore store, other;
  for (std::int64_t m : {1430, 1439, 1440, 1500}) store.add(kRealm, {at(m), 7, 8, 1, 2, 3});
  std::string bytes;
  store.encode_day(kRealm, at(1440), bytes);
  ASSERT_TRUE(other.decode_day(kRealm, bytes));
  EXPECT_EQ(other.read({kRealm}, at(0), at(9999), Duration::minutes(1)).size(), 2U);
  EXPECT_FALSE(other.decode_day(kRealm, bytes.substr(0, bytes.size() - 1)));
}

}  // namespace
}  // namespace curfew::engine
