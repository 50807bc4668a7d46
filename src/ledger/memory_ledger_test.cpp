#include "ledger/memory_ledger.h"

#include <gtest/gtest.h>

#include "ledger/conformance.h"

namespace curfew::ledger {
namespace {

class MemorySubject final : public Subject {
 public:
  Ledger& ledger() override { return ledger_; }
  void reopen() override { ledger_.reopen(); }
  void crash() override {
    ledger_.crash();
    ledger_.reopen();
  }
  bool break_storage(bool broken) override {
    ledger_.set_disk_full(broken);
    return true;
  }

 private:
  MemoryLedger ledger_;
};

INSTANTIATE_TEST_SUITE_P(Memory, LedgerConformance,
                         testing::Values(Adapter{"memory", [] { return std::make_unique<MemorySubject>(); }}),
                         adapter_name);

TEST(MemoryLedgerFaults, RefusesAsManyWritesAsItWasTold) {
  MemoryLedger ledger;
  ledger.refuse_next_writes(2);
  EXPECT_EQ(ledger.append(start_commit(1, 1)).error().reason, "ledger_unavailable");
  EXPECT_FALSE(ledger.append(start_commit(1, 1)).has_value());
  EXPECT_EQ(ledger.append(start_commit(1, 1)).value(), 1U);
}

TEST(MemoryLedgerFaults, AFullDiskRefusesUntilThereIsSpace) {
  MemoryLedger ledger;
  ledger.set_disk_full(true);
  EXPECT_EQ(ledger.append(start_commit(1, 1)).error().reason, "disk_full");
  EXPECT_TRUE(ledger.trim_tombstones(sample_time(1)).has_value());
  ledger.set_disk_full(false);
  EXPECT_TRUE(ledger.append(start_commit(1, 1)).has_value());
}

TEST(MemoryLedgerFaults, ACrashBeforeTheCommitIsDurableLosesIt) {
  MemoryLedger ledger;
  ASSERT_TRUE(ledger.append(start_commit(1, 1)));
  ledger.crash_in_next_append(MemoryLedger::CrashPoint::kBeforeDurable);
  EXPECT_EQ(ledger.append(start_commit(2, 1)).error().reason, "crashed");
  EXPECT_TRUE(ledger.crashed());
  EXPECT_FALSE(ledger.append(start_commit(2, 1)).has_value());
  ledger.reopen();
  EXPECT_EQ(ledger.position(), 1U);
}

TEST(MemoryLedgerFaults, ACrashAfterTheCommitIsDurableKeepsItUnacknowledged) {
  MemoryLedger ledger;
  ledger.crash_in_next_append(MemoryLedger::CrashPoint::kAfterDurable);
  EXPECT_EQ(ledger.append(start_commit(1, 1)).error().reason, "crashed");
  ledger.reopen();
  EXPECT_EQ(ledger.position(), 1U);
  EXPECT_EQ(rows_of(ledger).size(), 1U);
}

TEST(MemoryLedgerFaults, ACrashLosesTheActivitySinceTheLastAppend) {
  MemoryLedger ledger;
  ASSERT_TRUE(ledger.append(start_commit(1, 1)));
  const std::vector<Activity> synced = {{session::SessionNo(1), sample_time(10), IpAddress::v4(1)}};
  const std::vector<Activity> unsynced = {{session::SessionNo(1), sample_time(20), IpAddress::v4(2)}};
  ASSERT_TRUE(ledger.record_activity(synced));
  ASSERT_TRUE(ledger.append(start_commit(2, 1)));
  ASSERT_TRUE(ledger.record_activity(unsynced));
  EXPECT_EQ(rows_of(ledger).at(0).last_access, sample_time(20));
  ledger.crash();
  ledger.reopen();
  EXPECT_EQ(rows_of(ledger).at(0).last_access, sample_time(10));
}

}  // namespace
}  // namespace curfew::ledger
