#include "demo/population.h"

#include <gtest/gtest.h>

#include <set>

#include "base/ip.h"

namespace curfew::demo {
namespace {

constexpr Time kNow{1'772'000'000'000};

TEST(PopulationTest, OneSeedIsOnePopulation) {
  Population a(1, "example.com", 100), b(1, "example.com", 100), c(2, "example.com", 100);
  EXPECT_EQ(a.people()[7].username, b.people()[7].username);
  EXPECT_NE(a.people()[7].user_id, c.people()[7].user_id);
  EXPECT_EQ(a.session(kNow, Duration::days(30)).id, b.session(kNow, Duration::days(30)).id);
}

TEST(PopulationTest, SessionsAreBelievable) {
  Population people(1, "example.com", 200);
  std::set<std::string> names, ids;
  for (const Person& person : people.people()) EXPECT_TRUE(names.insert(person.username).second);
  int offline = 0;
  for (int i = 0; i < 1'000; ++i) {
    const NewSession s = people.session(kNow, Duration::days(30));
    EXPECT_TRUE(ids.insert(s.id).second);
    EXPECT_TRUE(IpAddress::parse(s.ip)) << s.ip;
    EXPECT_LE(s.started, s.last_access);
    EXPECT_LE(s.last_access, kNow);
    EXPECT_FALSE(s.apps.empty());
    EXPECT_FALSE(s.agent.empty());
    offline += s.offline;
  }
  EXPECT_GT(offline, 80);
  EXPECT_LT(offline, 250);
}

TEST(PopulationTest, IncidentHasOneSessionFromTheCorporateNetwork) {
  const Cidr corporate = Cidr::parse("10.20.0.0/16").value();
  int inside = 0, outside = 0, offline = 0;
  std::set<std::string> addresses;
  for (const NewSession& s : Population::incident(kNow, "1")) {
    EXPECT_EQ(s.username, "jane.doe");
    EXPECT_EQ(s.email, "jane.doe@example.com");
    (corporate.contains(IpAddress::parse(s.ip).value()) ? inside : outside)++;
    offline += s.offline;
    addresses.insert(s.ip);
  }
  EXPECT_EQ(inside, 1);
  EXPECT_EQ(outside, 5);
  EXPECT_EQ(offline, 1);
  EXPECT_EQ(addresses.size(), 6U);
}

// Else she would need attention for her own laptop when all strangers are gone.
TEST(PopulationTest, TheCorporateSessionIsOnADeviceThatIsKnown) {
  const std::vector<NewSession> incident = Population::incident(kNow, "1");
  const auto office =
      std::find_if(incident.begin(), incident.end(), [](const auto& s) { return s.id == "jane-office-1"; });
  ASSERT_NE(office, incident.end());
  const auto known = std::find_if(incident.begin(), office, [&](const auto& s) { return s.agent == office->agent; });
  ASSERT_NE(known, office);
  EXPECT_LE(known->started - incident.front().started, Duration::days(14)) << "learnt of in the learning period";
}

}  // namespace
}  // namespace curfew::demo
