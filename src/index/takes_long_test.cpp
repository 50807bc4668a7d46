// Which questions are asked in the background: those that may have to look at very many rows.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "index/index.h"

namespace curfew::index {
namespace {

using session::Session;
using session::SessionNo;
using session::SessionType;

constexpr RealmId kMany{1}, kFew{2};
constexpr std::uint64_t kSessions = 200'001;

class TakesLongTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    index_ = new Index;
    index_->begin_load();
    std::vector<Session> rows;
    for (std::uint64_t no = 1; no <= kSessions + 1; ++no) {
      Session& row = rows.emplace_back();
      row.no = SessionNo{no};
      row.key = {no <= kSessions ? kMany : kFew, SessionType::kRegular, "session-" + std::to_string(no)};
      row.user_id = no % 1'000 == 0 ? "seldom" : "user";
      if (no % 1'000 == 1) row.ip = *IpAddress::parse("10.9.9.9");
      row.started = row.last_access = Time{1'700'000'000'000};
    }
    index_->load_rows(rows);
    index_->end_load();
  }
  static void TearDownTestSuite() { delete index_; }
  static bool takes_long(const Query& query) {
    const Index::ReadLock lock(*index_);
    return index_->takes_long(query);
  }

  Query query_{.realms = {kMany}, .filter = {}, .order = {}, .cursor = {}};
  static Index* index_;
};
Index* TakesLongTest::index_ = nullptr;

TEST_F(TakesLongTest, NotWhatAnOrderOrOneConditionAnswers) {
  EXPECT_FALSE(takes_long(query_));
  query_.offset = kSessions / 2;
  EXPECT_FALSE(takes_long(query_)) << "a place of the order is found by its rank";
  query_.offset = 0;
  query_.filter.type = SessionType::kOffline;
  EXPECT_FALSE(takes_long(query_));
}

TEST_F(TakesLongTest, ASearchOrSeveralConditionsOrAPlaceFarBehindOne) {
  query_.filter.search = "a";
  EXPECT_TRUE(takes_long(query_));
  query_.filter.search.clear();
  query_.filter.ip_not = {*Cidr::parse("10.0.0.0/8")};
  query_.offset = 10'000;
  EXPECT_TRUE(takes_long(query_));
  query_.offset = 0;
  EXPECT_FALSE(takes_long(query_));
  query_.filter.remember_me = true;
  EXPECT_TRUE(takes_long(query_));
  query_.filter = {};
  query_.order.by = SortBy::kSeverity;
  EXPECT_FALSE(takes_long(query_));
  query_.offset = 10'000;
  EXPECT_TRUE(takes_long(query_));
}

TEST_F(TakesLongTest, NotWhatAUsersFewOrThoseOfANetworkAreAskedFor) {
  query_.filter.ip_not = {*Cidr::parse("10.0.0.0/8")};
  query_.filter.user = "user";
  EXPECT_TRUE(takes_long(query_));
  query_.filter.user = "seldom";
  EXPECT_FALSE(takes_long(query_));
  query_.filter = {};
  query_.filter.remember_me = false;
  query_.filter.ip = {*Cidr::parse("::/0")};
  EXPECT_TRUE(takes_long(query_));
  query_.filter.ip = {*Cidr::parse("10.9.9.0/24")};
  EXPECT_FALSE(takes_long(query_));
}

TEST_F(TakesLongTest, NothingWhereThereAreFewSessions) {
  query_.filter.search = "a";
  query_.realms = {kFew, RealmId{3}};
  EXPECT_FALSE(takes_long(query_));
  query_.realms.push_back(kMany);
  EXPECT_TRUE(takes_long(query_));
}

}  // namespace
}  // namespace curfew::index
