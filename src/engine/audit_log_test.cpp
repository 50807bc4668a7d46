#include "engine/audit_log.h"

#include <gtest/gtest.h>

#include "engine/test_world.h"

namespace curfew::engine {
namespace {

struct AuditLogTest : testing::Test {
  void SetUp() override {
    a = world.realm("a");
    b = world.realm("b");
    for (int i = 0; i < 6; ++i) {
      world.clock.advance(Duration::minutes(1));
      const auto s = world.session(i % 2 == 0 ? a : b, "s" + std::to_string(i), i < 4 ? "jane.doe" : "john");
      world.start(s);
      world.submit({session::EndSession{s.key, world.clock.now(), session::EndCause::kRevoked, ""}},
                   i < 3 ? "op1" : "op2");
    }
  }
  std::vector<std::string> ids(const AuditQuery& query) {
    std::vector<std::string> out;
    const auto page = world.engine->audit_log().query(query);
    for (const auto& sealed : page->records) out.push_back(sealed.record.session_id);
    total = page->total;
    more = page->more;
    earlier = page->earlier;
    return out;
  }
  static AuditQuery ends() {
    AuditQuery query;
    query.action = audit::action::kSessionEnded;
    query.all_realms = true;
    return query;
  }

  World world;
  RealmId a, b;
  std::uint64_t total = 0;
  bool more = false, earlier = false;
};

using Ids = std::vector<std::string>;

TEST_F(AuditLogTest, NewestFirstAndTheOtherWay) {
  AuditQuery query = ends();
  EXPECT_EQ(ids(query), (Ids{"s5", "s4", "s3", "s2", "s1", "s0"}));
  query.ascending = true;
  EXPECT_EQ(ids(query), (Ids{"s0", "s1", "s2", "s3", "s4", "s5"}));
  EXPECT_EQ(total, 6U);
}

TEST_F(AuditLogTest, FiltersCombineByWhicheverIndexServes) {
  AuditQuery query;
  query.realms = {a};
  query.action = audit::action::kSessionEnded;
  EXPECT_EQ(ids(query), (Ids{"s4", "s2", "s0"}));
  query.user = "u-jane.doe";
  EXPECT_EQ(ids(query), (Ids{"s2", "s0"}));
  query.actor = "op2";
  EXPECT_TRUE(ids(query).empty());
  query.actor = "op1";
  EXPECT_EQ(ids(query), (Ids{"s2", "s0"}));
  query.session = "regular/s2";
  EXPECT_EQ(ids(query), (Ids{"s2"}));
  query.session = "s0";
  EXPECT_EQ(ids(query), (Ids{"s0"}));
  query.outcome = audit::AuditOutcome::kDenied;
  EXPECT_TRUE(ids(query).empty());
}

TEST_F(AuditLogTest, RealmsOfTheCallerAloneAreSeen) {
  AuditQuery query;
  query.realms = {b};
  const auto records = world.engine->audit_log().query(query);
  for (const auto& sealed : records->records) EXPECT_EQ(sealed.record.realm, b);
  EXPECT_EQ(records->total, 4U);  // its creation and three ends
}

TEST_F(AuditLogTest, PagesWalkBothWaysWithExactTotals) {
  AuditQuery query = ends();
  query.limit = 2;
  EXPECT_EQ(ids(query), (Ids{"s5", "s4"}));
  EXPECT_TRUE(more);
  EXPECT_FALSE(earlier);
  const auto seq_of = [&](const std::string& id) {
    AuditQuery one = ends();
    one.session = id;
    return world.engine->audit_log().query(one)->records.at(0).record.seq;
  };
  query.after_seq = seq_of("s4");
  EXPECT_EQ(ids(query), (Ids{"s3", "s2"}));
  EXPECT_TRUE(more);
  EXPECT_TRUE(earlier);
  EXPECT_EQ(total, 6U);
  query.after_seq = seq_of("s3");
  query.backwards = true;
  EXPECT_EQ(ids(query), (Ids{"s5", "s4"}));
  EXPECT_TRUE(more);
  EXPECT_FALSE(earlier);
}

TEST_F(AuditLogTest, TimesBoundIt) {
  AuditQuery query = ends();
  query.to = world.clock.now();
  EXPECT_EQ(ids(query), (Ids{"s4", "s3", "s2", "s1", "s0"}));
  query.from = world.clock.now() - Duration::minutes(2);
  EXPECT_EQ(ids(query), (Ids{"s4", "s3"}));
}

TEST_F(AuditLogTest, TrimmedLogStillVerifies) {
  world.options.audit_retention = Duration::days(1);
  world.crash();
  world.clock.advance(Duration::days(2));
  world.start(world.session(a, "new", "jane.doe"));
  world.end({a, session::SessionType::kRegular, "new"});
  world.clock.advance(Duration::hours(2));
  world.run();
  EXPECT_GT(world.ledger.first_audit_seq(), 1U);
  const auto verified = world.engine->audit_log().verify();
  ASSERT_TRUE(verified);
  EXPECT_TRUE(verified->whole) << verified->detail;
}

}  // namespace
}  // namespace curfew::engine
