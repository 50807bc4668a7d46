// The suite: commits, rows, activity, documents, the journal, and what crashes and refusals leave.
#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <stdexcept>

#include "ledger/conformance.h"
#include "ledger/memory_ledger.h"

namespace curfew::ledger {

TEST_P(LedgerConformance, AnEmptyLedgerHasNothing) {
  const Contents contents = contents_of(ledger());
  EXPECT_EQ(contents.position, 0U);
  EXPECT_EQ(contents.last_no, 0U);
  EXPECT_EQ(contents.first_seq, 1U);
  EXPECT_EQ(contents.last_seq, 0U);
  EXPECT_TRUE(contents.rows.empty() && contents.documents.empty() && contents.audit.empty() &&
              contents.journal.empty());
  EXPECT_EQ(ledger().audit_seq_at(sample_time(0)).value(), 1U);
  EXPECT_EQ(ledger().document("realms", "1").value(), std::nullopt);
  const std::vector<session::SessionKey> keys = {sample_key(1)};
  EXPECT_EQ(ledger().tombstones(keys).value().at(0), std::nullopt);
}

TEST_P(LedgerConformance, PositionsAreDenseFromOneAndSurviveReopening) {
  EXPECT_EQ(must_append(start_commit(1, 2)), 1U);
  EXPECT_EQ(must_append(Commit{}), 2U);
  EXPECT_EQ(ledger().position(), 2U);
  subject().reopen();
  EXPECT_EQ(ledger().position(), 2U);
  EXPECT_EQ(must_append(start_commit(3, 1)), 3U);
  subject().crash();
  EXPECT_EQ(ledger().position(), 3U);
}

TEST_P(LedgerConformance, AnAppendIsVisibleAtOnceAndAfterACrash) {
  must_append(start_commit(1, 5));
  Commit commit = end_commit(2, 2, 1);
  commit.puts.push_back(sample_session(6));
  commit.documents = {{"realms", "1", "production"}};
  must_append(commit);
  const Contents before = contents_of(ledger());
  EXPECT_EQ(before.rows.size(), 4U);
  EXPECT_EQ(before.rows[1], sample_session(4));
  EXPECT_EQ(before.audit.size(), 2U);
  EXPECT_EQ(before.journal, (std::vector<std::string>{"started 5 from 1", "ended 2 from 2"}));
  subject().crash();
  EXPECT_EQ(contents_of(ledger()), before);
  subject().reopen();
  EXPECT_EQ(contents_of(ledger()), before);
}

// A session that ends in the commit that would have put it: its number is taken all the same.
TEST_P(LedgerConformance, ANumberThatOnlyEndedIsNotGivenAgain) {
  must_append(start_commit(1, 2));
  Commit commit = end_commit(3, 2, 1);
  must_append(commit);
  EXPECT_EQ(ledger().last_no().value, 4U);
  subject().reopen();
  EXPECT_EQ(ledger().last_no().value, 4U);
  subject().crash();
  EXPECT_EQ(ledger().last_no().value, 4U);
}

TEST_P(LedgerConformance, ARefusedCommitLeavesNothing) {
  must_append(start_commit(1, 3));
  const Contents before = contents_of(ledger());
  if (!subject().break_storage(true)) GTEST_SKIP() << "the storage of this adapter can't be broken by a test";
  Commit commit = end_commit(1, 2, 1);
  commit.documents = {{"realms", "1", "never"}};
  for (int attempt = 0; attempt < 3; ++attempt) {
    const Result<Position> refused = ledger().append(commit);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  }
  EXPECT_EQ(contents_of(ledger()), before);
  subject().break_storage(false);
  subject().crash();
  EXPECT_EQ(contents_of(ledger()), before);
  EXPECT_EQ(must_append(end_commit(3, 1, 1)), 2U);
}

TEST_P(LedgerConformance, ALedgerWorksAgainOnceItsStorageDoes) {
  must_append(start_commit(1, 3));
  if (!subject().break_storage(true)) GTEST_SKIP() << "the storage of this adapter can't be broken by a test";
  EXPECT_FALSE(ledger().append(start_commit(4, 1)).has_value());
  subject().break_storage(false);
  EXPECT_EQ(must_append(start_commit(4, 2)), 2U);
  const Contents after = contents_of(ledger());
  EXPECT_EQ(after.rows.size(), 5U);
  subject().crash();
  EXPECT_EQ(contents_of(ledger()), after);
}

TEST_P(LedgerConformance, ACommitThatBreaksTheRulesIsRefusedWhole) {
  must_append(start_commit(1, 2));
  const Contents before = contents_of(ledger());
  std::vector<Commit> wrong(7);
  wrong[0] = end_commit(1, 1, 2);  // the first audit seq is 1
  wrong[1] = end_commit(1, 2, 1);
  wrong[1].audit[1].seq = 3;
  wrong[2] = end_commit(1, 2, 1);
  wrong[2].audit[1].time = wrong[2].audit[0].time - Duration{1};
  wrong[3].puts.push_back(sample_session(0));
  wrong[4].documents = {{"Upper", "k", "v"}};
  wrong[5].documents = {{"realms", std::string(513, 'k'), "v"}};
  wrong[6] = end_commit(1, 1, 1);
  wrong[6].audit[0].keys[0].value = std::string(513, 'v');
  for (const Commit& commit : wrong) {
    const Result<Position> refused = ledger().append(commit);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(contents_of(ledger()), before);
}

TEST_P(LedgerConformance, RowsComeInTheOrderOfTheirNumbersAsLastPut) {
  Commit commit = start_commit(250, 20);  // across a byte's boundary, and out of order
  std::reverse(commit.puts.begin(), commit.puts.end());
  must_append(commit);
  commit = Commit{};
  session::Session changed = sample_session(255);
  changed.username = "renamed";
  commit.puts = {changed};
  must_append(commit);
  const std::vector<session::Session> rows = rows_of(ledger());
  ASSERT_EQ(rows.size(), 20U);
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i].no.value, 250 + i);
  EXPECT_EQ(rows[5], changed);
  EXPECT_EQ(ledger().last_no().value, 269U);
}

TEST_P(LedgerConformance, WhatIsPreparedOfRowsComesWithThem) {
  class Sum final : public RowSink {
   public:
    struct Numbers final : Prepared {
      std::vector<std::uint64_t> numbers;
    };
    void prepare(std::span<const session::Session> rows, std::unique_ptr<Prepared>& prepared) const override {
      if (!prepared) prepared = std::make_unique<Numbers>();
      auto& numbers = static_cast<Numbers&>(*prepared).numbers;
      numbers.clear();
      for (const session::Session& row : rows) numbers.push_back(row.no.value);
    }
    void take(std::span<const session::Session> rows, const Prepared* prepared) override {
      ASSERT_NE(prepared, nullptr);
      const auto& numbers = static_cast<const Numbers&>(*prepared).numbers;
      ASSERT_EQ(numbers.size(), rows.size());
      for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(numbers[i], rows[i].no.value);
        EXPECT_EQ(numbers[i], ++taken);
      }
    }
    std::uint64_t taken = 0;
  };
  for (std::uint64_t first = 1; first < 40'000; first += 4'000)
    ASSERT_TRUE(ledger().append(start_commit(first, 4'000)).has_value());
  Sum sink;
  ASSERT_TRUE(ledger().load_rows(sink).has_value());
  EXPECT_EQ(sink.taken, 40'000U);
}

TEST_P(LedgerConformance, ARowPutAndEndedInOneCommitIsGone) {
  Commit commit = end_commit(1, 1, 1);
  commit.puts.push_back(sample_session(1));
  must_append(commit);
  EXPECT_TRUE(rows_of(ledger()).empty());
  EXPECT_EQ(ledger().last_no().value, 1U);
  const std::vector<session::SessionKey> keys = {sample_key(1)};
  EXPECT_TRUE(ledger().tombstones(keys).value().at(0).has_value());
}

TEST_P(LedgerConformance, TheHighestNumberIsRememberedWhenItsRowIsGone) {
  must_append(start_commit(1, 9));
  must_append(end_commit(9, 1, 1));
  subject().reopen();
  EXPECT_EQ(ledger().last_no().value, 9U);
}

TEST_P(LedgerConformance, ActivityIsMergedIntoRowsWhenTheyAreLoaded) {
  must_append(start_commit(1, 600));
  const IpAddress v4 = IpAddress::v4(0xcb007107), v6 = IpAddress::parse("2001:db8::7").value();
  const std::vector<Activity> first = {{session::SessionNo(300), sample_time(5000), v6},
                                       {session::SessionNo(2), sample_time(5000), v4},
                                       {session::SessionNo(2), sample_time(4000), v6},
                                       {session::SessionNo(7), sample_time(3), v4}};  // before its start: of no account
  ASSERT_TRUE(ledger().record_activity(first));
  const std::vector<Activity> second = {{session::SessionNo(300), sample_time(4000), v4},
                                        {session::SessionNo(301), sample_time(6000), v4}};
  ASSERT_TRUE(ledger().record_activity(second));
  const auto expect_merged = [&] {
    const std::vector<session::Session> rows = rows_of(ledger());
    ASSERT_EQ(rows.size(), 600U);
    EXPECT_EQ(rows[1].last_access, sample_time(5000));
    EXPECT_EQ(rows[1].ip, v4);
    EXPECT_EQ(rows[6], sample_session(7));
    EXPECT_EQ(rows[299].last_access, sample_time(5000));
    EXPECT_EQ(rows[299].ip, v6);
    EXPECT_EQ(rows[300].ip, v4);
    EXPECT_EQ(rows[301], sample_session(302));
  };
  expect_merged();
  subject().reopen();
  expect_merged();
}

TEST_P(LedgerConformance, ActivityBeforeAnAppendSurvivesACrashWithIt) {
  must_append(start_commit(1, 3));
  const std::vector<Activity> activity = {{session::SessionNo(2), sample_time(5000), IpAddress::v4(7)}};
  ASSERT_TRUE(ledger().record_activity(activity));
  must_append(start_commit(4, 1));
  subject().crash();
  EXPECT_EQ(rows_of(ledger()).at(1).last_access, sample_time(5000));
}

TEST_P(LedgerConformance, ARowPutAfterItsActivityWinsIfItIsLater) {
  must_append(start_commit(1, 2));
  const std::vector<Activity> activity = {{session::SessionNo(1), sample_time(100), IpAddress::v4(1)},
                                          {session::SessionNo(2), sample_time(100), IpAddress::v4(2)}};
  ASSERT_TRUE(ledger().record_activity(activity));
  Commit commit;
  commit.puts = {sample_session(1), sample_session(2)};
  commit.puts[0].last_access = sample_time(200);
  commit.puts[1].last_access = sample_time(50);
  must_append(commit);
  const std::vector<session::Session> rows = rows_of(ledger());
  EXPECT_EQ(rows.at(0), commit.puts[0]);
  EXPECT_EQ(rows.at(1).last_access, sample_time(100));
  EXPECT_EQ(rows.at(1).ip, IpAddress::v4(2));
}

TEST_P(LedgerConformance, ActivityOfAnEndedRowIsIgnored) {
  must_append(start_commit(1, 3));
  const std::vector<Activity> activity = {{session::SessionNo(2), sample_time(5000), IpAddress::v4(7)},
                                          {session::SessionNo(3), sample_time(5000), IpAddress::v4(7)},
                                          {session::SessionNo(77), sample_time(5000), IpAddress::v4(7)}};
  ASSERT_TRUE(ledger().record_activity(activity));
  must_append(end_commit(2, 1, 1));
  ASSERT_TRUE(ledger().record_activity(activity));
  const auto expect_ignored = [&] {
    const std::vector<session::Session> rows = rows_of(ledger());
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0], sample_session(1));
    EXPECT_EQ(rows[1].last_access, sample_time(5000));
  };
  expect_ignored();
  subject().reopen();
  expect_ignored();
}

TEST_P(LedgerConformance, DocumentsOfRangesAreLeftOut) {
  Commit commit;
  for (const char* key : {"1/a", "1/z", "10/a", "11/a", "2/a", "20/a", "3"})
    commit.documents.push_back({"users", key, "u"});
  commit.documents.push_back({"user", "1/a", "other"});
  commit.documents.push_back({"users_too", "1/a", "other"});
  ASSERT_TRUE(ledger().append(commit));
  const auto without = [this](const std::vector<DocumentRange>& ranges) {
    std::vector<std::string> names;
    EXPECT_TRUE(
        ledger().load_documents([&](std::string_view table, std::string_view key,
                                    std::string_view) { names.push_back(std::string(table) + " " + std::string(key)); },
                                ranges));
    return names;
  };
  EXPECT_EQ(
      without({{"users", "2/"}, {"users", "1/"}, {"users", "9/"}, {"none", ""}}),
      (std::vector<std::string>{"user 1/a", "users 10/a", "users 11/a", "users 20/a", "users 3", "users_too 1/a"}));
  EXPECT_EQ(without({{"users", ""}, {"users", "10/"}}), (std::vector<std::string>{"user 1/a", "users_too 1/a"}));
  EXPECT_EQ(without({{"users", "1"}, {"users", "10/"}, {"users_too", "1/a"}}),
            (std::vector<std::string>{"user 1/a", "users 2/a", "users 20/a", "users 3"}));
}

TEST_P(LedgerConformance, DocumentsArePutReplacedAndDeleted) {
  Commit commit;
  const std::string binary("\0\xff\n", 3);
  commit.documents = {{"realms", "1", "production"},
                      {"realms", "10", binary},
                      {"realms", "", "empty key"},
                      {"realm", "s1", "other"},
                      {"policies", "1", ""}};
  must_append(commit);
  commit.documents = {{"realms", "1", "renamed"}, {"realm", "s1", std::nullopt}, {"realm", "none", std::nullopt}};
  must_append(commit);
  subject().reopen();
  const std::map<std::pair<std::string, std::string>, std::string> expected = {
      {{"policies", "1"}, ""}, {{"realms", ""}, "empty key"}, {{"realms", "1"}, "renamed"}, {{"realms", "10"}, binary}};
  EXPECT_EQ(contents_of(ledger()).documents, expected);
  EXPECT_EQ(ledger().document("realms", "10").value(), binary);
  EXPECT_EQ(ledger().document("policies", "1").value(), "");
  EXPECT_EQ(ledger().document("realm", "s1").value(), std::nullopt);
}

// More than is read ahead at a time, and one that is larger than all the rest.
TEST_P(LedgerConformance, ManyMegabytesOfDocumentsComeInTheirOrder) {
  constexpr int documents = 60;
  const auto bytes = [](int n) {
    return std::string(n == 30 ? 5'000'000 : 200'000 + n, static_cast<char>('a' + n % 26));
  };
  for (int n = 0; n < documents; ++n) {
    Commit commit;
    commit.documents = {{"large", fmt::format("{:03}", n), bytes(n)}};
    must_append(commit);
  }
  subject().reopen();
  int seen = 0;
  ASSERT_TRUE(ledger().load_documents([&](std::string_view table, std::string_view key, std::string_view value) {
    EXPECT_EQ(table, "large");
    EXPECT_EQ(key, fmt::format("{:03}", seen));
    EXPECT_TRUE(value == bytes(seen)) << seen;
    ++seen;
  }));
  EXPECT_EQ(seen, documents);
}

// A visitor that gives up in the middle leaves nobody behind.
TEST_P(LedgerConformance, AVisitorOfDocumentsMayThrow) {
  Commit commit;
  for (int n = 0; n < 100; ++n)
    commit.documents.push_back({"large", fmt::format("{:03}", n), std::string(100'000, 'x')});
  must_append(commit);
  int seen = 0;
  const auto give_up = [&](std::string_view, std::string_view, std::string_view) {
    if (++seen == 5) throw std::runtime_error("enough");
  };
  EXPECT_THROW((void)ledger().load_documents(give_up), std::runtime_error);
  EXPECT_EQ(seen, 5);
  seen = 0;
  ASSERT_TRUE(ledger().load_documents([&](std::string_view, std::string_view, std::string_view) { ++seen; }));
  EXPECT_EQ(seen, 100);
}

TEST_P(LedgerConformance, TheJournalIsFollowedFromAnyPosition) {
  for (std::uint64_t i = 1; i <= 600; ++i) {
    Commit commit;
    if (i != 300) commit.journal = fmt::format("entry {}", i);
    must_append(commit);
  }
  std::vector<Position> seen;
  ASSERT_TRUE(ledger().follow(298, [&](Position position, std::string_view bytes) {
    EXPECT_EQ(bytes, position == 300 ? "" : fmt::format("entry {}", position));
    seen.push_back(position);
    return position < 303;
  }));
  EXPECT_EQ(seen, (std::vector<Position>{299, 300, 301, 302, 303}));
  EXPECT_TRUE(ledger().follow(600, [&](Position, std::string_view) { return ADD_FAILURE(), false; }));
  EXPECT_TRUE(ledger().follow(9999, [&](Position, std::string_view) { return ADD_FAILURE(), false; }));
}

TEST_P(LedgerConformance, AFollowerBehindTheTrimmedJournalIsTold) {
  for (int i = 0; i < 10; ++i) must_append(start_commit(static_cast<std::uint64_t>(i) + 1, 1));
  ASSERT_TRUE(ledger().trim_journal(5));
  ASSERT_TRUE(ledger().trim_journal(3));  // never back
  const auto check = [&] {
    const Status behind = ledger().follow(3, [](Position, std::string_view) { return true; });
    ASSERT_FALSE(behind.has_value());
    EXPECT_EQ(behind.error().code, ErrorCode::kNotFound);
    EXPECT_EQ(behind.error().reason, "journal_trimmed");
    EXPECT_EQ(contents_of(ledger(), 4).journal.size(), 6U);
  };
  check();
  subject().crash();
  check();
  ASSERT_TRUE(ledger().trim_journal(1000));
  EXPECT_EQ(contents_of(ledger(), 10).journal.size(), 0U);
  EXPECT_EQ(must_append(start_commit(11, 1)), 11U);
  EXPECT_EQ(contents_of(ledger(), 10).journal.size(), 1U);
  EXPECT_EQ(ledger().position(), 11U);
}

TEST_P(LedgerConformance, ABigCommitIsWholeAfterACrash) {
  constexpr std::uint64_t kMany = 100'000;
  must_append(start_commit(1, kMany + 10));
  must_append(end_commit(1, kMany, 1));
  subject().crash();
  const std::vector<session::Session> rows = rows_of(ledger());
  ASSERT_EQ(rows.size(), 10U);
  EXPECT_EQ(rows[0], sample_session(kMany + 1));
  EXPECT_EQ(ledger().last_audit_seq(), kMany);
  EXPECT_EQ(scanned(ledger(), 1, kMany, false).size(), kMany);
  for (const std::uint64_t no : {std::uint64_t{1}, std::uint64_t{50'001}, kMany}) {
    const AuditEntry entry = sample_audit(no, no);
    EXPECT_EQ(found_by(ledger(), entry.keys[1], 1, kMany, false), std::vector<std::uint64_t>{no});
    const std::vector<session::SessionKey> keys = {sample_key(no), sample_key(kMany + 5)};
    const auto found = ledger().tombstones(keys).value();
    EXPECT_EQ(found[0], sample_end(no, no).tombstone);
    EXPECT_FALSE(found[1].has_value());
  }
  EXPECT_EQ(found_by(ledger(), sample_audit(1, 1).keys[2], 1, kMany, true).size(), kMany);
}

namespace {

// A random commit; `live` and the seqs move along.
Commit random_commit(std::mt19937_64& random, std::vector<std::uint64_t>& live, std::uint64_t& next_no,
                     std::uint64_t& next_seq) {
  Commit commit;
  for (std::uint64_t n = random() % 40; n > 0; --n) {
    live.push_back(next_no);
    commit.puts.push_back(sample_session(next_no++));
  }
  for (std::uint64_t n = random() % 30; n > 0 && !live.empty(); --n) {
    std::swap(live[random() % live.size()], live.back());
    commit.ends.push_back(sample_end(live.back(), next_seq));
    commit.audit.push_back(sample_audit(next_seq++, live.back()));
    live.pop_back();
  }
  for (std::uint64_t n = random() % 3; n > 0; --n) {
    DocumentWrite write{"jobs", fmt::format("{}", random() % 10), std::nullopt};
    if (random() % 3 != 0) write.bytes = fmt::format("state {}", random());
    commit.documents.push_back(write);
  }
  commit.journal = fmt::format("{}", random());
  return commit;
}

}  // namespace

TEST_P(LedgerConformance, RandomHistoriesMatchTheTwin) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    SetUp();
    MemoryLedger twin;
    std::mt19937_64 random(seed);
    std::vector<std::uint64_t> live;
    std::uint64_t next_no = 1, next_seq = 1;
    Position journal_from = 1;
    for (int step = 0; step < 120; ++step) {
      const Commit commit = random_commit(random, live, next_no, next_seq);
      ASSERT_EQ(must_append(commit), twin.append(commit).value());
      std::vector<Activity> activity;
      for (std::uint64_t n = random() % 20; n > 0 && !live.empty(); --n) {
        activity.push_back(
            {session::SessionNo(live[random() % live.size()]), sample_time(random() % 100'000), IpAddress::v4(9)});
      }
      ASSERT_TRUE(ledger().record_activity(activity) && twin.record_activity(activity));
      switch (random() % 12) {
        case 0:
          journal_from = std::max(journal_from, std::min<Position>(random() % 100, twin.position() + 1));
          ASSERT_TRUE(ledger().trim_journal(journal_from) && twin.trim_journal(journal_from));
          break;
        case 1: {
          const std::uint64_t before = twin.first_audit_seq() + random() % 50;
          ASSERT_TRUE(ledger().trim_audit(before) && twin.trim_audit(before));
          break;
        }
        case 2:
          ASSERT_TRUE(ledger().trim_tombstones(sample_time(1'000'000 + next_no / 2)));
          ASSERT_TRUE(twin.trim_tombstones(sample_time(1'000'000 + next_no / 2)));
          break;
        case 3:
          subject().reopen();
          twin.reopen();
          break;
        default:
          break;
      }
    }
    ASSERT_EQ(contents_of(ledger(), journal_from - 1), contents_of(twin, journal_from - 1));
    std::vector<session::SessionKey> keys;
    for (std::uint64_t no = 1; no < next_no; ++no) keys.push_back(sample_key(no));
    EXPECT_EQ(ledger().tombstones(keys).value(), twin.tombstones(keys).value());
    for (std::uint64_t no = 1; no < next_no; no += 7) {
      for (const AuditIndexKey& key : sample_audit(2, no).keys) {
        EXPECT_EQ(found_by(ledger(), key, 5, next_seq - 5, no % 2 == 0),
                  found_by(twin, key, 5, next_seq - 5, no % 2 == 0));
      }
    }
  }
}

}  // namespace curfew::ledger
