// The audit log's reads, and the trims.
#include <fmt/format.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <memory>

#include "ledger_rocksdb/audit_block.h"
#include "ledger_rocksdb/audit_index.h"
#include "ledger_rocksdb/errors.h"
#include "ledger_rocksdb/fresh_ends.h"
#include "ledger_rocksdb/rocksdb_ledger.h"
#include "ledger_rocksdb/store.h"

namespace curfew::ledger_rocksdb {
namespace {

std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

// The block under the iterator.
Result<AuditBlock> block_at(const rocksdb::Iterator& it, bool table_only) {
  const std::optional<std::uint64_t> first = parse_u64(view(it.key()));
  if (!first) return fail(ErrorCode::kDataLoss, "audit_block_broken", "A block of the audit log has a broken key.");
  return AuditBlock::parse(*first, view(it.value()), table_only);
}

Status ended(const rocksdb::Iterator& it) {
  if (it.status().ok()) return {};
  return tl::unexpected(to_error(it.status(), "reading the audit log"));
}

Status missing(std::uint64_t seq) {
  return fail(ErrorCode::kDataLoss, "audit_entry_missing", fmt::format("The audit entry {} is missing.", seq));
}

// Forgets the keys below `end` of a column whose keys are numbers: whole files at once, the rest by a range tombstone
// that stands in the batch.
void drop_files_below(const Store& store, rocksdb::ColumnFamilyHandle* column, const std::string& end) {
  const std::string begin = u64_bytes(0);
  const rocksdb::Slice from(begin), to(end);
  // Best effort: what stays is under the range tombstone.
  [[maybe_unused]] const rocksdb::Status status = rocksdb::DeleteFilesInRange(&store.db(), column, &from, &to, false);
}

}  // namespace

Status RocksDbLedger::scan_audit(std::uint64_t from, std::uint64_t to, bool descending,
                                 const std::function<bool(std::uint64_t seq, std::string_view bytes)>& visit) const {
  const Bounds& bounds = store_->bounds();
  from = std::max(from, bounds.audit_from.load());
  to = std::min(to, store_->last_audit_seq());
  if (from > to) return {};
  CURFEW_TRY(const Reading open, store_->reading());
  const std::unique_ptr<rocksdb::Iterator> it(open.db().NewIterator(rocksdb::ReadOptions(), open.columns().audit));
  it->SeekForPrev(u64_bytes(descending ? to : from));
  if (!it->Valid() && !descending) it->SeekToFirst();
  std::uint64_t next = descending ? to : from;
  for (; it->Valid(); descending ? it->Prev() : it->Next()) {
    CURFEW_TRY(const AuditBlock block, block_at(*it, false));
    while (block.holds(next)) {
      if (!visit(next, block.bytes(next)) || next == (descending ? from : to)) return {};
      next += descending ? ~0ULL : 1ULL;
    }
    if (descending ? block.last_seq() < next : block.first_seq() > next) break;
  }
  CURFEW_TRY_STATUS(ended(*it));
  // A trim may have passed while we read: then the rest is rightly gone.
  const std::uint64_t kept_from = bounds.audit_from;
  if (next >= kept_from) return missing(next);
  return descending ? Status{} : scan_audit(kept_from, to, false, visit);
}

Status RocksDbLedger::find_audit(const ledger::AuditIndexKey& key, std::uint64_t from, std::uint64_t to,
                                 bool descending, const std::function<bool(std::uint64_t seq)>& visit) const {
  from = std::max(from, store_->bounds().audit_from.load());
  to = std::min(to, store_->last_audit_seq());
  CURFEW_TRY(const Reading open, store_->reading());
  return find_postings(open.db(), open.columns().audit_by, store_->levels(), hash_of(store_->index_key(), key), from,
                       to, descending, visit);
}

Result<std::uint64_t> RocksDbLedger::audit_seq_at(Time at) const {
  const std::uint64_t last = store_->last_audit_seq();
  std::uint64_t low = store_->bounds().audit_from, high = last + 1;  // the answer lies in [low, high]
  CURFEW_TRY(const Reading open, store_->reading());
  const std::unique_ptr<rocksdb::Iterator> it(open.db().NewIterator(rocksdb::ReadOptions(), open.columns().audit));
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    it->SeekForPrev(u64_bytes(middle));
    CURFEW_TRY_STATUS(ended(*it));
    if (!it->Valid()) return tl::unexpected(missing(middle).error());
    CURFEW_TRY(const AuditBlock block, block_at(*it, true));
    if (!block.holds(middle)) return tl::unexpected(missing(middle).error());
    // A whole block at a time: below it, above it, or inside.
    const std::uint64_t first = std::max(block.first_seq(), low), end = std::min(block.last_seq(), last);
    if (block.time(end) < at) {
      low = end + 1;
    } else if (block.time(first) >= at) {
      high = first;
    } else {
      std::uint64_t seq = first;
      while (block.time(seq) < at) ++seq;
      return seq;
    }
  }
  return low;
}

Status RocksDbLedger::trim_journal(ledger::Position before) {
  Bounds& bounds = store_->bounds();
  const ledger::Position from = bounds.journal_from;
  before = std::min(before, store_->position() + 1);
  if (before <= from) return {};
  CURFEW_TRY_STATUS(store_->ready());
  rocksdb::WriteBatch batch;
  const std::string end = u64_bytes(before);
  batch.Put(store_->columns().meta, rocksdb::Slice(meta::kJournalFromKey), end);
  batch.DeleteRange(store_->columns().journal, u64_bytes(from), end);
  CURFEW_TRY_STATUS(store_->write_synced(batch, "trimming the journal"));
  bounds.journal_from = before;
  drop_files_below(*store_, store_->columns().journal, u64_bytes(before - 1));
  return {};
}

// The key before which blocks hold nothing from `seq` on. The block that the bound cuts stays, its first entries
// hidden.
Result<std::string> RocksDbLedger::first_block_key(std::uint64_t seq) const {
  CURFEW_TRY(const Reading open, store_->reading());
  const std::unique_ptr<rocksdb::Iterator> it(open.db().NewIterator(rocksdb::ReadOptions(), open.columns().audit));
  it->SeekForPrev(u64_bytes(seq));
  CURFEW_TRY_STATUS(ended(*it));
  if (!it->Valid()) return u64_bytes(seq);
  CURFEW_TRY(const AuditBlock block, block_at(*it, true));
  return u64_bytes(block.last_seq() >= seq ? block.first_seq() : seq);
}

Status RocksDbLedger::trim_audit(std::uint64_t before_seq) {
  Bounds& bounds = store_->bounds();
  before_seq = std::min(before_seq, store_->last_audit_seq() + 1);
  if (before_seq <= bounds.audit_from) return {};
  CURFEW_TRY_STATUS(store_->ready());
  CURFEW_TRY(const std::string end, first_block_key(before_seq));
  rocksdb::WriteBatch batch;
  batch.Put(store_->columns().meta, rocksdb::Slice(meta::kAuditFromKey), u64_bytes(before_seq));
  batch.DeleteRange(store_->columns().audit, u64_bytes(0), end);
  CURFEW_TRY_STATUS(store_->write_synced(batch, "trimming the audit log"));
  bounds.audit_from = before_seq;
  drop_files_below(*store_, store_->columns().audit, u64_bytes(get_u64(end.data()) - 1));
  return {};
}

Status RocksDbLedger::trim_tombstones(Time before) {
  Bounds& bounds = store_->bounds();
  if (before.ms <= bounds.tombstones_from) return {};
  CURFEW_TRY_STATUS(store_->ready());
  const auto paused = fresh_->pause();
  rocksdb::WriteBatch batch;
  batch.Put(store_->columns().meta, rocksdb::Slice(meta::kTombstonesFromKey),
            u64_bytes(static_cast<std::uint64_t>(before.ms)));
  CURFEW_TRY_STATUS(store_->write_synced(batch, "trimming tombstones"));
  bounds.tombstones_from = before.ms;
  return {};
}

}  // namespace curfew::ledger_rocksdb
