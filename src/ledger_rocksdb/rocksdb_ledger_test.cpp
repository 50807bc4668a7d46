#include "ledger_rocksdb/rocksdb_ledger.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>
#include <fstream>

#include "ledger_rocksdb/store.h"
#include "ledger_rocksdb/test_support.h"

namespace curfew::ledger {

INSTANTIATE_TEST_SUITE_P(RocksDb, LedgerConformance,
                         testing::Values(Adapter{"rocksdb",
                                                 [] { return std::make_unique<ledger_rocksdb::RocksDbSubject>(); }}),
                         adapter_name);

}  // namespace curfew::ledger

namespace curfew::ledger_rocksdb {
namespace {

namespace fs = std::filesystem;
using ledger::Activity;
using ledger::contents_of;
using ledger::end_commit;
using ledger::rows_of;
using ledger::sample_key;
using ledger::sample_time;
using ledger::start_commit;

std::unique_ptr<RocksDbLedger> must_open(const Options& options) {
  Result<std::unique_ptr<RocksDbLedger>> opened = RocksDbLedger::open(options);
  EXPECT_TRUE(opened.has_value()) << opened.error().message;
  return opened ? *std::move(opened) : nullptr;
}

std::uint64_t entries_in(const Store& store, rocksdb::ColumnFamilyHandle* column) {
  const std::unique_ptr<rocksdb::Iterator> it(store.db().NewIterator(rocksdb::ReadOptions(), column));
  std::uint64_t count = 0;
  for (it->SeekToFirst(); it->Valid(); it->Next()) ++count;
  return count;
}

TEST(RocksDbLedgerOpen, ASecondServerOnTheDirectoryIsRefused) {
  const TempDir temp;
  const auto first = must_open(small_options(temp.path("data")));
  const auto second = RocksDbLedger::open(small_options(temp.path("data")));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(second.error().reason, "data_dir_in_use");
  ASSERT_TRUE(first->append(start_commit(1, 1)).has_value());  // undisturbed
}

TEST(RocksDbLedgerOpen, ANewerFormatIsRefusedAndNamed) {
  const TempDir temp;
  must_open(small_options(temp.path("data")));
  std::ofstream(temp.path("data/FORMAT")) << "curfew ledger format 99\n";
  const auto opened = RocksDbLedger::open(small_options(temp.path("data")));
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().reason, "format_too_new");
  EXPECT_NE(opened.error().message.find("99"), std::string::npos);
}

TEST(RocksDbLedgerOpen, ADirectoryThatDoesNotNameItsFormatIsRefused) {
  const TempDir temp;
  must_open(small_options(temp.path("data")));
  fs::remove(temp.path("data/FORMAT"));
  EXPECT_EQ(RocksDbLedger::open(small_options(temp.path("data"))).error().reason, "format_missing");
  std::ofstream(temp.path("data/FORMAT")) << "curfew ledger format one\n";
  EXPECT_EQ(RocksDbLedger::open(small_options(temp.path("data"))).error().reason, "format_missing");
}

TEST(RocksDbLedgerOpen, TheDirectoryIsClosedToOthers) {
  const TempDir temp;
  must_open(small_options(temp.path("data")));
  EXPECT_EQ(fs::status(temp.path("data")).permissions() & fs::perms::all, fs::perms::owner_all);
}

TEST(RocksDbLedgerOpen, ADamagedLogIsNotTakenForAShorterOne) {
  const TempDir temp;
  {
    const auto files = std::make_shared<FaultyFileSystem>();
    Options options = small_options(temp.path("data"));
    options.file_system = files;
    const auto ledger = must_open(options);
    for (std::uint64_t no = 1; no <= 20; ++no) ASSERT_TRUE(ledger->append(start_commit(no, 1)).has_value());
    files->copy_as_of_one_moment(temp.path("data"), temp.path("copy"));  // before the log is flushed
  }
  fs::path log;
  for (const auto& entry : fs::directory_iterator(temp.path("copy/rocksdb"))) {
    if (entry.path().extension() == ".log" && fs::file_size(entry) > 0) log = entry.path();
  }
  ASSERT_FALSE(log.empty());
  std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  file.seekp(static_cast<std::streamoff>(bytes.find_last_not_of('\0') / 2));  // of the records, not of the padding
  file.put('\x5a').put('\x5a').put('\x5a').put('\x5a');
  file.close();
  Options options = small_options(temp.path("copy"));
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto opened = RocksDbLedger::open(options);
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().code, ErrorCode::kDataLoss);
    EXPECT_EQ(opened.error().reason, "commits_lost");
  }
  options.accept_lost_commits = true;
  const auto accepted = must_open(options);
  EXPECT_GT(accepted->position(), 0U);
  EXPECT_LT(accepted->position(), 20U);
  EXPECT_EQ(rows_of(*accepted).size(), accepted->position());
  bool kept = false;
  for (const auto& entry : fs::directory_iterator(temp.path("copy"))) {
    kept = kept || entry.path().filename().string().starts_with("damaged-logs-at-");
  }
  EXPECT_TRUE(kept);
}

TEST(RocksDbLedgerFaults, ACommitWhoseSyncFailedIsVoidEvenIfItsBytesReachedTheLog) {
  RocksDbSubject subject;
  ASSERT_TRUE(subject.ledger().append(start_commit(1, 3)).has_value());
  const auto before = contents_of(subject.ledger());
  subject.files().break_syncs = true;
  const auto refused = subject.ledger().append(end_commit(1, 2, 1));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(refused.error().reason, "ledger_unavailable");
  EXPECT_EQ(contents_of(subject.ledger()), before);
  subject.crash();  // the copy has the refused commit's bytes in its log
  EXPECT_EQ(contents_of(subject.ledger()), before);
  EXPECT_EQ(subject.ledger().append(end_commit(1, 1, 1)).value(), 2U);
  subject.crash();
  EXPECT_EQ(rows_of(subject.ledger()).size(), 2U);
}

TEST(RocksDbLedgerFaults, CommitsAfterARecoveryAreNotBehindABrokenRecord) {
  // Whatever the state of the memtables: empty, or not.
  for (const bool flushed : {false, true}) {
    RocksDbSubject subject;
    ASSERT_TRUE(subject.ledger().append(start_commit(1, 3)).has_value());
    if (flushed) ASSERT_TRUE(subject.rocksdb().compact().has_value());
    subject.files().break_syncs = true;
    ASSERT_FALSE(subject.ledger().append(start_commit(4, 1)).has_value());
    subject.files().break_syncs = false;
    ASSERT_EQ(subject.ledger().append(start_commit(5, 2)).value(), 2U);
    const auto after = contents_of(subject.ledger());
    EXPECT_EQ(after.rows.size(), 5U);
    subject.crash();
    EXPECT_EQ(contents_of(subject.ledger()), after);
  }
}

TEST(RocksDbLedgerFaults, APowerCutLosesNothingAcknowledged) {
  RocksDbSubject subject;
  std::uint64_t next = 1;
  for (int cut = 0; cut < 4; ++cut) {
    for (int i = 0; i < 30; ++i) {
      ASSERT_TRUE(subject.ledger().append(start_commit(next, 200)).has_value());
      next += 200;
    }
    const std::vector<Activity> activity = {{session::SessionNo(next - 1), sample_time(9'000'000), IpAddress::v4(1)}};
    ASSERT_TRUE(subject.ledger().record_activity(activity));  // not synced: may go
    subject.cut_power();
    EXPECT_EQ(rows_of(subject.ledger()).size(), next - 1);
    EXPECT_EQ(subject.ledger().position(), (next - 1) / 200);
  }
}

TEST(RocksDbLedgerFaults, WritesStopAtTheReserveAndGoOnWhenThereIsSpace) {
  const TempDir temp;
  Options options = small_options(temp.path("data"));
  std::uint64_t free = 100 << 20;
  options.reserve_bytes = 64 << 20;
  options.free_bytes = [&](const std::string&) -> Result<std::uint64_t> { return free; };
  const auto ledger = must_open(options);
  ASSERT_TRUE(ledger->append(start_commit(1, 10)).has_value());
  free = (64 << 20) + 100;
  const auto refused = ledger->append(start_commit(11, 10));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(refused.error().reason, "disk_full");
  EXPECT_NE(refused.error().message.find(std::to_string(free)), std::string::npos);
  const std::vector<Activity> activity = {{session::SessionNo(1), sample_time(9'000'000), IpAddress::v4(1)}};
  free = 0;
  EXPECT_EQ(ledger->record_activity(activity).error().reason, "disk_full");
  EXPECT_TRUE(ledger->trim_journal(1).has_value());
  EXPECT_TRUE(ledger->trim_tombstones(sample_time(1)).has_value());  // trims give space back
  free = 100 << 20;
  EXPECT_EQ(ledger->append(start_commit(11, 10)).value(), 2U);
}

TEST(RocksDbLedgerTrim, CompactionDropsWhatTheBoundsHavePassed) {
  const TempDir temp;
  auto store = Store::open(small_options(temp.path("data")), OpenMode::kReadWrite).value();
  const Store& inside = *store;
  RocksDbLedger ledger(std::move(store));
  ASSERT_TRUE(ledger.append(start_commit(1, 4'000)).has_value());
  std::vector<Activity> activity;
  for (std::uint64_t no = 1; no <= 4'000; ++no)
    activity.push_back({session::SessionNo(no), sample_time(9'000'000), IpAddress::v4(1)});
  ASSERT_TRUE(ledger.record_activity(activity));
  ASSERT_TRUE(ledger.append(end_commit(1, 3'000, 1)).has_value());       // packed index
  ASSERT_TRUE(ledger.append(end_commit(3'001, 10, 3'001)).has_value());  // direct index
  ASSERT_TRUE(ledger.compact());
  const Columns& columns = inside.columns();
  EXPECT_EQ(entries_in(inside, columns.rows), 990U);
  EXPECT_EQ(entries_in(inside, columns.tombstones), 3'010U);
  const std::uint64_t postings = entries_in(inside, columns.audit_by);
  ASSERT_TRUE(ledger.trim_tombstones(ledger::sample_end(3'001, 0).tombstone.ended));
  ASSERT_TRUE(ledger.trim_audit(3'001));
  ASSERT_TRUE(ledger.trim_journal(3));
  ASSERT_TRUE(ledger.compact());
  EXPECT_EQ(entries_in(inside, columns.tombstones), 10U);
  EXPECT_EQ(entries_in(inside, columns.activity), 16U - 3'011 / 256);  // filtered once the operands are folded
  EXPECT_EQ(entries_in(inside, columns.audit), 1U);
  EXPECT_EQ(entries_in(inside, columns.journal), 1U);
  EXPECT_LT(entries_in(inside, columns.audit_by), 50U);
  EXPECT_GT(postings, 100U);
  EXPECT_EQ(rows_of(ledger).at(0).last_access, sample_time(9'000'000));
}

// Some were active, all over the parts that are read; and of a stretch that is longer than a part all have ended.
TEST(RocksDbLedgerLoad, RowsAreInOrderWhateverTheGapsAndThreads) {
  const TempDir temp;
  Options options = small_options(temp.path("data"));
  auto ledger = must_open(options);
  ledger::Commit commit;
  std::vector<session::Session> expected;
  std::uint64_t no = 1;
  for (std::uint64_t i = 0; i < 30'000; ++i) {
    no += i < 12'000 ? 1 : i < 20'000 ? 1'000 : i == 20'000 ? 1ULL << 50 : 1;
    expected.push_back(ledger::sample_session(no));
  }
  commit.puts = expected;
  ASSERT_TRUE(ledger->append(commit).has_value());
  std::vector<ledger::Activity> activity;
  for (std::size_t i = 0; i < 20'000; i += 7) {
    expected[i].last_access = expected[i].last_access + Duration::minutes(1);
    activity.push_back({expected[i].no, expected[i].last_access, expected[i].ip});
  }
  ASSERT_TRUE(ledger->record_activity(activity));
  ASSERT_TRUE(ledger->append(ledger::end_commit(2'001, 9'000, 1)).has_value());
  std::erase_if(expected, [](const session::Session& row) { return row.no.value > 2'000 && row.no.value <= 11'000; });
  for (const int threads : {1, 4}) {
    options.load_threads = threads;
    ledger.reset();
    ledger = must_open(options);
    EXPECT_EQ(rows_of(*ledger), expected) << threads;
  }
}

// Those before it are visited.
TEST(RocksDbLedgerLoad, ADocumentWithABrokenNameStopsTheLoad) {
  const TempDir temp;
  auto store = Store::open(small_options(temp.path("data")), OpenMode::kReadWrite).value();
  Store& inside = *store;
  RocksDbLedger ledger(std::move(store));
  ledger::Commit commit;
  for (const std::string table : {"a", "c"})
    for (int n = 0; n < 20; ++n) commit.documents.push_back({table, std::to_string(n), std::string(100'000, 'x')});
  ASSERT_TRUE(ledger.append(commit).has_value());
  ASSERT_TRUE(inside.db().Put(rocksdb::WriteOptions(), inside.columns().documents, "b without an end", "x").ok());
  int visited = 0;
  const Status status = ledger.load_documents([&](std::string_view table, std::string_view, std::string_view) {
    EXPECT_EQ(table, "a");
    ++visited;
  });
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().reason, "document_broken");
  EXPECT_EQ(visited, 20);
}

TEST(RocksDbLedgerLoad, ARowThatCannotBeReadStopsTheLoad) {
  const TempDir temp;
  auto store = Store::open(small_options(temp.path("data")), OpenMode::kReadWrite).value();
  Store& inside = *store;
  RocksDbLedger ledger(std::move(store));
  ASSERT_TRUE(ledger.append(start_commit(1, 10'000)).has_value());
  ASSERT_TRUE(inside.db().Put(rocksdb::WriteOptions(), inside.columns().rows, u64_bytes(5'000), "\1garbage").ok());
  std::uint64_t visited = 0;
  const Status status = ledger.each_row([&](const session::Session& row) { EXPECT_EQ(row.no.value, ++visited); });
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::kDataLoss);
  EXPECT_NE(status.error().message.find("5000"), std::string::npos);
  EXPECT_LT(visited, 5'000U);
}

}  // namespace
}  // namespace curfew::ledger_rocksdb
