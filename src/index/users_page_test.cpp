// The last used sessions of the users whose name holds a part: whichever users are looked at first, and whenever the
// search stops, the page is that of all of them in order. (model_test.cpp has few users, and all within seconds.)
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "index/index.h"

namespace curfew::index {
namespace {

using session::Session;
using session::SessionNo;
using session::SessionType;

constexpr RealmId kRealm{1};
constexpr std::int64_t kStart = 1'700'000'000'000, kMonth = std::int64_t{30} * 86'400'000;

class UsersPageTest : public testing::Test {
 protected:
  // One of 6,000 users, of whom one in 200 is named "…oe12…": too few to be met along the order.
  void start(Time last_access) {
    Session s;
    s.no = SessionNo{sessions_.size() + 1};
    s.key = {kRealm, below(4) == 0 ? SessionType::kOffline : SessionType::kRegular, uuid(s.no.value)};
    const std::uint64_t user = below(6'000);
    s.user_id = "user" + std::to_string(user);
    s.username = (user % 200 == 0 ? "zoe12" : "tom") + std::to_string(user);
    s.started = s.last_access = last_access;
    const Index::WriteLock lock(index_);
    sessions_.push_back({index_.insert(s), s, user % 200 == 0});
  }
  // In which nobody looks for a name.
  static std::string uuid(std::uint64_t number) {
    const std::string digits = std::to_string(number);
    return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
  }
  void touch(Time at) {
    One& one = sessions_[below(sessions_.size())];
    if (one.ended) return;
    const Index::WriteLock lock(index_);
    index_.touch(one.handle, at, std::nullopt);
    one.session.last_access = std::max(one.session.last_access, at);
  }
  void end() { end(sessions_[below(sessions_.size())]); }
  struct One;
  void end(One& one) {
    if (one.ended) return;
    const Index::WriteLock lock(index_);
    index_.erase(one.handle);
    one.ended = true;
  }
  // A later word of the session may say that it was used earlier.
  void update(Time at) {
    One& one = sessions_[below(sessions_.size())];
    if (one.ended) return;
    one.session.last_access = std::max(one.session.started, at);
    const Index::WriteLock lock(index_);
    index_.update(one.handle, one.session);
  }
  Page ask(std::uint64_t offset, std::size_t limit, const std::optional<Cursor>& cursor = std::nullopt) const {
    Query query;
    query.realms = {kRealm};
    query.filter.search = "oe12";
    query.offset = offset;
    query.limit = limit;
    query.cursor = cursor;
    const Index::ReadLock lock(index_);
    return index_.query(query);
  }
  std::vector<std::uint64_t> expected() const {
    std::vector<const Session*> matching;
    for (const One& one : sessions_)
      if (one.matches && !one.ended) matching.push_back(&one.session);
    std::sort(matching.begin(), matching.end(), [](const Session* a, const Session* b) {
      return a->last_access != b->last_access ? a->last_access > b->last_access : a->no.value > b->no.value;
    });
    std::vector<std::uint64_t> out;
    for (const Session* s : matching) out.push_back(s->no.value);
    return out;
  }
  static std::vector<std::uint64_t> numbers(const Page& page) {
    std::vector<std::uint64_t> out;
    for (const Session& s : page.rows) out.push_back(s.no.value);
    return out;
  }
  std::uint64_t taken() const {
    for (const auto& [name, times] : index_.plans())
      if (name == "page_users") return times;
    return 0;
  }
  void compare_pages() {
    const std::vector<std::uint64_t> all = expected();
    for (const std::size_t limit : {1U, 7U, 25U, 100U}) {
      for (std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{3}, below(all.size() + 2)}) {
        const Page page = ask(offset, limit);
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(offset, all.size()));
        const auto left = static_cast<std::size_t>(all.end() - begin);
        const std::vector<std::uint64_t> want(begin, begin + static_cast<std::ptrdiff_t>(std::min(limit, left)));
        ASSERT_EQ(page.total, all.size());
        ASSERT_EQ(numbers(page), want) << "offset " << offset << ", limit " << limit;
      }
    }
    // From page to page, as a reader would go on.
    for (const std::size_t limit : {2U, 40U}) {
      std::vector<std::uint64_t> read;
      for (Page page = ask(0, limit);; page = ask(0, limit, page.next)) {
        ASSERT_EQ(page.previous.has_value(), !read.empty());
        for (const std::uint64_t no : numbers(page)) read.push_back(no);
        if (!page.next) break;
      }
      ASSERT_EQ(read, all);
    }
  }
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  Time some_time() { return Time{kStart + static_cast<std::int64_t>(below(kMonth))}; }

  struct One {
    Handle handle;
    Session session;
    bool matches = false, ended = false;
  };
  Index index_{device::unknown_classifier()};
  std::vector<One> sessions_;
  std::mt19937_64 random_{12};
};

TEST_F(UsersPageTest, IsThatOfAllTheirSessionsWhateverHappenedToThem) {
  for (int i = 0; i < 30'000; ++i) start(some_time());
  ASSERT_NO_FATAL_FAILURE(compare_pages());
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 1'000; ++i) {
      switch (below(5)) {
        case 0:
          start(some_time());
          break;
        case 1:
          end();
          break;
        case 2:
          update(some_time());
          break;
        default:
          touch(some_time());
      }
    }
    ASSERT_NO_FATAL_FAILURE(compare_pages()) << "round " << round;
  }
  EXPECT_GT(taken(), 50U);
  const Index::WriteLock lock(index_);
  index_.verify();
}

// Whoever goes on from a page is told that there is nothing before the next one, once what was on it has ended.
TEST_F(UsersPageTest, KnowsWhetherAnythingIsLeftBeforeIt) {
  for (int i = 0; i < 60'000; ++i) start(some_time());
  for (int round = 0; round < 10; ++round) {
    const Page page = ask(0, 7);
    const bool one_stays = round % 2 == 0;
    for (std::size_t i = one_stays ? 1 : 0; i < page.rows.size(); ++i) end(sessions_[page.rows[i].no.value - 1]);
    const Page next = ask(0, 7, page.next);
    EXPECT_EQ(next.previous.has_value(), one_stays);
    const std::vector<std::uint64_t> all = expected();
    const auto begin = all.begin() + (one_stays ? 1 : 0);
    EXPECT_EQ(numbers(next), std::vector<std::uint64_t>(begin, begin + 7));
  }
  EXPECT_GE(taken(), 20U);
}

// Seconds since 1970 fit into 32 bits until 2106; whoever was used later is looked at first, and none is missed.
TEST_F(UsersPageTest, HoldsBeyondTheYear2106) {
  const std::int64_t end_of_seconds = std::int64_t{0xffffffff} * 1000;
  for (int i = 0; i < 10'000; ++i) start(some_time());
  for (int i = 0; i < 1'000; ++i) start(Time{end_of_seconds - 5'000 + static_cast<std::int64_t>(below(10'000))});
  for (int i = 0; i < 3'000; ++i) touch(Time{end_of_seconds + static_cast<std::int64_t>(below(kMonth))});
  ASSERT_NO_FATAL_FAILURE(compare_pages());
}

}  // namespace
}  // namespace curfew::index
