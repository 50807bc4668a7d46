#include "ledger/memory_ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <mutex>

namespace curfew::ledger {
namespace {

constexpr std::size_t kPage = 256;

std::string index_key(const AuditIndexKey& key) {
  return fmt::format("{}/{}/{}", static_cast<int>(key.index), key.realm.value, key.value);
}

void merge_activity(std::map<std::uint64_t, Activity>& into, const Activity& news) {
  const auto [it, fresh] = into.try_emplace(news.no.value, news);
  if (!fresh && news.last_access >= it->second.last_access) it->second = news;
}

}  // namespace

void MemoryLedger::refuse_next_writes(int count) {
  const std::unique_lock lock(mutex_);
  refusals_ = count;
}

void MemoryLedger::set_disk_full(bool full) {
  const std::unique_lock lock(mutex_);
  disk_full_ = full;
}

void MemoryLedger::crash_in_next_append(CrashPoint point) {
  const std::unique_lock lock(mutex_);
  crash_next_ = point;
}

void MemoryLedger::crash() {
  const std::unique_lock lock(mutex_);
  crashed_ = true;
}

void MemoryLedger::reopen() {
  const std::unique_lock lock(mutex_);
  if (!crashed_) {
    for (const auto& [no, activity] : unsynced_activity_) merge_activity(synced_activity_, activity);
  }
  unsynced_activity_.clear();
  refusals_ = 0;
  disk_full_ = crashed_ = false;
  crash_next_.reset();
}

bool MemoryLedger::crashed() const {
  const std::shared_lock lock(mutex_);
  return crashed_;
}

Status MemoryLedger::alive() const {
  if (crashed_) return fail(ErrorCode::kUnavailable, "crashed", "The ledger has crashed; reopen it.");
  return {};
}

Status MemoryLedger::writable() {
  CURFEW_TRY_STATUS(alive());
  if (disk_full_)
    return fail(ErrorCode::kUnavailable, "disk_full", "The ledger's disk is full (0 bytes free); free some space.");
  if (refusals_ > 0) {
    --refusals_;
    return fail(ErrorCode::kUnavailable, "ledger_unavailable", "The ledger can't write now.");
  }
  return {};
}

Result<Position> MemoryLedger::append(const Commit& commit) {
  const std::unique_lock lock(mutex_);
  CURFEW_TRY_STATUS(alive());
  CURFEW_TRY_STATUS(check_commit(commit, last_seq_unlocked(), last_audit_time_));
  CURFEW_TRY_STATUS(writable());
  if (crash_next_) {
    if (*crash_next_ == CrashPoint::kAfterDurable) write(commit);
    crash_next_.reset();
    crashed_ = true;
    return tl::unexpected(alive().error());
  }
  write(commit);
  return position_unlocked();
}

void MemoryLedger::write(const Commit& commit) {
  for (const session::Session& row : commit.puts) {
    rows_.insert_or_assign(row.no.value, row);
    last_no_ = std::max(last_no_, row.no.value);
  }
  for (const RowEnd& end : commit.ends) {
    rows_.erase(end.no.value);
    last_no_ = std::max(last_no_, end.no.value);
    tombstones_.insert_or_assign(end.key, end.tombstone);
  }
  for (const AuditEntry& entry : commit.audit) write_audit(entry);
  for (const DocumentWrite& write : commit.documents) {
    if (write.bytes) {
      documents_.insert_or_assign({write.table, write.key}, *write.bytes);
    } else {
      documents_.erase({write.table, write.key});
    }
  }
  journal_.push_back(commit.journal);
  for (const auto& [no, activity] : unsynced_activity_) merge_activity(synced_activity_, activity);
  unsynced_activity_.clear();
  for (const RowEnd& end : commit.ends) synced_activity_.erase(end.no.value);
}

void MemoryLedger::write_audit(const AuditEntry& entry) {
  audit_.push_back({entry.time, entry.bytes});
  last_audit_time_ = entry.time;
  for (const AuditIndexKey& key : entry.keys) {
    std::vector<std::uint64_t>& seqs = audit_by_[index_key(key)];
    if (seqs.empty() || seqs.back() != entry.seq) seqs.push_back(entry.seq);
  }
}

Status MemoryLedger::record_activity(std::span<const Activity> activity) {
  const std::unique_lock lock(mutex_);
  CURFEW_TRY_STATUS(writable());
  for (const Activity& news : activity) {
    if (rows_.contains(news.no.value)) merge_activity(unsynced_activity_, news);
  }
  return {};
}

Position MemoryLedger::position() const {
  const std::shared_lock lock(mutex_);
  return position_unlocked();
}

Status MemoryLedger::load_rows(RowSink& sink) const {
  std::unique_ptr<RowSink::Prepared> prepared;
  std::uint64_t after = 0;
  while (true) {
    std::vector<session::Session> page;
    {
      const std::shared_lock lock(mutex_);
      CURFEW_TRY_STATUS(alive());
      for (auto it = rows_.upper_bound(after); it != rows_.end() && page.size() < kPage; ++it) {
        page.push_back(it->second);
        for (const auto* source : {&synced_activity_, &unsynced_activity_}) {
          const auto found = source->find(it->first);
          if (found != source->end()) apply_activity(page.back(), found->second.last_access, found->second.ip);
        }
      }
    }
    if (page.empty()) return {};
    after = page.back().no.value;
    sink.prepare(page, prepared);
    sink.take(page, prepared.get());
  }
}

Status MemoryLedger::load_documents(const DocumentVisitor& visit, std::span<const DocumentRange> without) const {
  std::vector<std::pair<std::pair<std::string, std::string>, std::string>> all;
  {
    const std::shared_lock lock(mutex_);
    CURFEW_TRY_STATUS(alive());
    all.assign(documents_.begin(), documents_.end());
  }
  for (const auto& [name, bytes] : all) {
    const bool left_out = std::any_of(without.begin(), without.end(), [&name](const DocumentRange& range) {
      return range.table == name.first && name.second.starts_with(range.prefix);
    });
    if (!left_out) visit(name.first, name.second, bytes);
  }
  return {};
}

Result<std::optional<std::string>> MemoryLedger::document(std::string_view table, std::string_view key) const {
  const std::shared_lock lock(mutex_);
  CURFEW_TRY_STATUS(alive());
  const auto it = documents_.find(std::pair(std::string(table), std::string(key)));
  if (it == documents_.end()) return std::nullopt;
  return it->second;
}

session::SessionNo MemoryLedger::last_no() const {
  const std::shared_lock lock(mutex_);
  return session::SessionNo(last_no_);
}

Result<std::vector<std::optional<session::Tombstone>>> MemoryLedger::tombstones(
    std::span<const session::SessionKey> keys) const {
  const std::shared_lock lock(mutex_);
  CURFEW_TRY_STATUS(alive());
  std::vector<std::optional<session::Tombstone>> found(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto it = tombstones_.find(keys[i]);
    if (it != tombstones_.end() && it->second.ended >= tombstones_from_) found[i] = it->second;
  }
  return found;
}

Status MemoryLedger::follow(Position after, const std::function<bool(Position, std::string_view)>& visit) const {
  while (true) {
    std::vector<std::string> page;
    {
      const std::shared_lock lock(mutex_);
      CURFEW_TRY_STATUS(alive());
      if (after >= position_unlocked()) return {};
      if (after + 1 < first_position_) {
        return fail(
            ErrorCode::kNotFound, "journal_trimmed",
            fmt::format("The journal is kept from position {}; start from the state instead.", first_position_));
      }
      auto it = journal_.begin() + static_cast<std::ptrdiff_t>(after + 1 - first_position_);
      for (; it != journal_.end() && page.size() < kPage; ++it) page.push_back(*it);
    }
    for (const std::string& bytes : page) {
      if (!visit(++after, bytes)) return {};
    }
  }
}

std::uint64_t MemoryLedger::first_audit_seq() const {
  const std::shared_lock lock(mutex_);
  return first_seq_;
}

std::uint64_t MemoryLedger::last_audit_seq() const {
  const std::shared_lock lock(mutex_);
  return last_seq_unlocked();
}

Status MemoryLedger::scan_audit(std::uint64_t from, std::uint64_t to, bool descending,
                                const std::function<bool(std::uint64_t seq, std::string_view bytes)>& visit) const {
  while (true) {
    std::vector<std::pair<std::uint64_t, std::string>> page;
    {
      const std::shared_lock lock(mutex_);
      CURFEW_TRY_STATUS(alive());
      from = std::max(from, first_seq_);
      to = std::min(to, last_seq_unlocked());
      for (std::uint64_t n = 0; from + n <= to && n < kPage; ++n) {
        const std::uint64_t seq = descending ? to - n : from + n;
        page.emplace_back(seq, audit_[seq - first_seq_].bytes);
      }
    }
    if (page.empty()) return {};
    for (const auto& [seq, bytes] : page) {
      if (!visit(seq, bytes)) return {};
    }
    if (descending) {
      to = page.back().first - 1;
    } else {
      from = page.back().first + 1;
    }
  }
}

Status MemoryLedger::find_audit(const AuditIndexKey& key, std::uint64_t from, std::uint64_t to, bool descending,
                                const std::function<bool(std::uint64_t seq)>& visit) const {
  std::vector<std::uint64_t> seqs;
  {
    const std::shared_lock lock(mutex_);
    CURFEW_TRY_STATUS(alive());
    from = std::max(from, first_seq_);
    const auto it = audit_by_.find(index_key(key));
    if (it == audit_by_.end() || from > to) return {};
    seqs.assign(std::lower_bound(it->second.begin(), it->second.end(), from),
                std::upper_bound(it->second.begin(), it->second.end(), to));
  }
  if (descending) std::reverse(seqs.begin(), seqs.end());
  for (const std::uint64_t seq : seqs) {
    if (!visit(seq)) return {};
  }
  return {};
}

Result<std::uint64_t> MemoryLedger::audit_seq_at(Time at) const {
  const std::shared_lock lock(mutex_);
  CURFEW_TRY_STATUS(alive());
  const auto it = std::lower_bound(audit_.begin(), audit_.end(), at, [](const Entry& e, Time t) { return e.time < t; });
  return first_seq_ + static_cast<std::uint64_t>(it - audit_.begin());
}

Status MemoryLedger::trim_journal(Position before) {
  const std::unique_lock lock(mutex_);
  CURFEW_TRY_STATUS(alive());
  for (; first_position_ < before && !journal_.empty(); ++first_position_) journal_.pop_front();
  return {};
}

Status MemoryLedger::trim_audit(std::uint64_t before_seq) {
  const std::unique_lock lock(mutex_);
  CURFEW_TRY_STATUS(alive());
  for (; first_seq_ < before_seq && !audit_.empty(); ++first_seq_) audit_.pop_front();
  for (auto it = audit_by_.begin(); it != audit_by_.end();) {
    it = it->second.back() < first_seq_ ? audit_by_.erase(it) : std::next(it);
  }
  return {};
}

Status MemoryLedger::trim_tombstones(Time before) {
  const std::unique_lock lock(mutex_);
  CURFEW_TRY_STATUS(alive());
  tombstones_from_ = std::max(tombstones_from_, before);
  std::erase_if(tombstones_, [&](const auto& entry) { return entry.second.ended < tombstones_from_; });
  return {};
}

}  // namespace curfew::ledger
