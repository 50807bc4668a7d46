#include "ledger_rocksdb/maintenance.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "ledger/conformance.h"
#include "ledger_rocksdb/store.h"
#include "ledger_rocksdb/test_support.h"
#include "session/codec.h"

namespace curfew::ledger_rocksdb {
namespace {

namespace fs = std::filesystem;
using ledger::contents_of;
using ledger::end_commit;
using ledger::start_commit;

// Stands for the chain's verification: an entry is right if it is the sample of its seq.
Result<std::vector<ledger::AuditIndexKey>> sample_check(std::uint64_t seq, std::string_view bytes) {
  const ledger::AuditEntry expected = ledger::sample_audit(seq, seq);
  if (expected.bytes != bytes) return fail(ErrorCode::kDataLoss, "chain_broken", "it is not the sample.");
  return expected.keys;
}

class Maintenance : public testing::Test {
 protected:
  void SetUp() override {
    auto ledger = RocksDbLedger::open(small_options(data_)).value();
    ASSERT_TRUE(ledger->append(start_commit(1, 3'000)).has_value());
    ASSERT_TRUE(ledger->append(end_commit(1, 1'000, 1)).has_value());
    ledger::Commit commit = end_commit(1'001, 5, 1'001);
    commit.documents = {{"realms", "1", "production"}, {"keys", "k", "v"}};
    ASSERT_TRUE(ledger->append(commit).has_value());
    const std::vector<ledger::Activity> activity = {
        {session::SessionNo(2'000), ledger::sample_time(9'000'000), IpAddress::v4(1)}};
    ASSERT_TRUE(ledger->record_activity(activity));
    contents_ = contents_of(*ledger);
  }

  // Changes the database behind the ledger's back.
  void meddle(const std::function<void(Store&, rocksdb::WriteBatch&)>& change) {
    const auto store = Store::open(small_options(data_), OpenMode::kReadWrite).value();
    rocksdb::WriteBatch batch;
    change(*store, batch);
    ASSERT_TRUE(store->write_synced(batch, "meddling").has_value());
  }
  std::string broken_thing() {
    const Result<CheckReport> report = check_data(data_, sample_check);
    EXPECT_TRUE(report.has_value());
    return report && report->broken ? *report->broken : "nothing";
  }

  TempDir temp_;
  std::string data_ = temp_.path("data"), target_ = temp_.path("backup");
  ledger::Contents contents_;
};

TEST_F(Maintenance, ABackupRestoresToTheSameLedger) {
  const auto made = backup(data_, target_);
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_EQ(made->position, 3U);
  EXPECT_GT(made->files, 4U);
  const auto restored = restore(target_, temp_.path("restored/"));
  ASSERT_TRUE(restored.has_value()) << restored.error().message;
  EXPECT_EQ(restored->position, 3U);
  auto ledger = RocksDbLedger::open(small_options(temp_.path("restored"))).value();
  EXPECT_EQ(contents_of(*ledger), contents_);
  EXPECT_EQ(ledger->append(start_commit(3'001, 1)).value(), 4U);
  EXPECT_EQ(fs::status(temp_.path("restored")).permissions() & fs::perms::all, fs::perms::owner_all);
}

TEST_F(Maintenance, ALiveLedgerIsBackedUpWhileItIsWritten) {
  auto ledger = RocksDbLedger::open(small_options(data_)).value();
  std::atomic<bool> done = false;
  std::thread backing([&] {
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(ledger->backup_to(fmt::format("{}{}", target_, i)).has_value());
    done = true;
  });
  std::uint64_t no = 3'001;
  while (!done) {
    ASSERT_TRUE(ledger->append(start_commit(no, 10)).has_value());
    no += 10;
  }
  backing.join();
  for (int i = 0; i < 3; ++i) {
    const std::string restored = temp_.path(fmt::format("restored{}", i));
    ASSERT_TRUE(restore(fmt::format("{}{}", target_, i), restored).has_value());
    const auto report = check_data(restored, sample_check).value();
    EXPECT_EQ(report.broken.value_or(""), "");
    EXPECT_EQ(report.rows, 1'995 + (report.position - 3) * 10);
  }
}

TEST_F(Maintenance, ATargetThatIsNotEmptyIsRefusedAndLeftAlone) {
  fs::create_directory(target_);
  std::ofstream(target_ + "/precious") << "x";
  EXPECT_EQ(backup(data_, target_).error().reason, "target_not_empty");
  EXPECT_TRUE(fs::exists(target_ + "/precious"));
  ASSERT_TRUE(backup(data_, target_ + "2").has_value());
  EXPECT_EQ(restore(target_ + "2", target_).error().reason, "target_not_empty");
  EXPECT_TRUE(fs::exists(target_ + "/precious"));
}

TEST_F(Maintenance, ADirectoryInUseIsNotBackedUpOrCheckedBehindTheServersBack) {
  const auto ledger = RocksDbLedger::open(small_options(data_)).value();
  EXPECT_EQ(backup(data_, target_).error().reason, "data_dir_in_use");
  EXPECT_EQ(check_data(data_, sample_check).error().reason, "data_dir_in_use");
  EXPECT_TRUE(ledger->append(start_commit(3'001, 1)).has_value());
}

TEST_F(Maintenance, ADirectoryWithoutALedgerIsNamed) {
  EXPECT_EQ(backup(temp_.path("nothing"), target_).error().reason, "no_ledger");
  EXPECT_EQ(check_data(temp_.path("nothing"), sample_check).error().reason, "no_ledger");
  EXPECT_FALSE(fs::exists(temp_.path("nothing")));
}

TEST_F(Maintenance, ADamagedBackupIsNotRestored) {
  ASSERT_TRUE(backup(data_, target_).has_value());
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(target_)) {
    if (entry.is_regular_file() && entry.file_size() > 0) files.push_back(entry.path());
  }
  for (const fs::path& file : files) {
    SCOPED_TRACE(file.string());
    const auto size = static_cast<std::streamoff>(fs::file_size(file));
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(size / 2);
    const int byte = stream.get();
    stream.seekp(size / 2);
    stream.put(static_cast<char>(byte ^ 1)).flush();
    const auto restored = restore(target_, temp_.path("restored"));
    ASSERT_FALSE(restored.has_value());
    EXPECT_FALSE(fs::exists(temp_.path("restored/FORMAT")));
    stream.seekp(size / 2);
    stream.put(static_cast<char>(byte));
  }
  EXPECT_TRUE(restore(target_, temp_.path("restored")).has_value());
  fs::remove(target_ + "/SHA256SUMS");
  EXPECT_EQ(restore(target_, temp_.path("again")).error().reason, "backup_broken");
}

TEST_F(Maintenance, SumsThatLeadOutOfTheBackupAreRefused) {
  ASSERT_TRUE(backup(data_, target_).has_value());
  std::ofstream(target_ + "/SHA256SUMS", std::ios::app) << std::string(64, 'a') << "  ../outside\n";
  EXPECT_EQ(restore(target_, temp_.path("restored")).error().reason, "backup_broken");
}

TEST_F(Maintenance, AWholeLedgerPassesTheCheckUnchanged) {
  const auto report = check_data(data_, sample_check).value();
  EXPECT_EQ(report.broken.value_or(""), "");
  EXPECT_EQ(report.rows, 1'995U);
  EXPECT_EQ(report.tombstones, 1'005U);
  EXPECT_EQ(report.documents, 2U);
  EXPECT_EQ(report.journal_entries, 3U);
  EXPECT_EQ(report.audit_entries, 1'005U);
  EXPECT_EQ(report.index_postings, 4'020U);
  const auto ledger = RocksDbLedger::open(small_options(data_)).value();
  EXPECT_EQ(contents_of(*ledger), contents_);
  ASSERT_TRUE(ledger->trim_audit(500));
  ASSERT_TRUE(ledger->trim_journal(2));
}

TEST_F(Maintenance, ATrimmedLedgerPassesTheCheck) {
  {
    const auto ledger = RocksDbLedger::open(small_options(data_)).value();
    ASSERT_TRUE(ledger->trim_audit(500));
    ASSERT_TRUE(ledger->trim_journal(2));
    ASSERT_TRUE(ledger->trim_tombstones(ledger::sample_end(700, 0).tombstone.ended));
  }
  const auto report = check_data(data_, sample_check).value();
  EXPECT_EQ(report.broken.value_or(""), "");
  EXPECT_EQ(report.audit_entries, 506U);
}

TEST_F(Maintenance, TheCheckNamesTheFirstThingThatIsBroken) {
  meddle([](Store& store, rocksdb::WriteBatch& batch) { batch.Put(store.columns().rows, u64_bytes(2'500), "x"); });
  EXPECT_NE(broken_thing().find("session number 2500"), std::string::npos);
  meddle([](Store& store, rocksdb::WriteBatch& batch) {
    batch.Delete(store.columns().rows, u64_bytes(2'500));
    std::string key;
    put_tombstone_key(key, ledger::sample_key(2'600));
    std::string value = store
                            .get(&Columns::tombstones,
                                 [] {
                                   std::string other;
                                   put_tombstone_key(other, ledger::sample_key(1));
                                   return other;
                                 }())
                            .value()
                            .value();
    batch.Put(store.columns().tombstones, key, value);
  });
  EXPECT_NE(broken_thing().find("is live and has a tombstone"), std::string::npos);
  meddle([](Store& store, rocksdb::WriteBatch& batch) { batch.Delete(store.columns().rows, u64_bytes(2'600)); });
  EXPECT_EQ(broken_thing(), "nothing");
  meddle([](Store& store, rocksdb::WriteBatch& batch) { batch.Delete(store.columns().journal, u64_bytes(2)); });
  EXPECT_NE(broken_thing().find("journal's entry 2 is missing"), std::string::npos);
}

TEST_F(Maintenance, TheCheckFindsTwoRowsUnderOneKey) {
  meddle([](Store& store, rocksdb::WriteBatch& batch) {
    session::Session twin = ledger::sample_session(2'100);
    twin.no = session::SessionNo(2'200);
    std::string bytes;
    session::encode_session(bytes, twin);
    batch.Put(store.columns().rows, u64_bytes(2'200), bytes);
  });
  EXPECT_NE(broken_thing().find("Two live rows"), std::string::npos);
}

TEST_F(Maintenance, TheCheckFindsABrokenAuditEntryAndAnIncompleteIndex) {
  meddle([](Store& store, rocksdb::WriteBatch& batch) {
    const std::unique_ptr<rocksdb::Iterator> it(
        store.db().NewIterator(rocksdb::ReadOptions(), store.columns().audit_by));
    it->SeekToLast();
    batch.Delete(store.columns().audit_by, it->key());
  });
  EXPECT_NE(broken_thing().find("is not in the index"), std::string::npos);
  const auto refuse = [](std::uint64_t seq, std::string_view bytes) -> Result<std::vector<ledger::AuditIndexKey>> {
    if (seq == 77) return fail(ErrorCode::kDataLoss, "chain_broken", "the hash does not follow.");
    return sample_check(seq, bytes);
  };
  EXPECT_NE(check_data(data_, refuse)->broken.value_or("").find("audit entry 77"), std::string::npos);
}

TEST_F(Maintenance, TheCheckReportsADamagedFile) {
  ASSERT_TRUE(RocksDbLedger::open(small_options(data_)).value()->compact().has_value());
  for (const auto& entry : fs::directory_iterator(data_ + "/rocksdb")) {
    if (entry.path().extension() != ".sst" || entry.file_size() < 20'000) continue;
    std::fstream stream(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(5'000);
    stream.put('\x7f').put('\x7f').put('\x7f');
  }
  EXPECT_NE(broken_thing(), "nothing");
}

}  // namespace
}  // namespace curfew::ledger_rocksdb
