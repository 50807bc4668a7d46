// A search whose columns were read before the question finds what the question would have found by itself, whatever has
// changed in between.
#include "index/search_ahead.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "index/index.h"

namespace curfew::index {
namespace {

using session::Session;
using session::SessionNo;
using session::SessionType;

constexpr RealmId kRealm{1};
constexpr Time kStart{1'700'000'000'000};

class SearchAheadTest : public testing::Test {
 protected:
  SearchAheadTest() { index_.set_read_ahead(1, 64); }

  Handle start(const std::string& id, const std::string& ip, const std::string& user = "") {
    Session s;
    s.no = SessionNo{++last_no_};
    s.key = {kRealm, SessionType::kRegular, id};
    s.user_id = user.empty() ? "user" + std::to_string(last_no_ % 50) : user;
    s.username = "name";
    s.ip = *IpAddress::parse(ip);
    s.started = s.last_access = kStart;
    const Index::WriteLock lock(index_);
    return index_.insert(s);
  }
  std::string uuid() {
    constexpr char digits[] = "0123456789abcdef";
    std::string out = "00000000-0000-4000-8000-000000000000";
    for (const std::size_t at : {0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35})
      out[at] = digits[below(16)];
    return out;
  }
  std::string ip() {
    return below(4) == 0 ? "2001:db8::" + std::to_string(below(40))
                         : "10." + std::to_string(below(9)) + ".0." + std::to_string(below(200));
  }
  void start_some(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) handles_.push_back(start(uuid(), ip()));
  }
  void touch(const Handle& handle, const std::string& address) {
    const Index::WriteLock lock(index_);
    ASSERT_TRUE(index_.touch(handle, Time{kStart.ms + ++touched_}, *IpAddress::parse(address)));
  }
  void end(const Handle& handle) {
    const Index::WriteLock lock(index_);
    index_.erase(handle);
  }
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }

  Filter read_ahead(const std::string& search) {
    Filter filter;
    filter.search = search;
    const RealmId realms[] = {kRealm};
    index_.read_ahead(realms, filter);
    return filter;
  }
  std::uint64_t times_used() const {
    for (const auto& [plan, times] : index_.plans())
      if (plan == "scan_read_ahead") return times;
    return 0;
  }
  // With what was read ahead and without it, at one moment. How many there are.
  std::uint64_t expect_alike(const Filter& ahead, bool used = true) {
    Filter without = ahead;
    without.ahead = nullptr;
    const Index::ReadLock lock(index_);
    const Page want = page(without), got = page(ahead, used);
    EXPECT_EQ(got.total, want.total) << ahead.search;
    EXPECT_EQ(got.rows.size(), want.rows.size());
    for (std::size_t i = 0; i < std::min(got.rows.size(), want.rows.size()); ++i)
      EXPECT_EQ(got.rows[i].no, want.rows[i].no);
    return want.total;
  }

  Index index_;
  std::vector<Handle> handles_;
  std::mt19937_64 random_{7};

 private:
  Page page(const Filter& filter, bool used = false) const {
    Query query;
    query.realms = {kRealm};
    query.filter = filter;
    query.limit = 5'000;
    const std::uint64_t before = times_used();
    Page page = index_.query(query);
    EXPECT_EQ(times_used() > before, used) << filter.search;
    return page;
  }

  std::uint64_t last_no_ = 0;
  std::int64_t touched_ = 0;
};

TEST_F(SearchAheadTest, SessionsThatComeAndGo) {
  start_some(500);
  for (const char* search : {"10.7.", "2001:db8::1", "a7", "f"}) {
    const Filter filter = read_ahead(search);
    const std::uint64_t before = expect_alike(filter);
    for (std::size_t i = 0; i < 100; ++i) {  // others take their places
      const std::size_t at = below(handles_.size());
      end(handles_[at]);
      handles_[at] = start(uuid(), ip());
    }
    start_some(130);
    start("a7 10.7. 2001:db8::1 f", "10.7.0.1");
    EXPECT_GT(expect_alike(filter), before);
    expect_alike(filter);
  }
}

TEST_F(SearchAheadTest, SessionsThatMove) {
  start_some(300);
  const Filter v4 = read_ahead("10.99."), v6 = read_ahead("::abcd");
  EXPECT_EQ(expect_alike(v4), 0U);
  EXPECT_EQ(expect_alike(v6), 0U);
  touch(handles_[10], "10.99.0.1");
  touch(handles_[200], "2001:db8::abcd");
  {
    const Index::WriteLock lock(index_);
    Session moved = index_.get(handles_[150]);
    moved.ip = *IpAddress::parse("10.99.0.2");
    index_.update(handles_[150], moved);
  }
  EXPECT_EQ(expect_alike(v4), 2U);
  EXPECT_EQ(expect_alike(v6), 1U);
  touch(handles_[10], "10.1.0.1");
  touch(handles_[200], "10.99.0.3");
  EXPECT_EQ(expect_alike(v4), 2U);
  EXPECT_EQ(expect_alike(v6), 0U);
}

TEST_F(SearchAheadTest, UsersAreThoseOfTheQuestion) {
  start_some(300);
  const Filter filter = read_ahead("a7");
  const std::uint64_t before = expect_alike(filter);
  {
    const Index::WriteLock lock(index_);
    const Index::UserTexts texts[] = {{kRealm, "user7", "a7", ""}};
    std::vector<std::uint32_t> numbers;
    index_.put_users(texts, numbers);
  }
  EXPECT_GT(expect_alike(filter), before);
}

TEST_F(SearchAheadTest, TooManyChangesAreNotFollowed) {
  start_some(200);
  const Filter filter = read_ahead("10.99.");
  for (std::size_t i = 0; i <= RowChanges::kMost; ++i) touch(handles_[i % 5], "10.98.0." + std::to_string(i / 5 % 2));
  touch(handles_[100], "10.99.0.1");
  EXPECT_EQ(expect_alike(filter, false), 1U);
}

TEST_F(SearchAheadTest, APartThatWasAsLongAsAnyIdIsLookedForInLongerOnes) {
  for (int i = 0; i < 200; ++i) start("s" + std::to_string(i), ip());
  const Filter filter = read_ahead("10.20.30");
  EXPECT_EQ(expect_alike(filter), 0U);
  start("from 10.20.30.40", "10.1.1.1");
  EXPECT_EQ(expect_alike(filter, false), 1U);
}

TEST_F(SearchAheadTest, OfARealmThatIsAnotherNow) {
  start_some(300);
  const Filter filter = read_ahead("10.7.");
  {
    const Index::WriteLock lock(index_);
    index_.drop_realm(kRealm);
  }
  EXPECT_EQ(expect_alike(filter, false), 0U);
  handles_.clear();
  start_some(300);
  EXPECT_GT(expect_alike(filter, false), 0U);
}

TEST_F(SearchAheadTest, OnlyWhereColumnsWouldBeRead) {
  start_some(300);
  EXPECT_NE(read_ahead("10.7.").ahead, nullptr);
  EXPECT_EQ(read_ahead("").ahead, nullptr);
  EXPECT_EQ(read_ahead("zoe").ahead, nullptr) << "in no id and no address";
  EXPECT_EQ(read_ahead(uuid()).ahead, nullptr) << "a whole id";
  const RealmId realms[] = {kRealm};
  Filter one;
  one.search = "10.7.";
  one.user = "user7";
  index_.read_ahead(realms, one);
  EXPECT_EQ(one.ahead, nullptr) << "a user's few are looked at by themselves";
  index_.set_read_ahead(1'000, 64);
  EXPECT_EQ(read_ahead("10.7.").ahead, nullptr) << "few rows";
}

TEST_F(SearchAheadTest, BesideAWriter) {
  start_some(2'000);
  std::atomic<bool> over{false};
  std::thread writer([&] {
    std::mt19937_64 random(11);
    for (std::uint64_t i = 0; !over; ++i) {
      Handle& handle = handles_[random() % handles_.size()];
      const std::string address = "10." + std::to_string(random() % 9) + ".0." + std::to_string(random() % 200);
      if (i % 3 == 0) {
        end(handle);
        handle = start("x" + std::to_string(random() % 1'000'000) + "-" + std::to_string(i), address);
      } else {
        touch(handle, address);
      }
    }
  });
  std::uint64_t found = 0;
  for (int i = 0; i < 100; ++i) {
    const Filter filter = read_ahead(i % 2 == 0 ? "10.7." : "7-");
    for (int question = 0; question < 3; ++question) found += expect_alike(filter);
  }
  over = true;
  writer.join();
  EXPECT_GT(found, 0U);
}

}  // namespace
}  // namespace curfew::index
