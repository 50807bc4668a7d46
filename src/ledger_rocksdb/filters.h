// What compaction forgets: whatever the bounds of the trims have passed, and the activity of rows that are gone.
//
// Reads never depend on it: they hold themselves to the same bounds, so a trimmed entry is absent at once and for good,
// and disappears from the disk when its turn comes.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace rocksdb {
class ColumnFamilyHandle;
class CompactionFilterFactory;
class DB;
}  // namespace rocksdb

namespace curfew::ledger_rocksdb {

// The bounds of the trims: what is kept begins here. Raised only after the new bound is durable. Any thread.
struct Bounds {
  std::atomic<std::uint64_t> journal_from{1};
  std::atomic<std::uint64_t> audit_from{1};
  std::atomic<std::int64_t> tombstones_from{0};
  // Where the activity filter looks rows up; null while the database opens and closes.
  std::atomic<rocksdb::DB*> db{nullptr};
  std::atomic<rocksdb::ColumnFamilyHandle*> rows{nullptr};
};

std::shared_ptr<rocksdb::CompactionFilterFactory> tombstone_filter(std::shared_ptr<const Bounds> bounds);
std::shared_ptr<rocksdb::CompactionFilterFactory> audit_index_filter(std::shared_ptr<const Bounds> bounds);
std::shared_ptr<rocksdb::CompactionFilterFactory> activity_filter(std::shared_ptr<const Bounds> bounds);

}  // namespace curfew::ledger_rocksdb
