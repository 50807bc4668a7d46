// RocksDbLedger: the embedded ledger. Bytes: docs/formats/ledger.md; why: docs/adr/0002-embedded-ledger-on-rocksdb.md.
//
// A commit is one synced write batch. One process holds a directory at a time. Reads see the latest commit; a long read
// (load_rows) sees one moment.
// Threads: as the port says; backup_to from any thread, beside everything.
// Errors of open: kUnavailable "data_dir_in_use"; kConflict "format_too_new", "format_too_old"; kDataLoss
// "commits_lost", "ledger_corrupt", "format_missing"; kUnavailable "ledger_unavailable" for what the file system
// refuses. Limits: memory as Options say; a commit is held in memory twice while it is written.
#pragma once

#include <memory>
#include <string>

#include "ledger/ledger.h"
#include "ledger_rocksdb/options.h"

namespace curfew::ledger_rocksdb {

class Store;
class CommitWriter;
class FreshEnds;

class RocksDbLedger final : public ledger::Ledger {
 public:
  static Result<std::unique_ptr<RocksDbLedger>> open(Options options);
  // On a store that is open already.
  explicit RocksDbLedger(std::unique_ptr<Store> store);
  ~RocksDbLedger() override;

  Result<ledger::Position> append(const ledger::Commit& commit) override;
  Status record_activity(std::span<const ledger::Activity> activity) override;
  ledger::Position position() const override;
  Status load_rows(ledger::RowSink& sink) const override;
  using Ledger::load_documents;
  Status load_documents(const DocumentVisitor& visit, std::span<const ledger::DocumentRange> without) const override;
  Result<std::optional<std::string>> document(std::string_view table, std::string_view key) const override;
  session::SessionNo last_no() const override;
  Result<std::vector<std::optional<session::Tombstone>>> tombstones(
      std::span<const session::SessionKey> keys) const override;
  Status follow(ledger::Position after,
                const std::function<bool(ledger::Position, std::string_view)>& visit) const override;
  std::uint64_t first_audit_seq() const override;
  std::uint64_t last_audit_seq() const override;
  Status scan_audit(std::uint64_t from, std::uint64_t to, bool descending,
                    const std::function<bool(std::uint64_t seq, std::string_view bytes)>& visit) const override;
  Status find_audit(const ledger::AuditIndexKey& key, std::uint64_t from, std::uint64_t to, bool descending,
                    const std::function<bool(std::uint64_t seq)>& visit) const override;
  Result<std::uint64_t> audit_seq_at(Time at) const override;
  Status trim_journal(ledger::Position before) override;
  Status trim_audit(std::uint64_t before_seq) override;
  Status trim_tombstones(Time before) override;
  std::uint64_t disk_bytes() const override;

  // A consistent copy of everything up to some position at or after the call's begin, into `target`, which must not
  // exist or be empty. Appends go on meanwhile. See maintenance.h.
  Status backup_to(const std::string& target) const;

  // How many tombstones of bulk commits are still to become a file of their own (fresh_ends.h).
  std::size_t fresh_tombstones() const;

  // Merges all files and drops what the trims have passed; for maintenance and tests. Minutes on a big ledger.
  Status compact();

 private:
  Result<std::string> first_block_key(std::uint64_t seq) const;

  std::unique_ptr<Store> store_;
  std::unique_ptr<CommitWriter> writer_;
  std::unique_ptr<FreshEnds> fresh_;
  Status fresh_loaded_;  // no write and no look-up goes past blocks that could not be read
};

}  // namespace curfew::ledger_rocksdb
