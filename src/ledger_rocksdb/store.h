// Store: an open RocksDB database with our column families, its state, and the care that it needs: opening and
// upgrading, writing with refusal and recovery. The ledger, its backup and its check stand on it.
//
// Invariants: position() and its kin are what the last durable commit left; a write that failed is void: it is not in
// the memtables, and the mark keeps recovery from taking it out of the log. Threads: ready(), the writes and the bounds
// from one thread; reading(), get() and the state from any.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger_rocksdb/audit_index.h"
#include "ledger_rocksdb/filters.h"
#include "ledger_rocksdb/keys.h"
#include "ledger_rocksdb/marks.h"
#include "ledger_rocksdb/migration.h"
#include "ledger_rocksdb/options.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
class Env;
class FileLock;
class WalFilter;
class WriteBatch;
}  // namespace rocksdb

namespace curfew::ledger_rocksdb {

struct Columns {
  rocksdb::ColumnFamilyHandle* meta = nullptr;
  rocksdb::ColumnFamilyHandle* rows = nullptr;
  rocksdb::ColumnFamilyHandle* activity = nullptr;
  rocksdb::ColumnFamilyHandle* tombstones = nullptr;
  rocksdb::ColumnFamilyHandle* journal = nullptr;
  rocksdb::ColumnFamilyHandle* audit = nullptr;
  rocksdb::ColumnFamilyHandle* audit_by = nullptr;
  rocksdb::ColumnFamilyHandle* documents = nullptr;
};

// A hold on the open database: while one stands, it is not closed. A thread may hold several.
class Reading {
 public:
  rocksdb::DB& db() const { return *db_; }
  const Columns& columns() const { return *columns_; }

 private:
  friend class Store;
  std::shared_lock<std::shared_mutex> lock_;
  rocksdb::DB* db_ = nullptr;
  const Columns* columns_ = nullptr;
};

enum class OpenMode : std::uint8_t {
  kReadWrite,
  kReadOnly,  // changes nothing in the directory, and holds its lock against a server
};

class Store {
 public:
  static Result<std::unique_ptr<Store>> open(Options options, OpenMode mode,
                                             std::span<const Migration> migrations = known_migrations());
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // kUnavailable while the database is closed, between a failure and a recovery that has not succeeded yet.
  Result<Reading> reading() const;
  // For the writer's thread after ready(), and where nothing else runs (upgrades, checks).
  rocksdb::DB& db() const { return *db_; }
  const Columns& columns() const { return columns_; }
  const Options& options() const { return options_; }
  const IndexHashKey& index_key() const { return index_key_; }
  Bounds& bounds() { return *bounds_; }
  const Bounds& bounds() const { return *bounds_; }
  std::string database_path() const { return options_.directory + "/rocksdb"; }

  // One value, or nothing.
  Result<std::optional<std::string>> get(rocksdb::ColumnFamilyHandle* Columns::* column, std::string_view key) const;

  ledger::Position position() const { return position_.load(std::memory_order_acquire); }
  std::uint64_t last_no() const { return last_no_.load(std::memory_order_acquire); }
  std::uint64_t last_audit_seq() const { return last_audit_seq_.load(std::memory_order_acquire); }
  Time last_audit_time() const { return last_audit_time_; }  // the writer's thread only
  LevelMask levels() const { return levels_.load(std::memory_order_acquire); }

  // Before anything of the ledger's is encoded or written: recovers from the last failure if there was one, and lets
  // files be merged from the first time on.
  Status ready();
  // Writes a commit's batch with the state that it leaves, synced; the state moves if that succeeds.
  Status commit(rocksdb::WriteBatch& batch, const State& next, LevelMask levels);
  // Writes without moving the state. Unsynced writes are kept to the reserve like commits; synced ones are trims and
  // upgrades, which free space or must be done.
  Status write_synced(rocksdb::WriteBatch& batch, std::string_view doing);
  Status write_unsynced(rocksdb::WriteBatch& batch, std::string_view doing);

 private:
  explicit Store(Options options);

  Status prepare_directory(OpenMode mode);
  Status check_columns(std::vector<std::string>& names) const;
  Status open_database(OpenMode mode);
  Status initialise();
  Status read_state();
  Result<State> stored_state() const;  // the caller sees to it that nobody closes it
  Status compare_marks();
  Status write(rocksdb::WriteBatch& batch, bool sync, std::string_view doing);
  Status check_space(std::uint64_t bytes) const;
  Status recover();
  Status resume();
  Status reopen();
  void close_database();

  Options options_;
  std::shared_ptr<Bounds> bounds_;
  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::WalFilter> log_filter_;
  mutable std::shared_mutex open_mutex_;  // shared: somebody reads; exclusive: it is closed and opened again
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  Columns columns_;
  rocksdb::FileLock* lock_ = nullptr;  // read-only mode holds the lock itself
  IndexHashKey index_key_{};
  Marks marks_;
  std::uint64_t next_nonce_ = 0;
  bool failed_ = false;   // the last write failed and the database has not recovered since
  bool merging_ = false;  // compaction is on: from the first ready() on

  std::atomic<ledger::Position> position_{0};
  std::atomic<std::uint64_t> last_no_{0}, last_audit_seq_{0};
  std::atomic<LevelMask> levels_{0};
  Time last_audit_time_;
};

// The directory's format, from its FORMAT file; nothing if there is no ledger in it.
Result<std::optional<std::uint32_t>> format_of(const std::string& directory);
Status write_format(const std::string& directory, std::uint32_t format);

}  // namespace curfew::ledger_rocksdb
