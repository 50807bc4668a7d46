#include "ledger_rocksdb/commit_writer.h"

#include <algorithm>
#include <tuple>

#include "ledger_rocksdb/activity.h"
#include "ledger_rocksdb/audit_block.h"
#include "session/codec.h"

namespace curfew::ledger_rocksdb {
namespace {

// A batch that was once this big gives its memory back.
constexpr std::size_t kKeptBatchBytes = 32 << 20;

}  // namespace

void CommitWriter::start_batch() {
  columns_ = store_.columns();
  if (batch_.GetDataSize() > kKeptBatchBytes) {
    batch_ = rocksdb::WriteBatch();
  } else {
    batch_.Clear();
  }
}

rocksdb::WriteBatch& CommitWriter::encode(const ledger::Commit& commit, ledger::Position position, LevelMask& levels,
                                          EndsBlock* block) {
  start_batch();
  put_rows(commit.puts);
  put_ends(commit.ends, block);
  if (block != nullptr) {
    batch_.Put(columns_.meta, block_key(position), block->tombstones);
    batch_.Put(columns_.meta, numbers_key(position), block->numbers);
  }
  put_audit(commit.audit);
  levels = index_.write(commit.audit, columns_.audit_by, batch_);
  for (const ledger::DocumentWrite& write : commit.documents) {
    const std::string key = document_key(write.table, write.key);
    if (write.bytes) {
      batch_.Put(columns_.documents, key, *write.bytes);
    } else {
      batch_.Delete(columns_.documents, key);
    }
  }
  batch_.Put(columns_.journal, u64_bytes(position), commit.journal);
  return batch_;
}

void CommitWriter::put_rows(const std::vector<session::Session>& rows) {
  order_.clear();
  for (const session::Session& row : rows) order_.emplace_back(row.no.value, static_cast<std::uint32_t>(order_.size()));
  if (!std::is_sorted(order_.begin(), order_.end())) std::sort(order_.begin(), order_.end());
  for (const auto& [no, at] : order_) {
    key_.clear();
    value_.clear();
    put_u64(key_, no);
    session::encode_session(value_, rows[at]);
    batch_.Put(columns_.rows, key_, value_);
  }
}

void CommitWriter::put_ends(const std::vector<ledger::RowEnd>& ends, EndsBlock* block) {
  order_.clear();
  ends_.clear();
  for (std::uint32_t at = 0; at < ends.size(); ++at) {
    const session::SessionKey& key = ends[at].key;
    order_.emplace_back(ends[at].no.value, at);
    ends_.push_back(
        {std::uint64_t{key.realm.value} << 8 | static_cast<std::uint64_t>(key.type), first_eight(key.id), at});
  }
  if (!std::is_sorted(order_.begin(), order_.end())) std::sort(order_.begin(), order_.end());
  std::uint64_t before = 0;
  for (const auto& [no, at] : order_) {
    if (block != nullptr) {
      put_number_in_block(*block, no, before);
      before = no;
      continue;
    }
    key_.clear();
    put_u64(key_, no);
    batch_.Delete(columns_.rows, key_);
  }
  std::sort(ends_.begin(), ends_.end(), [&](const EndOrder& a, const EndOrder& b) {
    const auto begin = std::tie(a.realm_and_type, a.id_begin), other = std::tie(b.realm_and_type, b.id_begin);
    if (begin != other) return begin < other;
    const int rest = ends[a.at].key.id.compare(ends[b.at].key.id);
    return rest != 0 ? rest < 0 : a.at < b.at;
  });
  for (auto end = ends_.begin(); end != ends_.end(); ++end) {
    if (end + 1 != ends_.end() && ends[end->at].key == ends[(end + 1)->at].key) continue;
    key_.clear();
    value_.clear();
    put_tombstone_key(key_, ends[end->at].key);
    session::encode_tombstone(value_, ends[end->at].tombstone);
    if (block != nullptr)
      put_in_block(*block, key_, value_);
    else
      batch_.Put(columns_.tombstones, key_, value_);
  }
}

void CommitWriter::put_audit(std::span<const ledger::AuditEntry> entries) {
  while (!entries.empty()) {
    const std::size_t count = block_length(entries);
    value_.clear();
    encode_audit_block(entries.first(count), value_, scratch_);
    batch_.Put(columns_.audit, u64_bytes(entries.front().seq), value_);
    entries = entries.subspan(count);
  }
}

rocksdb::WriteBatch& CommitWriter::encode(std::span<const ledger::Activity> activity) {
  start_batch();
  order_.clear();
  for (const ledger::Activity& news : activity)
    order_.emplace_back(news.no.value, static_cast<std::uint32_t>(order_.size()));
  if (!std::is_sorted(order_.begin(), order_.end())) std::sort(order_.begin(), order_.end());
  ActivityChunk chunk;
  for (std::size_t i = 0; i < order_.size();) {
    const std::uint64_t chunk_no = order_[i].first >> kActivityShift;
    chunk.clear();
    for (; i < order_.size() && order_[i].first >> kActivityShift == chunk_no; ++i) {
      const ledger::Activity& news = activity[order_[i].second];
      chunk.fold(static_cast<std::uint8_t>(news.no.value & 0xff), news.last_access, news.ip);
    }
    key_.clear();
    value_.clear();
    put_u64(key_, chunk_no);
    chunk.put(value_);
    batch_.Merge(columns_.activity, key_, value_);
  }
  return batch_;
}

}  // namespace curfew::ledger_rocksdb
