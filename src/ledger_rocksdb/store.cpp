#include "ledger_rocksdb/store.h"

#include <fmt/format.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>
#include <mutex>

#include "ledger_rocksdb/errors.h"

namespace curfew::ledger_rocksdb {

Result<std::uint64_t> free_bytes_of(const std::string& directory) {
  struct statvfs info = {};
  if (::statvfs(directory.c_str(), &info) != 0) {
    return fail(ErrorCode::kUnavailable, "ledger_unavailable",
                fmt::format("The free space of {} can't be read: {}.", directory, std::strerror(errno)));
  }
  return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

Store::Store(Options options) : options_(std::move(options)), bounds_(std::make_shared<Bounds>()) {}

Store::~Store() {
  close_database();
}

void Store::close_database() {
  bounds_->db = nullptr;
  bounds_->rows = nullptr;
  if (db_) {
    // Filters of a running compaction read the rows: they end before the handles do.
    rocksdb::CancelAllBackgroundWork(db_.get(), true);
    for (rocksdb::ColumnFamilyHandle* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
    db_->Close();
  }
  handles_.clear();
  columns_ = {};
  db_.reset();
  if (lock_ != nullptr) (env_ ? env_.get() : rocksdb::Env::Default())->UnlockFile(lock_);
  lock_ = nullptr;
}

Result<Reading> Store::reading() const {
  Reading reading;
  reading.lock_ = std::shared_lock(open_mutex_);
  if (!db_)
    return fail(ErrorCode::kUnavailable, "ledger_unavailable", "The ledger's storage has failed and is not back yet.");
  reading.db_ = db_.get();
  reading.columns_ = &columns_;
  return reading;
}

Result<std::optional<std::string>> Store::get(rocksdb::ColumnFamilyHandle* Columns::* column,
                                              std::string_view key) const {
  CURFEW_TRY(const Reading open, reading());
  std::string value;
  const rocksdb::Status status =
      open.db().Get(rocksdb::ReadOptions(), open.columns().*column, rocksdb::Slice(key.data(), key.size()), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return tl::unexpected(to_error(status, "reading"));
  return value;
}

Status Store::check_space(std::uint64_t bytes) const {
  CURFEW_TRY(const std::uint64_t free,
             options_.free_bytes ? options_.free_bytes(options_.directory) : free_bytes_of(options_.directory));
  if (free >= options_.reserve_bytes && free - options_.reserve_bytes >= bytes) return {};
  return fail(
      ErrorCode::kUnavailable, "disk_full",
      fmt::format("The disk is full: {} bytes are free, and {} are kept in reserve; nothing was changed. Free some "
                  "space, the ledger goes on by itself.",
                  free, options_.reserve_bytes));
}

Status Store::ready() {
  if (failed_) {
    // Without space there is nothing to try.
    CURFEW_TRY_STATUS(check_space(0));
    CURFEW_TRY_STATUS(recover());
  }
  if (!merging_ && check_space(0)) merging_ = db_->EnableAutoCompaction(handles_).ok();
  return {};
}

Status Store::commit(rocksdb::WriteBatch& batch, const State& next, LevelMask levels) {
  batch.Put(columns_.meta, rocksdb::Slice(meta::kStateKey), encode_state(next));
  CURFEW_TRY_STATUS(check_space(batch.GetDataSize()));
  // A find that begins when the commit becomes visible must ask for its level too.
  levels_.fetch_or(levels, std::memory_order_release);
  CURFEW_TRY_STATUS(write(batch, true, "writing a commit"));
  last_no_.store(next.last_no, std::memory_order_release);
  last_audit_time_ = next.last_audit_time;
  last_audit_seq_.store(next.last_audit_seq, std::memory_order_release);
  position_.store(next.position, std::memory_order_release);
  marks_.acknowledge(next.position);
  return {};
}

Status Store::write_synced(rocksdb::WriteBatch& batch, std::string_view doing) {
  return write(batch, true, doing);
}

Status Store::write_unsynced(rocksdb::WriteBatch& batch, std::string_view doing) {
  CURFEW_TRY_STATUS(check_space(batch.GetDataSize()));
  return write(batch, false, doing);
}

// A write that fails is void as soon as a new log begins, so recovery is tried at once. If it succeeds, what failed was
// something of the past (a flush in the background, while the disk was full), and the write is tried once more.
Status Store::write(rocksdb::WriteBatch& batch, bool sync, std::string_view doing) {
  rocksdb::WriteOptions options;
  options.sync = sync;
  for (bool again = true;; again = false) {
    const std::uint64_t nonce = next_nonce_++;
    batch.SetSavePoint();
    batch.PutLogData(u64_bytes(nonce));
    const rocksdb::Status status = db_->Write(options, &batch);
    if (status.ok()) return {};
    failed_ = true;
    marks_.refuse(nonce);
    if (!recover() || !again) return tl::unexpected(to_error(status, doing));
    batch.RollbackToSavePoint();
  }
}

Status Store::recover() {
  if (db_ && resume()) {
    failed_ = false;
    return {};
  }
  CURFEW_TRY_STATUS(reopen());
  failed_ = false;
  return {};
}

Status Store::resume() {
  rocksdb::Status status = db_->Resume();
  if (status.ok()) {
    // The log may end in a broken or refused record, and nothing may ever be written behind it. A flush begins a new
    // log, but only if there is something to flush: so there is, and it does not go through the log.
    rocksdb::WriteOptions unlogged;
    unlogged.disableWAL = true;
    status = db_->Put(unlogged, columns_.meta, rocksdb::Slice(meta::kFreshLogKey), u64_bytes(next_nonce_));
  }
  if (status.ok()) status = db_->Flush(rocksdb::FlushOptions(), handles_);
  if (!status.ok()) return tl::unexpected(to_error(status, "recovering from a failed write"));
  return {};
}

// After an error that RocksDB takes for fatal: what a restart would do, without the restart. First a probe, so that a
// database that can still be read is not closed for nothing.
Status Store::reopen() {
  const std::string probe = options_.directory + "/probe";
  rocksdb::Env* env = env_ ? env_.get() : rocksdb::Env::Default();
  const rocksdb::Status probed = rocksdb::WriteStringToFile(env, std::string(4096, 'p'), probe, true);
  [[maybe_unused]] const rocksdb::Status deleted = env->DeleteFile(probe);
  if (!probed.ok()) return tl::unexpected(to_error(probed, "recovering from a failed write"));
  const std::unique_lock lock(open_mutex_, std::try_to_lock);
  if (!lock.owns_lock()) {
    return fail(ErrorCode::kUnavailable, "ledger_unavailable",
                "The ledger recovers from a failed write as soon as the reads under way are done.");
  }
  const ledger::Position expected = position_;
  close_database();
  CURFEW_TRY_STATUS(open_database(OpenMode::kReadWrite));
  CURFEW_TRY(const State state, stored_state());
  if (state.position != expected) {
    close_database();
    return fail(ErrorCode::kDataLoss, "commits_lost",
                fmt::format("The ledger recovered to commit {}, and {} was the last one acknowledged.", state.position,
                            expected));
  }
  bounds_->rows = columns_.rows;
  bounds_->db = db_.get();
  return {};
}

}  // namespace curfew::ledger_rocksdb
