// Properties of the index that the model's small histories do not reach.
#include "index/index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace curfew::index {
namespace {

using session::Session;
using session::SessionNo;
using session::SessionType;

constexpr RealmId kRealm{1};
constexpr std::int64_t kStart = 1'700'000'000'000;

Session make(std::uint64_t no) {
  Session s;
  s.no = SessionNo{no};
  s.key = {kRealm, SessionType::kRegular, "session-" + std::to_string(no)};
  s.user_id = "user-" + std::to_string(no % 50);
  s.username = "name" + std::to_string(no % 50);
  s.ip = IpAddress::v4(0x0a140000U + static_cast<std::uint32_t>(no));
  s.started = Time{kStart + static_cast<std::int64_t>(no)};
  s.last_access = s.started;
  s.clients = {{"web", s.started}};
  return s;
}

std::uint64_t taken(const Index& index, std::string_view plan) {
  for (const auto& [name, times] : index.plans())
    if (name == plan) return times;
  ADD_FAILURE() << "no plan " << plan;
  return 0;
}

void fill(Index& index, std::uint64_t rows, void (*change)(Session&)) {
  Index::WriteLock lock(index);
  index.begin_load();
  for (std::uint64_t no = 1; no <= rows; ++no) {
    Session s = make(no);
    change(s);
    index.load_row(s);
  }
  index.end_load();
}

// So many that two threads build the structures.
TEST(IndexTest, ALargeRealmIsBuiltWhole) {
  constexpr std::uint64_t rows = 210'000;
  Index index;
  fill(index, rows, [](Session& s) {
    s.remember_me = s.no.value % 3 == 0;
    s.user_id = s.username = "user" + std::to_string(s.no.value * 7'919 % 50'000);
    s.last_access = s.started + Duration{static_cast<std::int64_t>(s.no.value * 104'729 % 1'000'000)};
    if (s.no.value % 5 == 0) s.ip = *IpAddress::parse("2001:db8::" + std::to_string(s.no.value % 9'999));
  });
  index.verify();
  Query query;
  query.realms = {kRealm};
  query.filter.search = "user77";
  EXPECT_EQ(index.query(query).total, index.count(query.realms, query.filter));
  query.filter = {};
  EXPECT_EQ(index.query(query).total, rows);
}

// Sorted as numbers of 64 bits, where times lie further apart than 32 hold, and of 32 where they do not.
TEST(IndexTest, OrdersAreBuiltWhateverTheirKeysSpan) {
  for (const std::int64_t apart : {std::int64_t{7}, std::int64_t{86'400'000}}) {
    constexpr std::uint64_t rows = 3'000;
    Index index;
    {
      Index::WriteLock lock(index);
      index.begin_load();
      for (std::uint64_t no = 1; no <= rows; ++no) {
        Session s = make(no);
        // Half of the times are there twice: then `no` decides.
        s.started = Time{kStart + static_cast<std::int64_t>(no * 7'919 % (rows / 2)) * apart};
        s.last_access = s.started + Duration{static_cast<std::int64_t>(no % 3) * apart};
        if (no % 4 == 0) s.ip = *IpAddress::parse((no % 8 == 0 ? "2001:db8::" : "::") + std::to_string(no % 97));
        index.load_row(s);
      }
      index.end_load();
    }
    index.verify();
    for (const SortBy by : {SortBy::kStarted, SortBy::kLastAccess, SortBy::kIpAddress}) {
      Query query;
      query.realms = {kRealm};
      query.order = {by, false};
      query.limit = rows;
      const Page page = index.query(query);
      ASSERT_EQ(page.rows.size(), rows);
      const auto key = [by](const Session& s) {
        return std::tuple(by == SortBy::kStarted      ? s.started
                          : by == SortBy::kLastAccess ? s.last_access
                                                      : Time{},
                          by == SortBy::kIpAddress ? s.ip.bytes() : decltype(s.ip.bytes()){}, s.no.value);
      };
      for (std::size_t i = 1; i < rows; ++i) ASSERT_LT(key(page.rows[i - 1]), key(page.rows[i])) << i;
    }
  }
}

// More sets of clients than are kept as guesses, each taken, given back, and its place given to another.
TEST(IndexTest, SetsOfClientsComeAndGo) {
  Index index;
  const auto clients = [](std::uint64_t n, Time since) {
    return std::vector<session::ClientLink>{{"a" + std::to_string(n % 90), since},
                                            {"b" + std::to_string(n / 90), since}};
  };
  Index::WriteLock lock(index);
  std::vector<Handle> handles;
  constexpr std::uint64_t rows = 8'000;
  for (std::uint64_t no = 1; no <= rows; ++no) {
    Session s = make(no);
    s.clients = clients(no, s.started);
    handles.push_back(index.insert(s));
    if (no % 3 == 0) {
      index.erase(handles[no / 2]);
      handles[no / 2] = {};
    }
  }
  for (std::uint64_t no = 1; no <= rows; ++no)
    if (handles[no - 1].no.value != 0 && index.alive(handles[no - 1]))
      ASSERT_EQ(index.get(handles[no - 1]).clients, clients(no, make(no).started));
  index.verify();
}

TEST(IndexTest, WalkThatFindsNothingForLongGivesUpAndIsStillRight) {
  Index index;
  // Half of the rows are remembered: those longest ago.
  fill(index, 4000, [](Session& s) { s.remember_me = s.no.value <= 2000; });
  Query query;
  query.realms = {kRealm};
  query.filter.remember_me = true;
  const Page page = index.query(query);
  EXPECT_EQ(page.total, 2000U);
  ASSERT_EQ(page.rows.size(), 25U);
  EXPECT_EQ(page.rows.front().no.value, 2000U);
  EXPECT_EQ(page.rows.back().no.value, 1976U);
  EXPECT_GE(taken(index, "page_walk_gave_up"), 1U);
}

TEST(IndexTest, UserWithManySessionsGrowsAndShrinksThroughEveryForm) {
  Index index;
  Index::WriteLock lock(index);
  std::vector<Handle> handles;
  for (std::uint64_t no = 1; no <= 300; ++no) {
    Session s = make(no);
    s.user_id = "one";
    handles.push_back(index.insert(s));
    ASSERT_EQ(index.user_sessions(kRealm, "one").size(), no);
  }
  index.verify();
  for (std::size_t i = 0; i < handles.size(); ++i) {
    index.erase(handles[(i * 7) % 300]);
    ASSERT_EQ(index.user_sessions(kRealm, "one").size(), 299 - i);
    if (i % 50 == 0) index.verify();
  }
  EXPECT_TRUE(index.forget_user(kRealm, "one"));
  EXPECT_FALSE(index.user(kRealm, "one").has_value());
}

TEST(IndexTest, LatestSessionsOfAUserWithManyAreFoundAmongOthersOfTheSameName) {
  Index index;
  Index::WriteLock lock(index);
  std::vector<Handle> mine;
  for (std::uint64_t no = 1; no <= 600; ++no) {
    Session s = make(no);
    // Two of one name, of whom one came to have many sessions and the other then to have more.
    s.user_id = no <= 200 ? "one" : "other";
    s.username = "Shared";
    const Handle handle = index.insert(s);
    if (no <= 200) mine.push_back(handle);
  }
  const std::uint32_t one = *index.user_number(kRealm, "one"), other = *index.user_number(kRealm, "other");
  std::vector<Handle> got;
  index.handles_of(kRealm, one, 64, got);
  EXPECT_EQ(got, std::vector<Handle>(mine.end() - 64, mine.end()));
  got.clear();
  index.handles_of(kRealm, other, 3, got);
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got.front().no.value, 598U);
  EXPECT_EQ(got.back().no.value, 600U);
  // One that has just ended is not among them, although nothing has been put in order since.
  index.erase(got.back());
  got.clear();
  index.handles_of(kRealm, other, 3, got);
  EXPECT_EQ(got.back().no.value, 599U);
  EXPECT_EQ(index.sessions_of(kRealm, other), 399U);
}

TEST(IndexTest, EachAgentStringOfARealmIsClassifiedOnceWhileItIsInUse) {
  int asked = 0;
  Index index([&](std::string_view) {
    ++asked;
    return std::make_shared<const device::Device>(device::Device{device::Kind::kTv, "", "", "Television"});
  });
  Index::WriteLock lock(index);
  std::vector<Handle> handles;
  for (std::uint64_t no = 1; no <= 40; ++no) {
    Session s = make(no);
    s.user_agent = no % 4 == 0 ? "" : "agent " + std::to_string(no % 4);
    handles.push_back(index.insert(s));
  }
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(index.kinds({{kRealm}})[static_cast<std::size_t>(device::Kind::kTv)], 30U);
  EXPECT_EQ(index.device_key(handles[3]), "ua:Unknown device");
  EXPECT_EQ(index.device_key(handles[0]), "ua:Television");
  EXPECT_EQ(index.view(handles[0]).device_hash, device_hash("ua:Television"));
  for (const Handle& handle : handles) index.erase(handle);
  EXPECT_EQ(index.sessions_with(kRealm, "ua:Television"), 0U);
  index.verify();
}

TEST(IndexTest, MarksStayThroughTouchAndUpdateAndGoWithTheSession) {
  Index index;
  Index::WriteLock lock(index);
  Session s = make(1);
  const Handle handle = index.insert(s);
  index.set_marks(handle, kHighSeverity | 5);
  index.touch(handle, Time{kStart + 5000}, IpAddress::v4(1));
  s = index.get(handle);
  s.remember_me = true;
  s.user_agent = "another";
  index.update(handle, s);
  EXPECT_EQ(index.marks(handle), kHighSeverity | 5);
  index.erase(handle);
  const Handle next = index.insert(make(2));
  ASSERT_EQ(next.row, handle.row);
  EXPECT_EQ(index.marks(next), 0);
  Filter any;
  any.marks = 0xffff;
  EXPECT_EQ(index.count({{kRealm}}, any), 0U);
  index.verify();
}

TEST(IndexTest, OrderBySeverityHoldsAtAnyOffsetAndAlongCursors) {
  Index index;
  constexpr std::uint64_t rows = 4000, realms = 3;
  fill(index, rows, [](Session& s) { s.key.realm = RealmId{static_cast<std::uint32_t>(s.no.value % realms + 1)}; });
  const auto marks_of = [](std::uint64_t no) -> std::uint16_t {
    return no % 97 == 0 ? kHighSeverity : no % 53 == 0 ? kMediumSeverity : no % 31 == 0 ? kLowSeverity | 1U : 0U;
  };
  std::vector<std::pair<int, std::uint64_t>> want;
  {
    Index::WriteLock lock(index);
    for (std::uint64_t no = 1; no <= rows; ++no) {
      const auto handle = index.find({RealmId{static_cast<std::uint32_t>(no % realms + 1)}, SessionType::kRegular,
                                      "session-" + std::to_string(no)});
      index.set_marks(*handle, marks_of(no));
      want.emplace_back(marks_of(no) >> 13, no);
    }
  }
  std::sort(want.begin(), want.end());
  Query query;
  query.realms = {RealmId{1}, RealmId{2}, RealmId{3}};
  for (const bool descending : {true, false}) {
    query.order = {SortBy::kSeverity, descending};
    query.cursor.reset();
    for (const std::uint64_t offset : {0U, 30U, 41U, 200U, 250U, 2000U, 3750U, 3990U}) {
      query.offset = offset;
      const Page page = index.query(query);
      ASSERT_EQ(page.total, rows);
      ASSERT_EQ(page.rows.size(), std::min<std::uint64_t>(25, rows - offset));
      for (std::size_t i = 0; i < page.rows.size(); ++i)
        EXPECT_EQ(page.rows[i].no.value, want[descending ? rows - 1 - offset - i : offset + i].second) << offset;
    }
    // All of it by cursors, there and back.
    query.offset = 0;
    query.limit = 333;
    std::size_t seen = 0;
    for (Page page = index.query(query);; page = index.query(query)) {
      for (const Session& row : page.rows) {
        EXPECT_EQ(row.no.value, want[descending ? rows - 1 - seen : seen].second);
        ++seen;
      }
      query.cursor = page.next;
      if (!page.next) {
        query.cursor = page.previous;
        break;
      }
    }
    EXPECT_EQ(seen, rows);
    for (; query.cursor; query.cursor = index.query(query).previous) ++seen;
    EXPECT_EQ(seen, rows + rows / 333);
    query.limit = 25;
  }
  EXPECT_GT(taken(index, "offset_by_ranks"), 0U);
}

TEST(IndexTest, HandleOfAnErasedSessionStaysDeadWhenItsRowIsGivenAgain) {
  Index index;
  Index::WriteLock lock(index);
  const Handle first = index.insert(make(1));
  index.erase(first);
  const Handle second = index.insert(make(2));
  EXPECT_EQ(first.row, second.row);
  EXPECT_FALSE(index.alive(first));
  EXPECT_TRUE(index.alive(second));
}

TEST(IndexTest, TouchedRowsAreTakenInSlicesOnceEachInAscendingOrder) {
  Index index;
  fill(index, 1000, [](Session&) {});
  Index::WriteLock lock(index);
  for (std::uint64_t no = 1000; no > 0; no -= 2) {
    const auto handle = index.find({kRealm, SessionType::kRegular, "session-" + std::to_string(no)});
    ASSERT_TRUE(handle);
    EXPECT_TRUE(index.touch(*handle, Time{kStart + 100'000}, std::nullopt));
    EXPECT_FALSE(index.touch(*handle, Time{kStart + 100'000}, std::nullopt));
  }
  std::set<std::uint64_t> seen;
  std::vector<DirtyRow> out;
  while (index.dirty_count() > 0) {
    out.clear();
    index.take_dirty(64, out);
    ASSERT_LE(out.size(), 64U);
    EXPECT_TRUE(std::is_sorted(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.no < b.no; }));
    for (const DirtyRow& row : out) EXPECT_TRUE(seen.insert(row.no.value).second);
  }
  EXPECT_EQ(seen.size(), 500U);
  index.verify();
}

TEST(IndexTest, ManyRealmsMergeIntoOneOrderAtAnyOffset) {
  Index index;
  constexpr std::uint64_t rows = 3000;
  fill(index, rows, [](Session& s) {
    s.key.realm = RealmId{static_cast<std::uint32_t>(s.no.value % 17 + 1)};
    s.last_access = Time{kStart + static_cast<std::int64_t>(s.no.value * 7919 % rows)};
    s.started = Time{kStart};
  });
  Query query;
  for (std::uint32_t id = 1; id <= 17; ++id) query.realms.push_back(RealmId{id});
  for (const bool descending : {true, false}) {
    query.order = {SortBy::kLastAccess, descending};
    for (const std::uint64_t offset : {0U, 1U, 500U, 1499U, 1500U, 2990U, 2999U}) {
      query.offset = offset;
      const Page page = index.query(query);
      ASSERT_EQ(page.total, rows);
      ASSERT_EQ(page.rows.size(), std::min<std::uint64_t>(25, rows - offset));
      for (std::size_t i = 0; i < page.rows.size(); ++i) {
        const std::uint64_t place = descending ? rows - 1 - offset - i : offset + i;
        EXPECT_EQ(page.rows[i].last_access.ms, kStart + static_cast<std::int64_t>(place));
      }
    }
  }
  EXPECT_GT(taken(index, "offset_by_ranks"), 0U);
}

TEST(IndexTest, RealmsWithoutSessionsAndUnknownOnesAnswerEmpty) {
  Index index;
  Query query;
  query.realms = {kRealm, RealmId{7}};
  EXPECT_EQ(index.query(query).total, 0U);
  query.filter.search = "x";
  EXPECT_EQ(index.query(query).total, 0U);
  EXPECT_EQ(index.users(query.realms, "", 0, 10).total, 0U);
  std::uint32_t place = 5;
  std::vector<ExpiredRow> out;
  index.sweep(kRealm, {}, Time{kStart}, place, 100, out);
  EXPECT_EQ(place, 0U);
}

TEST(CursorTest, TextThatWeDidNotMakeIsRefused) {
  for (const std::string_view text : {"", "x", "AAAA", "////", "AQAB", "AgAAAA"}) {
    const auto cursor = decode_cursor(text);
    ASSERT_FALSE(cursor) << text;
    EXPECT_EQ(cursor.error().field, "cursor");
  }
  EXPECT_FALSE(decode_cursor(std::string(5000, 'A')));
  // A time's key has 8 bytes.
  EXPECT_FALSE(decode_cursor(encode_cursor({{SortBy::kStarted, true}, "short", SessionNo{1}, false})));
  EXPECT_FALSE(decode_cursor(encode_cursor({{SortBy::kIpAddress, true}, "short", SessionNo{1}, false})));
  // A severity's has the rank before it.
  EXPECT_FALSE(decode_cursor(encode_cursor({{SortBy::kSeverity, true}, "12345678", SessionNo{1}, false})));
  EXPECT_FALSE(decode_cursor(encode_cursor({{SortBy::kSeverity, true},
                                            "\x04"
                                            "12345678",
                                            SessionNo{1},
                                            false})));
  EXPECT_TRUE(decode_cursor(encode_cursor({{SortBy::kSeverity, true},
                                           "\x03"
                                           "12345678",
                                           SessionNo{1},
                                           false})));
}

}  // namespace
}  // namespace curfew::index
