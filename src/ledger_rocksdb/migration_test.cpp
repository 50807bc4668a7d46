#include "ledger_rocksdb/migration.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <filesystem>
#include <fstream>

#include "ledger/conformance.h"
#include "ledger_rocksdb/store.h"
#include "ledger_rocksdb/test_support.h"

namespace curfew::ledger_rocksdb {
namespace {

// A layout that never was, "format 0": documents stand in `meta` under "doc:".
class FormatZero : public testing::Test {
 protected:
  void SetUp() override {
    {
      auto ledger = RocksDbLedger::open(small_options(directory_)).value();
      ASSERT_TRUE(ledger->append(ledger::start_commit(1, 5)).has_value());
    }
    const auto store = Store::open(small_options(directory_), OpenMode::kReadWrite).value();
    rocksdb::WriteBatch batch;
    for (int i = 0; i < 10; ++i)
      batch.Put(store->columns().meta, "doc:" + std::to_string(i), "value " + std::to_string(i));
    std::string format;
    put_u32(format, 0);
    batch.Put(store->columns().meta, rocksdb::Slice(meta::kFormatKey), format);
    ASSERT_TRUE(store->write_synced(batch, "making an old layout").has_value());
    ASSERT_TRUE(write_format(directory_, 0).has_value());
  }

  // Moves three documents a call; gives up at call `fail_at`.
  std::vector<Migration> steps(int fail_at = -1) {
    std::vector<Migration> all(known_migrations().begin(), known_migrations().end());
    all.push_back(
        {0, "documents get a part of their own",
         [this, fail_at](Store& store, std::string& cursor, rocksdb::WriteBatch& batch) -> Result<bool> {
           if (calls_++ == fail_at) return fail(ErrorCode::kUnavailable, "interrupted", "The power went.");
           const std::unique_ptr<rocksdb::Iterator> it(
               store.db().NewIterator(rocksdb::ReadOptions(), store.columns().meta));
           int moved = 0;
           for (it->Seek(cursor.empty() ? "doc:" : cursor); it->Valid() && it->key().starts_with("doc:"); it->Next()) {
             if (moved++ == 3) {
               cursor = it->key().ToString();
               return false;
             }
             batch.Put(store.columns().documents, document_key("old", it->key().ToString().substr(4)), it->value());
             batch.Delete(store.columns().meta, it->key());
           }
           return true;
         }});
    return all;
  }

  TempDir temp_;
  std::string directory_ = temp_.path("data");
  int calls_ = 0;
};

TEST_F(FormatZero, IsUpgradedStepByStepAndKeepsItsData) {
  const auto migrations = steps();
  auto store = Store::open(small_options(directory_), OpenMode::kReadWrite, migrations);
  ASSERT_TRUE(store.has_value()) << store.error().message;
  EXPECT_EQ(calls_, 4);
  EXPECT_EQ(format_of(directory_).value(), kFormat);
  const RocksDbLedger ledger(*std::move(store));
  const auto contents = ledger::contents_of(ledger);
  EXPECT_EQ(contents.documents.size(), 10U);
  EXPECT_EQ(contents.documents.at({"old", "7"}), "value 7");
  EXPECT_EQ(contents.rows.size(), 5U);
}

TEST_F(FormatZero, AnInterruptedUpgradeGoesOnWhereItWas) {
  const auto interrupted = steps(2);
  EXPECT_EQ(Store::open(small_options(directory_), OpenMode::kReadWrite, interrupted).error().reason, "interrupted");
  EXPECT_EQ(format_of(directory_).value(), kFormat);  // older programs keep away from now on
  calls_ = 0;
  const auto migrations = steps();
  ASSERT_TRUE(Store::open(small_options(directory_), OpenMode::kReadWrite, migrations).has_value());
  EXPECT_EQ(calls_, 2);
  const auto ledger = RocksDbLedger::open(small_options(directory_)).value();
  EXPECT_EQ(ledger::contents_of(*ledger).documents.size(), 10U);
}

TEST_F(FormatZero, WithoutAStepIsRefusedAndNamed) {
  const auto opened = RocksDbLedger::open(small_options(directory_));
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().reason, "format_too_old");
}

TEST_F(FormatZero, IsNotChangedByAReader) {
  EXPECT_EQ(Store::open(small_options(directory_), OpenMode::kReadOnly).error().reason, "format_too_old");
  EXPECT_EQ(format_of(directory_).value(), 0U);
}

}  // namespace
}  // namespace curfew::ledger_rocksdb
