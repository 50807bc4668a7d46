#include "ledger_rocksdb/audit_index.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "ledger/conformance.h"
#include "ledger_rocksdb/activity.h"
#include "ledger_rocksdb/audit_block.h"
#include "ledger_rocksdb/store.h"
#include "ledger_rocksdb/test_support.h"

namespace curfew::ledger_rocksdb {
namespace {

TEST(AuditIndexHash, DependsOnTheSecretTheKindTheRealmAndTheValue) {
  const IndexHashKey one = {1}, two = {2};
  const ledger::AuditIndexKey key{ledger::AuditIndex::kUser, session::RealmId(1), "u-1"};
  EXPECT_EQ(hash_of(one, key), hash_of(one, key));
  EXPECT_NE(hash_of(one, key), hash_of(two, key));
  EXPECT_NE(hash_of(one, key), hash_of(one, {ledger::AuditIndex::kActor, key.realm, key.value}));
  EXPECT_NE(hash_of(one, key), hash_of(one, {key.index, session::RealmId(2), key.value}));
  EXPECT_NE(hash_of(one, key), hash_of(one, {key.index, key.realm, "u-2"}));
}

TEST(AuditIndex, FindsTheSameAsAMapOverRandomCommitsOfEverySize) {
  RocksDbSubject subject;
  std::mt19937_64 random(7);
  std::map<std::string, std::vector<std::uint64_t>> model;
  std::uint64_t seq = 0;
  for (const std::size_t size : {1U, 40U, 2'000U, 3U, 300U, 20'000U, 700U, 1U, 5'000U, 2U}) {
    ledger::Commit commit;
    for (std::size_t i = 0; i < size; ++i) {
      ledger::AuditEntry entry{++seq, ledger::sample_time(seq), "x", {}};
      for (const std::string& user : {fmt::format("u{}", random() % 50), fmt::format("u{}", random() % 100'000)}) {
        entry.keys.push_back({ledger::AuditIndex::kUser, session::RealmId(1), user});
        if (model[user].empty() || model[user].back() != seq) model[user].push_back(seq);
      }
      commit.audit.push_back(std::move(entry));
    }
    ASSERT_TRUE(subject.ledger().append(commit).has_value());
  }
  for (int i = 0; i < 400; ++i) {
    const std::string user = fmt::format("u{}", i < 60 ? static_cast<std::uint64_t>(i) : random() % 100'000);
    std::uint64_t from = random() % (seq + 2), to = random() % (seq + 2);
    if (i % 3 == 0) from = 0, to = seq;
    std::vector<std::uint64_t> expected;
    for (const std::uint64_t s : model[user]) {
      if (s >= from && s <= to) expected.push_back(s);
    }
    const ledger::AuditIndexKey key{ledger::AuditIndex::kUser, session::RealmId(1), user};
    EXPECT_EQ(ledger::found_by(subject.ledger(), key, from, to, false), expected) << user;
    std::reverse(expected.begin(), expected.end());
    EXPECT_EQ(ledger::found_by(subject.ledger(), key, from, to, true), expected) << user;
    if (i == 200) subject.reopen();
  }
}

TEST(AuditBlock, RefusesEveryTruncationAndEveryBrokenTable) {
  std::vector<ledger::AuditEntry> entries;
  for (std::uint64_t seq = 10; seq < 40; ++seq) entries.push_back(ledger::sample_audit(seq, seq));
  std::string bytes;
  std::vector<char> scratch;
  encode_audit_block(entries, bytes, scratch);
  const AuditBlock whole = AuditBlock::parse(10, bytes).value();
  EXPECT_EQ(whole.last_seq(), 39U);
  EXPECT_EQ(whole.bytes(25), entries[15].bytes);
  EXPECT_EQ(whole.time(25), entries[15].time);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto cut = AuditBlock::parse(10, std::string_view(bytes).substr(0, size));
    ASSERT_FALSE(cut.has_value()) << size;
    EXPECT_EQ(cut.error().code, ErrorCode::kDataLoss);
  }
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string changed = bytes;
    changed[random() % changed.size()] = static_cast<char>(random());
    if (const auto parsed = AuditBlock::parse(10, changed)) {
      for (std::uint64_t seq = parsed->first_seq(); seq <= parsed->last_seq(); ++seq)
        EXPECT_LE(parsed->bytes(seq).size(), 1U << 30);
    }
  }
}

TEST(ActivityChunk, KeepsTheLatestOfEachAndRefusesBrokenBytes) {
  ActivityChunk chunk;
  chunk.fold(3, Time{100}, IpAddress::v4(1));
  chunk.fold(3, Time{90}, IpAddress::v4(2));
  chunk.fold(200, Time{5}, IpAddress::parse("2001:db8::1").value());
  chunk.fold(200, Time{5}, IpAddress::parse("2001:db8::2").value());
  std::string bytes;
  chunk.put(bytes);
  EXPECT_EQ(bytes.size(), 12U + 24U);
  ActivityChunk read;
  ASSERT_TRUE(read.fold(bytes));
  EXPECT_EQ(read.last_access(3), Time{100});
  EXPECT_EQ(read.ip(3), IpAddress::v4(1));
  EXPECT_EQ(read.ip(200), IpAddress::parse("2001:db8::2").value());
  EXPECT_FALSE(read.has(4));
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    EXPECT_EQ(ActivityChunk().fold(std::string_view(bytes).substr(0, size)), size == 12) << size;
  }
}

}  // namespace
}  // namespace curfew::ledger_rocksdb
