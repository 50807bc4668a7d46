// MemoryLedger: the port's twin in memory, for tests and simulations, with faults on demand.
//
// It keeps what a disk would keep apart from what only the process knows, so that crash() and reopen() leave exactly
// what an adapter's invariants promise: every acknowledged append, nothing of a refused one, and no activity since the
// last append. Threads: as the port says; the fault switches from any thread. Limits: everything stays in memory. A
// read copies small pages out, so no lock is held while a visitor runs.
#pragma once

#include <deque>
#include <map>
#include <shared_mutex>
#include <unordered_map>
#include <utility>

#include "ledger/ledger.h"

namespace curfew::ledger {

class MemoryLedger : public Ledger {
 public:
  // Faults.
  // The next `count` appends and records of activity answer kUnavailable, "ledger_unavailable"; nothing of them is
  // visible.
  void refuse_next_writes(int count);
  // While it is set, appends and records of activity answer kUnavailable, "disk_full". Trims go on.
  void set_disk_full(bool full);
  // The process dies inside the next append: before its commit is durable, or after it, unacknowledged. That append and
  // everything after it answers kUnavailable, "crashed", until reopen().
  enum class CrashPoint : std::uint8_t { kBeforeDurable, kAfterDurable };
  void crash_in_next_append(CrashPoint point);
  // The process dies now.
  void crash();
  // What the next process finds: the durable state, all faults cleared. After a crash activity that was not synced is
  // gone.
  void reopen();
  bool crashed() const;

  Result<Position> append(const Commit& commit) override;
  Status record_activity(std::span<const Activity> activity) override;
  Position position() const override;
  Status load_rows(RowSink& sink) const override;
  using Ledger::load_documents;
  Status load_documents(const DocumentVisitor& visit, std::span<const DocumentRange> without) const override;
  Result<std::optional<std::string>> document(std::string_view table, std::string_view key) const override;
  session::SessionNo last_no() const override;
  Result<std::vector<std::optional<session::Tombstone>>> tombstones(
      std::span<const session::SessionKey> keys) const override;
  Status follow(Position after, const std::function<bool(Position, std::string_view)>& visit) const override;
  std::uint64_t first_audit_seq() const override;
  std::uint64_t last_audit_seq() const override;
  Status scan_audit(std::uint64_t from, std::uint64_t to, bool descending,
                    const std::function<bool(std::uint64_t seq, std::string_view bytes)>& visit) const override;
  Status find_audit(const AuditIndexKey& key, std::uint64_t from, std::uint64_t to, bool descending,
                    const std::function<bool(std::uint64_t seq)>& visit) const override;
  Result<std::uint64_t> audit_seq_at(Time at) const override;
  Status trim_journal(Position before) override;
  Status trim_audit(std::uint64_t before_seq) override;
  Status trim_tombstones(Time before) override;
  std::uint64_t disk_bytes() const override { return 0; }

 private:
  struct Entry {
    Time time;
    std::string bytes;
  };

  Status writable();  // takes a fault that is due
  Status alive() const;
  void write(const Commit& commit);
  void write_audit(const AuditEntry& entry);
  Position position_unlocked() const { return first_position_ - 1 + journal_.size(); }
  std::uint64_t last_seq_unlocked() const { return first_seq_ - 1 + audit_.size(); }

  mutable std::shared_mutex mutex_;
  std::map<std::uint64_t, session::Session> rows_;
  std::map<std::uint64_t, Activity> synced_activity_, unsynced_activity_;
  std::unordered_map<session::SessionKey, session::Tombstone> tombstones_;
  Time tombstones_from_;
  std::map<std::pair<std::string, std::string>, std::string, std::less<>> documents_;
  std::deque<std::string> journal_;
  Position first_position_ = 1;
  std::deque<Entry> audit_;
  std::uint64_t first_seq_ = 1;
  Time last_audit_time_;
  std::unordered_map<std::string, std::vector<std::uint64_t>> audit_by_;  // seqs ascending; trimmed ones are skipped
  std::uint64_t last_no_ = 0;

  int refusals_ = 0;
  bool disk_full_ = false;
  bool crashed_ = false;
  std::optional<CrashPoint> crash_next_;
};

}  // namespace curfew::ledger
