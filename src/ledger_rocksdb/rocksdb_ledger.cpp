#include "ledger_rocksdb/rocksdb_ledger.h"

#include <fmt/format.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <filesystem>

#include "ledger_rocksdb/audit_block.h"
#include "ledger_rocksdb/commit_writer.h"
#include "ledger_rocksdb/document_loader.h"
#include "ledger_rocksdb/errors.h"
#include "ledger_rocksdb/fresh_ends.h"
#include "ledger_rocksdb/maintenance.h"
#include "ledger_rocksdb/row_loader.h"
#include "ledger_rocksdb/store.h"
#include "session/codec.h"

namespace curfew::ledger_rocksdb {
namespace {

constexpr std::size_t kLookupsAtOnce = 256;

std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

tl::unexpected<Error> data_loss(std::string reason, std::string message) {
  return fail(ErrorCode::kDataLoss, std::move(reason), std::move(message));
}

}  // namespace

Result<std::unique_ptr<RocksDbLedger>> RocksDbLedger::open(Options options) {
  CURFEW_TRY(std::unique_ptr<Store> store, Store::open(std::move(options), OpenMode::kReadWrite));
  auto ledger = std::make_unique<RocksDbLedger>(std::move(store));
  CURFEW_TRY_STATUS(ledger->fresh_loaded_);
  return ledger;
}

RocksDbLedger::RocksDbLedger(std::unique_ptr<Store> store)
    : store_(std::move(store)),
      writer_(std::make_unique<CommitWriter>(*store_)),
      fresh_(std::make_unique<FreshEnds>(*store_)),
      fresh_loaded_(fresh_->load()) {}

RocksDbLedger::~RocksDbLedger() = default;

Result<ledger::Position> RocksDbLedger::append(const ledger::Commit& commit) {
  CURFEW_TRY_STATUS(ledger::check_commit(commit, store_->last_audit_seq(), store_->last_audit_time()));
  State next{store_->position() + 1, store_->last_no(), store_->last_audit_seq(), store_->last_audit_time()};
  for (const session::Session& row : commit.puts) next.last_no = std::max(next.last_no, row.no.value);
  for (const ledger::RowEnd& end : commit.ends) next.last_no = std::max(next.last_no, end.no.value);
  if (!commit.audit.empty()) {
    next.last_audit_seq = commit.audit.back().seq;
    next.last_audit_time = commit.audit.back().time;
  }
  CURFEW_TRY_STATUS(fresh_loaded_);
  CURFEW_TRY_STATUS(store_->ready());
  LevelMask levels = 0;
  const bool bulk = fresh_->accepts(commit.ends.size());
  EndsBlock block;
  rocksdb::WriteBatch& batch = writer_->encode(commit, next.position, levels, bulk ? &block : nullptr);
  const std::vector<ledger::Position> settled = fresh_->settled();
  for (const ledger::Position position : settled) {
    batch.Delete(store_->columns().meta, block_key(position));
    batch.Delete(store_->columns().meta, numbers_key(position));
  }
  CURFEW_TRY_STATUS(store_->commit(batch, next, levels));
  fresh_->deleted(settled.size());
  if (bulk) fresh_->add(next.position, std::move(block));
  fresh_->settle_if_due(!bulk);
  return next.position;
}

Status RocksDbLedger::record_activity(std::span<const ledger::Activity> activity) {
  if (activity.empty()) return {};
  CURFEW_TRY_STATUS(store_->ready());
  return store_->write_unsynced(writer_->encode(activity), "recording activity");
}

ledger::Position RocksDbLedger::position() const {
  return store_->position();
}
session::SessionNo RocksDbLedger::last_no() const {
  return session::SessionNo(store_->last_no());
}
std::uint64_t RocksDbLedger::first_audit_seq() const {
  return store_->bounds().audit_from;
}
std::uint64_t RocksDbLedger::last_audit_seq() const {
  return store_->last_audit_seq();
}

Status RocksDbLedger::load_rows(ledger::RowSink& sink) const {
  return ledger_rocksdb::load_rows(*store_, store_->options().load_threads, sink);
}

Status RocksDbLedger::load_documents(const DocumentVisitor& visit,
                                     std::span<const ledger::DocumentRange> without) const {
  return ledger_rocksdb::load_documents(*store_, visit, without);
}

Result<std::optional<std::string>> RocksDbLedger::document(std::string_view table, std::string_view key) const {
  return store_->get(&Columns::documents, document_key(table, key));
}

Result<std::vector<std::optional<session::Tombstone>>> RocksDbLedger::tombstones(
    std::span<const session::SessionKey> keys) const {
  CURFEW_TRY_STATUS(fresh_loaded_);
  std::vector<std::optional<session::Tombstone>> found(keys.size());
  const Time from{store_->bounds().tombstones_from};
  CURFEW_TRY(const Reading open, store_->reading());
  std::string bytes;
  std::vector<std::size_t> ends;
  std::vector<rocksdb::Slice> slices;
  std::vector<rocksdb::PinnableSlice> values(std::min(keys.size(), kLookupsAtOnce));
  std::vector<rocksdb::Status> statuses(values.size());
  std::vector<std::optional<std::string>> fresh(values.size());
  for (std::size_t begin = 0; begin < keys.size(); begin += kLookupsAtOnce) {
    const std::size_t count = std::min(keys.size() - begin, kLookupsAtOnce);
    bytes.clear();
    ends.clear();
    slices.clear();
    for (std::size_t i = 0; i < count; ++i) {
      put_tombstone_key(bytes, keys[begin + i]);
      ends.push_back(bytes.size());
    }
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t at = i == 0 ? 0 : ends[i - 1];
      slices.emplace_back(bytes.data() + at, ends[i] - at);
      values[i].Reset();
      fresh[i] = fresh_->find(view(slices.back()));  // before the database: they move there
    }
    open.db().MultiGet(rocksdb::ReadOptions(), open.columns().tombstones, count, slices.data(), values.data(),
                       statuses.data());
    for (std::size_t i = 0; i < count; ++i) {
      if (fresh[i]) {
        CURFEW_TRY(const session::Tombstone tombstone, session::decode_tombstone(*fresh[i]));
        if (tombstone.ended >= from) {
          found[begin + i] = tombstone;
          continue;
        }
      }
      if (statuses[i].IsNotFound()) continue;
      if (!statuses[i].ok()) return tl::unexpected(to_error(statuses[i], "looking up tombstones"));
      CURFEW_TRY(const session::Tombstone tombstone, session::decode_tombstone(view(values[i])));
      if (tombstone.ended >= from) found[begin + i] = tombstone;
    }
  }
  return found;
}

Status RocksDbLedger::follow(ledger::Position after,
                             const std::function<bool(ledger::Position, std::string_view)>& visit) const {
  const ledger::Position last = store_->position();  // before the iterator, which sees all of it then
  if (after >= last) return {};
  CURFEW_TRY(const Reading open, store_->reading());
  const std::unique_ptr<rocksdb::Iterator> it(open.db().NewIterator(rocksdb::ReadOptions(), open.columns().journal));
  const auto trimmed = [&]() -> Status {
    return fail(ErrorCode::kNotFound, "journal_trimmed",
                fmt::format("The journal is kept from position {}; start from the state instead.",
                            store_->bounds().journal_from.load()));
  };
  if (after + 1 < store_->bounds().journal_from) return trimmed();
  ledger::Position expected = after + 1;
  for (it->Seek(u64_bytes(expected)); it->Valid(); it->Next(), ++expected) {
    if (parse_u64(view(it->key())) != expected) break;
    if (!visit(expected, view(it->value()))) return {};
  }
  if (!it->status().ok()) return tl::unexpected(to_error(it->status(), "following the journal"));
  if (expected > last) return {};
  if (expected < store_->bounds().journal_from) return trimmed();  // while we read
  return data_loss("journal_broken", fmt::format("The journal's entry {} is missing.", expected));
}

std::uint64_t RocksDbLedger::disk_bytes() const {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator it(store_->database_path(), error), end; !error && it != end;
       it.increment(error)) {
    std::error_code gone;  // a file may be deleted between the listing and the question
    const std::uint64_t size = it->file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

Status RocksDbLedger::backup_to(const std::string& target) const {
  return backup_store(*store_, target, [this] { return fresh_->hold_still(); });
}

std::size_t RocksDbLedger::fresh_tombstones() const {
  return fresh_->size();
}

Status RocksDbLedger::compact() {
  CURFEW_TRY_STATUS(store_->ready());
  CURFEW_TRY_STATUS(fresh_->settle(true));
  CURFEW_TRY(const Reading open, store_->reading());
  const Columns& columns = open.columns();
  for (rocksdb::ColumnFamilyHandle* column : {columns.meta, columns.rows, columns.activity, columns.tombstones,
                                              columns.journal, columns.audit, columns.audit_by, columns.documents}) {
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    const rocksdb::Status status = open.db().CompactRange(options, column, nullptr, nullptr);
    if (!status.ok()) return tl::unexpected(to_error(status, "compacting"));
  }
  return {};
}

}  // namespace curfew::ledger_rocksdb
