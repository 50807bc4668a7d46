// The suite: tombstones, the audit log and its index, and their trims.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <thread>

#include "ledger/conformance.h"

namespace curfew::ledger {
namespace {

std::vector<std::uint64_t> range(std::uint64_t from, std::uint64_t to) {
  std::vector<std::uint64_t> seqs(to - from + 1);
  std::iota(seqs.begin(), seqs.end(), from);
  return seqs;
}

std::vector<std::uint64_t> reversed(std::vector<std::uint64_t> seqs) {
  std::reverse(seqs.begin(), seqs.end());
  return seqs;
}

}  // namespace

TEST_P(LedgerConformance, TombstonesAreFoundInTheOrderOfTheKeys) {
  must_append(start_commit(1, 50));
  must_append(end_commit(1, 40, 1));
  std::vector<session::SessionKey> keys = {sample_key(40), sample_key(41), sample_key(3), sample_key(3),
                                           sample_key(999)};
  session::SessionKey other_type = sample_key(3);
  other_type.type = session::SessionType::kOffline;
  session::SessionKey other_realm = sample_key(3);
  other_realm.realm = session::RealmId(77);
  session::SessionKey prefix = sample_key(3);
  prefix.id.pop_back();
  keys.insert(keys.end(), {other_type, other_realm, prefix});
  const auto check = [&] {
    const auto found = ledger().tombstones(keys).value();
    ASSERT_EQ(found.size(), keys.size());
    EXPECT_EQ(found[0], sample_end(40, 40).tombstone);
    EXPECT_EQ(found[2], sample_end(3, 3).tombstone);
    EXPECT_EQ(found[3], found[2]);
    for (const std::size_t absent : {1, 4, 5, 6, 7}) EXPECT_FALSE(found[absent].has_value()) << absent;
  };
  check();
  subject().crash();
  check();
  EXPECT_TRUE(ledger().tombstones({}).value().empty());
}

TEST_P(LedgerConformance, ATombstoneStandsUntilItsTimeIsTrimmed) {
  must_append(start_commit(1, 10));
  must_append(end_commit(1, 10, 1));
  std::vector<session::SessionKey> keys;
  for (std::uint64_t no = 1; no <= 10; ++no) keys.push_back(sample_key(no));
  const auto standing = [&] {
    std::vector<std::uint64_t> nos;
    const auto found = ledger().tombstones(keys).value();
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i]) nos.push_back(i + 1);
    }
    return nos;
  };
  ASSERT_TRUE(ledger().trim_tombstones(sample_end(5, 0).tombstone.ended));
  EXPECT_EQ(standing(), range(5, 10));
  ASSERT_TRUE(ledger().trim_tombstones(sample_end(2, 0).tombstone.ended));  // never back
  EXPECT_EQ(standing(), range(5, 10));
  subject().crash();
  EXPECT_EQ(standing(), range(5, 10));
  // The key may be used and ended again, and its new tombstone stands.
  Commit again = end_commit(1, 1, 11);
  again.ends[0].no = session::SessionNo(11);
  again.ends[0].tombstone.ended = sample_end(7, 0).tombstone.ended;
  must_append(again);
  EXPECT_EQ(standing(), (std::vector<std::uint64_t>{1, 5, 6, 7, 8, 9, 10}));
  ASSERT_TRUE(ledger().trim_tombstones(kMaxTime));
  EXPECT_TRUE(standing().empty());
}

TEST_P(LedgerConformance, TheAuditLogIsScannedBothWays) {
  for (std::uint64_t i = 0; i < 30; ++i) must_append(end_commit(1 + i * 20, 20, 1 + i * 20));
  EXPECT_EQ(ledger().last_audit_seq(), 600U);
  const auto check = [&] {
    EXPECT_EQ(scanned(ledger(), 0, ~0ULL, false), range(1, 600));
    EXPECT_EQ(scanned(ledger(), 1, 600, true), reversed(range(1, 600)));
    EXPECT_EQ(scanned(ledger(), 15, 42, false), range(15, 42));
    EXPECT_EQ(scanned(ledger(), 15, 42, true), reversed(range(15, 42)));
    EXPECT_EQ(scanned(ledger(), 600, 900, true), range(600, 600));
    EXPECT_TRUE(scanned(ledger(), 42, 15, false).empty());
    EXPECT_TRUE(scanned(ledger(), 601, 900, false).empty());
    EXPECT_TRUE(scanned(ledger(), 0, 0, true).empty());
  };
  check();
  subject().reopen();
  check();
  std::vector<std::uint64_t> seen;
  ASSERT_TRUE(ledger().scan_audit(100, 500, true, [&](std::uint64_t seq, std::string_view bytes) {
    EXPECT_EQ(bytes, sample_audit(seq, seq).bytes);
    seen.push_back(seq);
    return seen.size() < 3;
  }));
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{500, 499, 498}));
}

TEST_P(LedgerConformance, AuditEntriesOfAnySizeComeBack) {
  Commit commit;
  for (std::uint64_t seq = 1; seq <= 40; ++seq) {
    AuditEntry entry{seq, sample_time(seq), std::string(seq % 7 == 0 ? 100'000 : seq % 5, 'x'), {}};
    if (!entry.bytes.empty()) entry.bytes[0] = static_cast<char>(seq);
    commit.audit.push_back(entry);
  }
  must_append(commit);
  subject().crash();
  std::size_t i = 0;
  ASSERT_TRUE(ledger().scan_audit(1, 40, false, [&](std::uint64_t, std::string_view bytes) {
    EXPECT_EQ(bytes, commit.audit[i].bytes);
    ++i;
    return true;
  }));
  EXPECT_EQ(i, 40U);
}

TEST_P(LedgerConformance, AuditEntriesAreFoundByEachKeyBothWays) {
  // Small commits, one big enough for any bulk layout, and small ones again; each user has two sessions.
  for (std::uint64_t i = 0; i < 20; ++i) must_append(end_commit(1 + i, 1, 1 + i));
  must_append(end_commit(21, 5'000, 21));
  for (std::uint64_t i = 0; i < 20; ++i) must_append(end_commit(5'021 + i, 1, 5'021 + i));
  const std::uint64_t last = ledger().last_audit_seq();
  ASSERT_EQ(last, 5'040U);
  const auto check = [&] {
    for (const std::uint64_t no : {2U, 20U, 21U, 2'500U, 5'020U, 5'040U}) {
      const AuditEntry entry = sample_audit(no, no);
      EXPECT_EQ(found_by(ledger(), entry.keys[1], 1, last, false), range(no, no));
      const std::uint64_t first_of_user = std::max<std::uint64_t>(no / 2 * 2, 1);
      std::vector<std::uint64_t> of_user = found_by(ledger(), entry.keys[0], 1, last, true);
      EXPECT_TRUE(std::find(of_user.begin(), of_user.end(), no) != of_user.end());
      for (const std::uint64_t seq : of_user) EXPECT_EQ(seq / 2, first_of_user / 2);
    }
    const AuditIndexKey actor{AuditIndex::kActor, session::RealmId(0), "admin"};
    EXPECT_EQ(found_by(ledger(), actor, 1, last, false), range(1, last));
    EXPECT_EQ(found_by(ledger(), actor, 1, last, true), reversed(range(1, last)));
    EXPECT_EQ(found_by(ledger(), actor, 15, 30, false), range(15, 30));
    EXPECT_EQ(found_by(ledger(), actor, 15, 30, true), reversed(range(15, 30)));
    EXPECT_EQ(found_by(ledger(), actor, 5'010, 5'030, true), reversed(range(5'010, 5'030)));
    EXPECT_EQ(found_by(ledger(), actor, 3'000, 3'002, false), range(3'000, 3'002));
    EXPECT_TRUE(found_by(ledger(), actor, last + 1, ~0ULL, false).empty());
    EXPECT_TRUE(found_by(ledger(), actor, 9, 8, true).empty());
    const AuditIndexKey action{AuditIndex::kAction, session::RealmId(0), "access.denied"};
    EXPECT_EQ(found_by(ledger(), action, 17, 24, false), (std::vector<std::uint64_t>{17, 19, 21, 23}));
    EXPECT_EQ(found_by(ledger(), action, 5'017, 5'024, true), (std::vector<std::uint64_t>{5'023, 5'021, 5'019, 5'017}));
  };
  check();
  subject().crash();
  check();
}

TEST_P(LedgerConformance, IndexKeysOfAnotherKindRealmOrValueFindNothing) {
  must_append(end_commit(1, 3, 1));
  const AuditIndexKey user = sample_audit(1, 1).keys[0];
  EXPECT_EQ(found_by(ledger(), user, 1, 9, false), range(1, 1));
  EXPECT_TRUE(found_by(ledger(), {AuditIndex::kSession, user.realm, user.value}, 1, 9, false).empty());
  EXPECT_TRUE(found_by(ledger(), {user.index, session::RealmId(9), user.value}, 1, 9, false).empty());
  EXPECT_TRUE(found_by(ledger(), {user.index, user.realm, user.value + "0"}, 1, 9, false).empty());
  EXPECT_TRUE(found_by(ledger(), {user.index, user.realm, ""}, 1, 9, false).empty());
}

TEST_P(LedgerConformance, AnEntryWithOneKeyTwiceIsFoundOnce) {
  Commit commit;
  commit.audit = {sample_audit(1, 1)};
  commit.audit[0].keys.push_back(commit.audit[0].keys[0]);
  must_append(commit);
  EXPECT_EQ(found_by(ledger(), commit.audit[0].keys[0], 1, 1, false), range(1, 1));
}

TEST_P(LedgerConformance, AVisitorStopsAFind) {
  must_append(end_commit(1, 100, 1));
  for (const bool descending : {false, true}) {
    int visits = 0;
    ASSERT_TRUE(ledger().find_audit({AuditIndex::kActor, session::RealmId(0), "admin"}, 1, 100, descending,
                                    [&](std::uint64_t) { return ++visits < 5; }));
    EXPECT_EQ(visits, 5);
  }
}

TEST_P(LedgerConformance, ATimeLeadsToTheFirstEntryNotBeforeIt) {
  must_append(end_commit(1, 25, 1));  // ten entries share a time
  must_append(end_commit(26, 25, 26));
  const auto at = [&](std::uint64_t n) { return ledger().audit_seq_at(sample_time(2'000'000 + n)).value(); };
  EXPECT_EQ(at(0), 1U);
  EXPECT_EQ(at(1), 10U);
  EXPECT_EQ(ledger().audit_seq_at(sample_time(2'000'001) + Duration{1}).value(), 20U);
  EXPECT_EQ(at(4), 40U);
  EXPECT_EQ(at(5), 50U);
  EXPECT_EQ(at(6), 51U);
  EXPECT_EQ(ledger().audit_seq_at(kMinTime).value(), 1U);
  ASSERT_TRUE(ledger().trim_audit(33));
  EXPECT_EQ(at(0), 33U);
  EXPECT_EQ(at(3), 33U);
  EXPECT_EQ(at(4), 40U);
}

TEST_P(LedgerConformance, ATrimmedAuditLogBeginsAtItsBound) {
  must_append(end_commit(1, 300, 1));
  must_append(end_commit(301, 300, 301));
  ASSERT_TRUE(ledger().trim_audit(417));
  ASSERT_TRUE(ledger().trim_audit(10));  // never back
  const auto check = [&] {
    EXPECT_EQ(ledger().first_audit_seq(), 417U);
    EXPECT_EQ(ledger().last_audit_seq(), 600U);
    EXPECT_EQ(scanned(ledger(), 1, 600, false), range(417, 600));
    EXPECT_EQ(scanned(ledger(), 1, 600, true), reversed(range(417, 600)));
    EXPECT_TRUE(scanned(ledger(), 1, 416, false).empty());
    EXPECT_EQ(found_by(ledger(), {AuditIndex::kActor, session::RealmId(0), "admin"}, 1, 600, false), range(417, 600));
    EXPECT_TRUE(found_by(ledger(), sample_audit(416, 416).keys[1], 1, 600, true).empty());
    EXPECT_EQ(found_by(ledger(), sample_audit(417, 417).keys[1], 1, 600, true), range(417, 417));
  };
  check();
  subject().crash();
  check();
  // Emptied, it goes on counting.
  ASSERT_TRUE(ledger().trim_audit(5'000));
  EXPECT_EQ(ledger().first_audit_seq(), 601U);
  EXPECT_TRUE(scanned(ledger(), 1, ~0ULL, false).empty());
  must_append(end_commit(601, 2, 601));
  EXPECT_EQ(scanned(ledger(), 1, ~0ULL, false), range(601, 602));
}

TEST_P(LedgerConformance, ReadsRunBesideAppends) {
  must_append(start_commit(1, 2'000));
  std::atomic<bool> done = false;
  std::thread reader([&] {
    const AuditIndexKey actor{AuditIndex::kActor, session::RealmId(0), "admin"};
    do {
      const std::uint64_t last = ledger().last_audit_seq();
      EXPECT_EQ(scanned(ledger(), 1, last, false).size(), last);
      EXPECT_EQ(found_by(ledger(), actor, 1, last, true).size(), last);
      EXPECT_GE(rows_of(ledger()).size(), 1'000U);
      const Position position = ledger().position();
      Position followed = 0;
      EXPECT_TRUE(ledger().follow(0, [&](Position p, std::string_view) { return followed = p, p < position; }));
      EXPECT_EQ(followed, position);
    } while (!done);
  });
  for (std::uint64_t i = 0; i < 1'000; i += 10) must_append(end_commit(1 + i, 10, 1 + i));
  done = true;
  reader.join();
}

}  // namespace curfew::ledger
