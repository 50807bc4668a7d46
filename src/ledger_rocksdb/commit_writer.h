// Turns commits and activity into write batches. Kept between commits, so that their memory is used again.
//
// REQUIRES: the store is ready().
// Threads: one. The keys of each part are written in their order, which is what the memtables are fastest at.
#pragma once

#include <rocksdb/write_batch.h>

#include <span>
#include <string>
#include <vector>

#include "ledger_rocksdb/audit_index.h"
#include "ledger_rocksdb/fresh_ends.h"
#include "ledger_rocksdb/store.h"

namespace curfew::ledger_rocksdb {

class CommitWriter {
 public:
  explicit CommitWriter(const Store& store) : store_(store), index_(store.index_key()) {}

  // The batch of a commit at `position`, without the state. Levels are those of the audit index that it uses. With
  // `block`, the ends go into a block, which is left there, too.
  rocksdb::WriteBatch& encode(const ledger::Commit& commit, ledger::Position position, LevelMask& levels,
                              EndsBlock* block);
  rocksdb::WriteBatch& encode(std::span<const ledger::Activity> activity);

 private:
  // An end in the order of its tombstone's key; a key that ends twice in one commit keeps their order.
  struct EndOrder {
    std::uint64_t realm_and_type;
    std::uint64_t id_begin;
    std::uint32_t at;
  };

  void start_batch();
  void put_rows(const std::vector<session::Session>& rows);
  void put_ends(const std::vector<ledger::RowEnd>& ends, EndsBlock* block);
  void put_audit(std::span<const ledger::AuditEntry> entries);

  const Store& store_;
  Columns columns_;  // for the batch under way
  AuditIndexWriter index_;
  rocksdb::WriteBatch batch_;
  std::string key_, value_;
  std::vector<char> scratch_;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> order_;  // number, place
  std::vector<EndOrder> ends_;
};

}  // namespace curfew::ledger_rocksdb
