// What bulk commits end: in blocks, then in files, and the same answers all the time.
#include "ledger_rocksdb/fresh_ends.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <thread>

#include "base/crypto.h"
#include "ledger_rocksdb/maintenance.h"
#include "ledger_rocksdb/store.h"
#include "ledger_rocksdb/test_support.h"

namespace curfew::ledger_rocksdb {
namespace {

using ledger::end_commit;
using ledger::sample_key;
using ledger::start_commit;

constexpr std::uint64_t kBulk = 1'500;  // more than a block needs

std::vector<session::SessionKey> keys(std::uint64_t first, std::uint64_t count) {
  std::vector<session::SessionKey> all;
  for (std::uint64_t no = first; no < first + count; ++no) all.push_back(sample_key(no));
  return all;
}

// Each of them is ended, by the audit entry that end_commit gives it; and the one behind them is not.
void expect_ended(const ledger::Ledger& ledger, std::uint64_t first, std::uint64_t count) {
  const auto found = ledger.tombstones(keys(first, count + 1));
  ASSERT_TRUE(found) << found.error().message;
  for (std::uint64_t i = 0; i < count; ++i) {
    ASSERT_TRUE((*found)[i]) << "session " << first + i;
    ASSERT_EQ(*(*found)[i], ledger::sample_end(first + i, first + i).tombstone);
  }
  EXPECT_FALSE(found->back());
}

// Exactly these rows are live.
void expect_rows(const ledger::Ledger& ledger, std::uint64_t first, std::uint64_t count) {
  std::uint64_t expected = first, wrong = 0;
  ASSERT_TRUE(ledger.each_row([&](const session::Session& row) {
    if (row.no.value != expected++) ++wrong;
  }));
  EXPECT_EQ(wrong, 0U);
  EXPECT_EQ(expected, first + count);
}

// What the column family holds, whether it counts or not.
std::size_t stored_rows(const Store& store) {
  std::size_t count = 0;
  const std::unique_ptr<rocksdb::Iterator> it(store.db().NewIterator(rocksdb::ReadOptions(), store.columns().rows));
  for (it->SeekToFirst(); it->Valid(); it->Next()) ++count;
  return count;
}

std::size_t blocks_in(const Store& store) {
  std::size_t count = 0;
  const std::unique_ptr<rocksdb::Iterator> it(store.db().NewIterator(rocksdb::ReadOptions(), store.columns().meta));
  for (it->Seek(rocksdb::Slice(meta::kBlockPrefix));
       it->Valid() && it->key().starts_with(rocksdb::Slice(meta::kBlockPrefix)); it->Next())
    ++count;
  return count;
}

struct FreshEndsTest : testing::Test {
  void SetUp() override {
    ASSERT_TRUE(subject.ledger().append(start_commit(1, 4 * kBulk)));
    ASSERT_TRUE(subject.ledger().append(end_commit(1, kBulk, 1)));
  }
  RocksDbSubject subject;
};

TEST_F(FreshEndsTest, AreFoundAtOnceAfterARestartAndAfterACrash) {
  const auto look = [&] {
    EXPECT_EQ(subject.rocksdb().fresh_tombstones(), kBulk);
    expect_ended(subject.ledger(), 1, kBulk);
    expect_rows(subject.ledger(), kBulk + 1, 3 * kBulk);
  };
  look();
  subject.reopen();
  look();
  subject.crash();
  look();
  subject.cut_power();
  look();
  EXPECT_EQ(subject.ledger().position(), 2U);
}

// Numbers that were never put stand in a block, too: what comes after a restart has others.
TEST_F(FreshEndsTest, ARowThatComesLaterIsNotTakenForOneThatOnlyEnded) {
  constexpr std::uint64_t last = 4 * kBulk;
  ASSERT_TRUE(subject.ledger().append(end_commit(last + 1, kBulk, kBulk + 1)));
  subject.crash();
  const std::uint64_t next = subject.ledger().last_no().value + 1;
  ASSERT_TRUE(subject.ledger().append(start_commit(next, 1)));
  ASSERT_TRUE(subject.rocksdb().compact());
  subject.reopen();
  std::vector<std::uint64_t> live;
  ASSERT_TRUE(subject.ledger().each_row([&](const session::Session& row) { live.push_back(row.no.value); }));
  EXPECT_EQ(live.size(), 3 * kBulk + 1);
  EXPECT_EQ(live.back(), next);
}

// They are still stored, and don't count; then they are gone.
TEST_F(FreshEndsTest, TheirRowsGoWithTheFiles) {
  subject.close();
  EXPECT_EQ(stored_rows(*Store::open(subject.options(), OpenMode::kReadOnly).value()), 4 * kBulk);
  subject.open();
  ASSERT_TRUE(subject.rocksdb().compact());
  expect_rows(subject.ledger(), kBulk + 1, 3 * kBulk);
  ASSERT_TRUE(subject.ledger().append(end_commit(kBulk + 1, 1, kBulk + 1)));
  subject.close();
  const auto store = Store::open(subject.options(), OpenMode::kReadOnly).value();
  EXPECT_EQ(stored_rows(*store), 3 * kBulk - 1);
  EXPECT_EQ(blocks_in(*store), 0U);
  std::string numbers;
  EXPECT_TRUE(store->db().Get(rocksdb::ReadOptions(), store->columns().meta, numbers_key(2), &numbers).IsNotFound());
}

TEST_F(FreshEndsTest, BecomeAFileAndTheirBlocksGoWithTheNextCommit) {
  ASSERT_TRUE(subject.ledger().append(end_commit(kBulk + 1, kBulk, kBulk + 1)));
  ASSERT_TRUE(subject.rocksdb().compact());  // settles
  EXPECT_EQ(subject.rocksdb().fresh_tombstones(), 0U);
  expect_ended(subject.ledger(), 1, 2 * kBulk);
  subject.crash();  // the blocks are still there, and say the same once more
  EXPECT_EQ(subject.rocksdb().fresh_tombstones(), 2 * kBulk);
  expect_ended(subject.ledger(), 1, 2 * kBulk);
  expect_rows(subject.ledger(), 2 * kBulk + 1, 2 * kBulk);
  ASSERT_TRUE(subject.rocksdb().compact());
  ASSERT_TRUE(subject.ledger().append(end_commit(2 * kBulk + 1, kBulk, 2 * kBulk + 1)));
  subject.crash();
  EXPECT_EQ(subject.rocksdb().fresh_tombstones(), kBulk);
  expect_ended(subject.ledger(), 1, 3 * kBulk);
  expect_rows(subject.ledger(), 3 * kBulk + 1, kBulk);
  EXPECT_FALSE(std::filesystem::exists(subject.directory() + std::string(kSettlingFile)));
  EXPECT_FALSE(std::filesystem::exists(subject.directory() + std::string(kSettlingRowsFile)));
}

TEST_F(FreshEndsTest, SmallCommitsKeepNoneAndBeginToSettle) {
  ASSERT_TRUE(subject.ledger().append(end_commit(kBulk + 1, 10, kBulk + 1)));
  expect_ended(subject.ledger(), 1, kBulk + 10);
  ASSERT_TRUE(subject.rocksdb().compact());
  expect_ended(subject.ledger(), 1, kBulk + 10);
}

// Whoever looks while they move finds each of them.
TEST_F(FreshEndsTest, AreNeverMissedWhileTheyMove) {
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> looked{0}, missed{0};
  std::thread reader([&] {
    const auto wanted = keys(1, kBulk);
    do {
      const auto found = subject.ledger().tombstones(wanted);
      if (!found) {
        ++missed;
        break;
      }
      for (const auto& tombstone : *found)
        if (!tombstone) ++missed;
      ++looked;
    } while (!over);
  });
  for (int i = 0; i < 5; ++i) {
    const std::uint64_t first = kBulk + 1 + static_cast<std::uint64_t>(i) * 1'100;
    if (first + 1'100 > 4 * kBulk) break;
    ASSERT_TRUE(subject.ledger().append(end_commit(first, 1'100, first)));
    ASSERT_TRUE(subject.rocksdb().compact());
  }
  over = true;
  reader.join();
  EXPECT_EQ(missed, 0U);
  EXPECT_GT(looked, 0U);
}

// A trim passes them; later the same session starts anew and ends, which nothing of before may cover.
TEST_F(FreshEndsTest, WhatATrimHasPassedIsAbsentAndStaysBehind) {
  const Time later = ledger::sample_end(kBulk, 0).tombstone.ended + Duration{1};
  ASSERT_TRUE(subject.ledger().trim_tombstones(later));
  const auto absent = subject.ledger().tombstones(keys(1, kBulk)).value();
  for (const auto& tombstone : absent) ASSERT_FALSE(tombstone);
  ledger::Commit again;
  again.time = later;
  again.ends.push_back({session::SessionNo(7), sample_key(7), {later, session::EndCause::kRevoked, 3}});
  ASSERT_TRUE(subject.ledger().append(again));
  ASSERT_TRUE(subject.rocksdb().compact());
  const auto found = subject.ledger().tombstones(keys(6, 3)).value();
  EXPECT_FALSE(found[0]);
  ASSERT_TRUE(found[1]);
  EXPECT_EQ(found[1]->audit_seq, 3U);
  EXPECT_FALSE(found[2]);
}

TEST_F(FreshEndsTest, StayInTheirBlocksWhileTheDiskRefuses) {
  subject.break_storage(true);
  EXPECT_FALSE(subject.rocksdb().compact());
  EXPECT_EQ(subject.rocksdb().fresh_tombstones(), kBulk);
  expect_ended(subject.ledger(), 1, kBulk);
  expect_rows(subject.ledger(), kBulk + 1, 3 * kBulk);
  subject.break_storage(false);
  ASSERT_TRUE(subject.ledger().append(end_commit(kBulk + 1, kBulk, kBulk + 1)));
  ASSERT_TRUE(subject.rocksdb().compact());
  EXPECT_EQ(subject.rocksdb().fresh_tombstones(), 0U);
  expect_ended(subject.ledger(), 1, 2 * kBulk);
}

TEST_F(FreshEndsTest, ABlockThatIsNotWhatWasWrittenKeepsTheLedgerShut) {
  subject.close();
  {
    const auto store = Store::open(subject.options(), OpenMode::kReadWrite).value();
    ASSERT_EQ(blocks_in(*store), 1U);
    rocksdb::WriteBatch batch;
    batch.Put(store->columns().meta, block_key(2), "\x05nonsense");
    ASSERT_TRUE(store->write_synced(batch, "meddling"));
  }
  const auto opened = RocksDbLedger::open(subject.options());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().reason, "ledger_corrupt");
  const auto none = [](std::uint64_t, std::string_view) -> Result<std::vector<ledger::AuditIndexKey>> {
    return std::vector<ledger::AuditIndexKey>();
  };
  const auto report = check_data(subject.directory(), none);
  ASSERT_TRUE(report);
  EXPECT_NE(report->broken.value_or("").find("ends of commit 2"), std::string::npos);
}

TEST_F(FreshEndsTest, ABackupHoldsThem) {
  const TempDir temp;
  ASSERT_TRUE(subject.rocksdb().backup_to(temp.path("backup")));
  ASSERT_TRUE(restore(temp.path("backup"), temp.path("restored")));
  const auto restored = RocksDbLedger::open(small_options(temp.path("restored")));
  ASSERT_TRUE(restored);
  expect_ended(**restored, 1, kBulk);
  expect_rows(**restored, kBulk + 1, 3 * kBulk);
}

// A checkpoint has the files first and the log later, and meanwhile ends move from the one into the other.
TEST_F(FreshEndsTest, BackupsThatAreTakenWhileTheySettleMissNone) {
  constexpr std::uint64_t bulk = 1'100, rounds = 24, enough = 8, singles = 200, before = 4 * kBulk;
  ASSERT_TRUE(subject.ledger().append(start_commit(before + 1, rounds * (bulk + singles + 1))));
  std::vector<std::atomic<std::uint64_t>> ended(subject.ledger().position() + rounds * (2 + singles) + 1);
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> taken{0};
  std::thread writer([&] {
    std::uint64_t next = before + 1;
    const auto end = [&](std::uint64_t count) {
      ended[subject.ledger().position() + 1] = next + count - 1;
      EXPECT_TRUE(subject.ledger().append(end_commit(next, count, next - before + kBulk)));
      next += count;
    };
    for (std::uint64_t round = 0; round < rounds && taken < enough; ++round) {
      end(bulk);
      for (std::uint64_t i = 0; i < singles && subject.rocksdb().fresh_tombstones() > 0; ++i) end(1);
      end(1);  // takes the blocks away
    }
    over = true;
  });
  const TempDir temp;
  for (; !over; ++taken) {
    const std::string backup = temp.path("backup" + std::to_string(taken)), restored = backup + "restored";
    EXPECT_TRUE(subject.rocksdb().backup_to(backup));
    EXPECT_TRUE(restore(backup, restored));
    const auto ledger = RocksDbLedger::open(small_options(restored));
    EXPECT_TRUE(ledger);
    if (!ledger) break;
    const std::uint64_t last = ended[(*ledger)->position()];
    const auto found = (*ledger)->tombstones(keys(before + 1, last > 0 ? last - before : 0)).value();
    EXPECT_TRUE(std::ranges::all_of(found, [](const auto& tombstone) { return tombstone.has_value(); }));
  }
  writer.join();
}

// What settles goes by where the trim was when it began, and a session may start and end anew right behind the trim.
TEST_F(FreshEndsTest, ATrimWhileTheySettleLetsThemCoverNoLaterEnd) {
  const Time base = ledger::sample_end(4 * kBulk, 0).tombstone.ended;
  const auto end_first = [&](std::uint64_t count, std::uint64_t seq) {
    ledger::Commit commit;
    commit.time = base + Duration{static_cast<std::int64_t>(seq)};
    for (std::uint64_t no = 1; no <= count; ++no)
      commit.ends.push_back({session::SessionNo(no), sample_key(no), {commit.time, session::EndCause::kRevoked, seq}});
    EXPECT_TRUE(subject.ledger().append(commit));
    return commit.time;
  };
  constexpr std::uint64_t few = 100;  // not in a block
  for (std::uint64_t round = 0; round < 8; ++round) {
    const Time first = end_first(kBulk, 2 * round);
    std::thread settling([&] { EXPECT_TRUE(subject.rocksdb().compact()); });
    EXPECT_TRUE(subject.ledger().trim_tombstones(first + Duration{1}));
    end_first(few, 2 * round + 1);
    settling.join();
    ASSERT_TRUE(subject.rocksdb().compact());
    const auto found = subject.ledger().tombstones(keys(1, few + 1)).value();
    EXPECT_FALSE(found.back());
    for (std::size_t i = 0; i < few; ++i) {
      ASSERT_TRUE(found[i]) << "round " << round;
      ASSERT_EQ(found[i]->audit_seq, 2 * round + 1);
    }
  }
}

TEST_F(FreshEndsTest, AFileThatACrashLeftIsRemoved) {
  subject.close();
  for (const std::string_view name : {kSettlingFile, kSettlingRowsFile})
    std::ofstream(subject.directory() + std::string(name)) << "half a file";
  subject.open();
  for (const std::string_view name : {kSettlingFile, kSettlingRowsFile})
    EXPECT_FALSE(std::filesystem::exists(subject.directory() + std::string(name)));
  expect_ended(subject.ledger(), 1, kBulk);
}

TEST_F(FreshEndsTest, NumbersThatAreNotWhatWasWrittenKeepTheLedgerShut) {
  subject.close();
  {
    const auto store = Store::open(subject.options(), OpenMode::kReadWrite).value();
    rocksdb::WriteBatch batch;
    batch.Put(store->columns().meta, numbers_key(2), "\x01\xff");
    ASSERT_TRUE(store->write_synced(batch, "meddling"));
  }
  const auto opened = RocksDbLedger::open(subject.options());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().reason, "ledger_corrupt");
}

void make_format(const std::string& directory, std::uint32_t format,
                 const std::function<void(Store&, rocksdb::WriteBatch&)>& more = {}) {
  const auto store = Store::open(small_options(directory), OpenMode::kReadWrite).value();
  rocksdb::WriteBatch batch;
  std::string bytes;
  put_u32(bytes, format);
  batch.Put(store->columns().meta, rocksdb::Slice(meta::kFormatKey), bytes);
  if (more) more(*store, batch);
  ASSERT_TRUE(store->write_synced(batch, "making an older format"));
  ASSERT_TRUE(write_format(directory, format));
}

// Twice `count` rows, the first half of them ended.
void fill(RocksDbLedger& ledger, std::uint64_t count) {
  ASSERT_TRUE(ledger.append(start_commit(1, 2 * count)));
  ASSERT_TRUE(ledger.append(end_commit(1, count, 1)));
}

void expect_filled(const std::string& directory, std::uint64_t count) {
  const auto ledger = RocksDbLedger::open(small_options(directory));
  ASSERT_TRUE(ledger) << ledger.error().message;
  EXPECT_EQ(format_of(directory).value(), kFormat);
  expect_ended(**ledger, 1, count);
  expect_rows(**ledger, count + 1, count);
}

// Directories of the formats before this one.
TEST(FreshEndsFormat, FormatOneIsTakenAsItIs) {
  const TempDir temp;
  fill(*RocksDbLedger::open(small_options(temp.path("data"))).value(), 10);
  make_format(temp.path("data"), 1);
  expect_filled(temp.path("data"), 10);
}

TEST(FreshEndsFormat, ABackupOfAnEarlierFormatIsUpgradedAsItIsRestored) {
  const TempDir temp;
  fill(*RocksDbLedger::open(small_options(temp.path("data"))).value(), 10);
  make_format(temp.path("data"), 2);
  // A backup as the program of that time would have made it.
  namespace fs = std::filesystem;
  const fs::path from = temp.path("data"), to = temp.path("backup");
  fs::create_directory(to);
  fs::copy(from / "rocksdb", to / "rocksdb");
  fs::remove(to / "rocksdb" / "LOCK");
  fs::copy(from / "FORMAT", to / "FORMAT");
  std::ofstream sums(to / "SHA256SUMS");
  for (const auto& entry : fs::recursive_directory_iterator(to)) {
    if (!entry.is_regular_file() || entry.path().filename() == "SHA256SUMS") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    sums << to_hex(sha256(bytes)) << "  " << entry.path().lexically_relative(to).string() << "\n";
  }
  sums.close();
  const auto restored = restore(to.string(), temp.path("restored"));
  ASSERT_TRUE(restored) << restored.error().message;
  expect_filled(temp.path("restored"), 10);
}

// Format 2 had the blocks of tombstones, and deleted the rows at once.
TEST(FreshEndsFormat, FormatTwoIsTakenAsItIs) {
  const TempDir temp;
  const std::string directory = temp.path("data");
  fill(*RocksDbLedger::open(small_options(directory)).value(), kBulk);
  make_format(directory, 2, [](Store& store, rocksdb::WriteBatch& batch) {
    batch.Delete(store.columns().meta, numbers_key(2));
    for (std::uint64_t no = 1; no <= kBulk; ++no) batch.Delete(store.columns().rows, u64_bytes(no));
  });
  expect_filled(directory, kBulk);
  const auto ledger = RocksDbLedger::open(small_options(directory)).value();
  EXPECT_EQ(ledger->fresh_tombstones(), kBulk);
  ASSERT_TRUE(ledger->compact());
  EXPECT_EQ(ledger->fresh_tombstones(), 0U);
  expect_ended(*ledger, 1, kBulk);
  expect_rows(*ledger, kBulk + 1, kBulk);
}

}  // namespace
}  // namespace curfew::ledger_rocksdb
