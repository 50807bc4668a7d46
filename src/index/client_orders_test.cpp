// When a client has an order of its own: it comes and goes with the client's share of the realm, and whichever way a
// question takes, the answer is the same. (model_test.cpp holds it against the model over random histories.)
#include "index/client_orders.h"

#include <gtest/gtest.h>

#include "index/index.h"

namespace curfew::index {
namespace {

using session::Session;
using session::SessionNo;
using session::SessionType;

constexpr RealmId kRealm{1};
constexpr std::int64_t kStart = 1'700'000'000'000;

class ClientOrdersTest : public testing::Test {
 protected:
  // "vault" is the client that few use. Every third session is offline.
  Handle start(bool vault) {
    Session s;
    s.no = SessionNo{++last_no_};
    s.key = {kRealm, last_no_ % 3 == 0 ? SessionType::kOffline : SessionType::kRegular,
             "session-" + std::to_string(last_no_)};
    s.user_id = s.username = "user" + std::to_string(last_no_ % 7);
    s.ip = IpAddress::v4(0x0a140000U + static_cast<std::uint32_t>(last_no_));
    s.started = s.last_access = Time{kStart + static_cast<std::int64_t>(last_no_)};
    s.clients = {{"web", s.started}};
    if (vault) s.clients.push_back({"vault", s.started});
    const Index::WriteLock lock(index_);
    return index_.insert(s);
  }
  void start_many(std::uint64_t n, bool vault, std::vector<Handle>* out = nullptr) {
    for (std::uint64_t i = 0; i < n; ++i) {
      const Handle handle = start(vault);
      if (out != nullptr) out->push_back(handle);
    }
  }
  void end(const Handle& handle) {
    const Index::WriteLock lock(index_);
    index_.erase(handle);
  }
  Page ask(std::optional<SessionType> type = std::nullopt, std::uint64_t offset = 0) {
    Query query;
    query.realms = {kRealm};
    query.filter.clients = {"vault"};
    query.filter.type = type;
    query.offset = offset;
    const Index::ReadLock lock(index_);
    return index_.query(query);
  }
  // Whether the client's own order answers, told by the plan that is taken.
  bool has_order() {
    const std::uint64_t before = taken();
    ask();
    return taken() > before;
  }
  std::uint64_t taken() const {
    for (const auto& [name, times] : index_.plans())
      if (name == "page_ranked_of_client") return times;
    ADD_FAILURE() << "no such plan";
    return 0;
  }
  void verify() {
    const Index::WriteLock lock(index_);
    index_.verify();
  }

  Index index_{device::unknown_classifier(), SeldomClients{20, 10, 8}};
  std::uint64_t last_no_ = 0;
};

TEST_F(ClientOrdersTest, ComesWithEnoughSessionsAndGoesWithFewerThanHalf) {
  start_many(400, false);
  std::vector<Handle> vault;
  start_many(19, true, &vault);
  EXPECT_FALSE(has_order());
  start_many(1, true, &vault);
  EXPECT_TRUE(has_order());
  while (vault.size() > 10) {
    end(vault.back());
    vault.pop_back();
  }
  EXPECT_TRUE(has_order());
  EXPECT_EQ(ask().total, 10U);
  end(vault.back());
  EXPECT_FALSE(has_order());
  EXPECT_EQ(ask().total, 9U);
  verify();
}

TEST_F(ClientOrdersTest, GoesWhenTheClientIsNoLongerSeldom) {
  start_many(300, false);
  start_many(30, true);
  EXPECT_TRUE(has_order());
  start_many(50, true);  // 80 of 380: more than twice a tenth
  EXPECT_FALSE(has_order());
  EXPECT_EQ(ask().total, 80U);
  start_many(500, false);  // it is seldom again, and told so by its next session
  EXPECT_FALSE(has_order());
  start_many(1, true);
  EXPECT_TRUE(has_order());
  EXPECT_EQ(ask().total, 81U);
  verify();
}

TEST_F(ClientOrdersTest, GoesWhenOthersEndAndTheClientsShareGrows) {
  std::vector<Handle> others, vault;
  start_many(400, false, &others);
  start_many(30, true, &vault);
  EXPECT_TRUE(has_order());
  for (std::size_t i = 0; i < 300; ++i) end(others[i]);
  end(vault.front());  // 29 of 129
  EXPECT_FALSE(has_order());
  EXPECT_EQ(ask().total, 29U);
  verify();
}

TEST_F(ClientOrdersTest, TouchesMoveWithinIt) {
  start_many(400, false);
  std::vector<Handle> vault;
  start_many(30, true, &vault);
  {
    // In one batch, out of order, some of them twice: none is put in its place before all are known.
    const Index::WriteLock lock(index_);
    for (std::size_t i = 0; i < 20; ++i)
      index_.touch(vault[i * 7 % 20], Time{kStart + 10'000 - static_cast<std::int64_t>(i)}, std::nullopt);
    index_.touch(vault[3], Time{kStart + 20'000}, IpAddress::v4(0x7f000001));
  }
  ASSERT_TRUE(has_order());
  const Page page = ask();
  ASSERT_EQ(page.rows.size(), 25U);
  EXPECT_EQ(page.rows[0].no, index_.get(vault[3]).no);
  EXPECT_EQ(page.rows[1].no, index_.get(vault[0]).no);
  for (std::size_t i = 1; i < page.rows.size(); ++i) EXPECT_LT(page.rows[i].last_access, page.rows[i - 1].last_access);
  verify();
}

TEST_F(ClientOrdersTest, ASessionThatJoinsOrLeavesTheClientIsTakenInAndOut) {
  start_many(400, false);
  std::vector<Handle> vault;
  start_many(30, true, &vault);
  const Handle other = start(false);
  Session joined = index_.get(other);
  joined.clients.push_back({"vault", joined.started});
  joined.last_access = Time{kStart + 50'000};
  Session left = index_.get(vault[5]);
  left.clients.pop_back();
  {
    const Index::WriteLock lock(index_);
    index_.update(other, joined);
    index_.update(vault[5], left);
  }
  ASSERT_TRUE(has_order());
  const Page page = ask();
  EXPECT_EQ(page.total, 30U);
  EXPECT_EQ(page.rows.front().no, joined.no);
  verify();
}

// Many clients that few use would be as much to keep as the realm's own order, several times.
TEST(ClientOrdersBoundTest, AllOrdersTogetherAreBounded) {
  Index index(device::unknown_classifier(), SeldomClients{20, 10, 8});
  const auto session = [](std::uint64_t no) {
    Session s;
    s.no = SessionNo{no};
    s.key = {kRealm, SessionType::kRegular, "session-" + std::to_string(no)};
    s.user_id = s.username = "user";
    s.ip = IpAddress::v4(1);
    s.started = s.last_access = Time{kStart + static_cast<std::int64_t>(no)};
    // Twenty clients: the first has the fewest sessions, the last twice as many.
    s.clients = {{"client-" + std::to_string(no % 30 % 20), s.started}};
    return s;
  };
  const Index::WriteLock lock(index);
  const auto with_order = [&] {
    int n = 0;
    for (int client = 0; client < 20; ++client) {
      Query query;
      query.realms = {kRealm};
      query.filter.clients = {"client-" + std::to_string(client)};
      const auto taken = [&] {
        for (const auto& [name, times] : index.plans())
          if (name == "page_ranked_of_client") return times;
        return std::uint64_t{0};
      };
      const std::uint64_t before = taken();
      EXPECT_EQ(index.query(query).total, client < 10 ? 200U : 100U);
      n += taken() > before;
    }
    return n;
  };
  index.begin_load();
  for (std::uint64_t no = 1; no <= 3'000; ++no) index.load_row(session(no));
  index.end_load();
  EXPECT_EQ(with_order(), 3);  // three of a hundred make 300 of the 375 that are kept
  index.verify();
}

TEST_F(ClientOrdersTest, OneTypeAndAnyOffsetOfIt) {
  start_many(400, false);
  start_many(90, true);
  start_many(500, false);
  ASSERT_TRUE(has_order());
  for (const auto type : {SessionType::kRegular, SessionType::kOffline}) {
    const std::uint64_t before = taken();
    const Page first = ask(type), third = ask(type, 25);
    EXPECT_EQ(taken(), before + 2);
    EXPECT_EQ(first.total, third.total);
    ASSERT_FALSE(third.rows.empty());
    EXPECT_LT(third.rows.front().last_access, first.rows.back().last_access);
    for (const Page* page : {&first, &third})
      for (const Session& row : page->rows) EXPECT_EQ(row.key.type, type);
  }
}

}  // namespace
}  // namespace curfew::index
