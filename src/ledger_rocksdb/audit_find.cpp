// Walking the audit index: runs of seqs from the direct entries and from one bucket a level, merged by seq.
#include <rocksdb/db.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "ledger_rocksdb/audit_index.h"
#include "ledger_rocksdb/errors.h"
#include "ledger_rocksdb/keys.h"
#include "session/codec.h"

namespace curfew::ledger_rocksdb {
namespace {

struct Run {
  std::uint64_t first, last;
};

// The entries under one prefix, whose keys end in a seq; their runs in the order asked for. Runs of one source never
// overlap.
class RunSource {
 public:
  RunSource(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* column, std::string prefix, const IndexHash& hash, Run bounds,
            bool descending)
      : prefix_(std::move(prefix)), hash_(hash), bounds_(bounds), descending_(descending) {
    rocksdb::ReadOptions options;
    options.total_order_seek = true;
    it_.reset(db.NewIterator(options, column));
    const std::string target = prefix_ + u64_bytes(descending ? bounds.last : bounds.first);
    // The entry at or before the bound may reach into it, in both directions.
    it_->SeekForPrev(target);
    if (!descending_ && (!it_->Valid() || !it_->key().starts_with(prefix_))) it_->Seek(target);
    advance();
  }

  const std::optional<Run>& head() const { return head_; }
  Status status() const {
    if (broken_)
      return fail(ErrorCode::kDataLoss, "audit_index_broken", "An entry of the audit index is not what was written.");
    return it_->status().ok() ? Status{} : Status(tl::unexpected(to_error(it_->status(), "reading the audit index")));
  }

  void pop() {
    head_.reset();
    advance();
  }

 private:
  void advance() {
    while (!head_ && !broken_) {
      if (next_ < runs_.size()) {
        head_ = runs_[next_++];
        return;
      }
      if (!it_->Valid() || !it_->key().starts_with(prefix_)) return;
      const std::uint64_t entry_seq = get_u64(it_->key().data() + prefix_.size());
      if (!descending_ && entry_seq > bounds_.last) return;
      read_entry(entry_seq);
      // Descending, an entry that lies wholly before the bounds ends the walk: those before it lie there too.
      if (descending_ && !broken_ && highest_ < bounds_.first) return;
      if (descending_) {
        it_->Prev();
      } else {
        it_->Next();
      }
    }
  }

  void keep(std::uint64_t first, std::uint64_t last) {
    first = std::max(first, bounds_.first);
    last = std::min(last, bounds_.last);
    if (first <= last) runs_.push_back({first, last});
  }

  void read_entry(std::uint64_t entry_seq) {
    runs_.clear();
    next_ = 0;
    const std::string_view value(it_->value().data(), it_->value().size());
    session::ByteReader reader(value);
    const bool direct = prefix_.size() > 4;
    highest_ = entry_seq + (value.empty() ? 0 : reader.varint());
    if (direct) {
      keep(entry_seq, highest_);
    } else if (highest_ >= bounds_.first) {
      read_bucket(reader, entry_seq);
    }
    broken_ = !reader.ok();
    if (descending_) std::reverse(runs_.begin(), runs_.end());
  }

  // The postings stand in the order of their hashes.
  void read_bucket(session::ByteReader& reader, std::uint64_t first_seq) {
    while (reader.ok() && !reader.at_end()) {
      const std::string_view raw = reader.raw(hash_.size());
      if (!reader.ok()) return;
      const int order = std::memcmp(raw.data(), hash_.data(), hash_.size());
      if (order > 0) return;
      std::uint64_t seq = first_seq;
      for (std::uint64_t runs = reader.varint(); runs > 0 && reader.ok(); --runs) {
        seq += reader.varint();
        const std::uint64_t last = seq + reader.varint();
        if (order == 0) keep(seq, last);
        seq = last + 1;
      }
      if (order == 0) return;
    }
  }

  std::string prefix_;
  IndexHash hash_;
  Run bounds_;
  bool descending_;
  std::unique_ptr<rocksdb::Iterator> it_;
  std::vector<Run> runs_;
  std::size_t next_ = 0;
  std::uint64_t highest_ = 0;
  std::optional<Run> head_;
  bool broken_ = false;
};

std::vector<std::unique_ptr<RunSource>> sources_of(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* column,
                                                   LevelMask levels, const IndexHash& hash, Run bounds,
                                                   bool descending) {
  std::vector<std::unique_ptr<RunSource>> sources;
  std::string prefix(1, '\1');
  prefix.append(reinterpret_cast<const char*>(hash.data()), hash.size());
  sources.push_back(std::make_unique<RunSource>(db, column, prefix, hash, bounds, descending));
  for (std::uint8_t level = kLowestLevel; level <= kHighestLevel; ++level) {
    if ((levels >> level & 1) == 0) continue;
    const int bucket = (hash[0] << 8 | hash[1]) >> (16 - level);
    prefix = {'\2', static_cast<char>(level), static_cast<char>(bucket >> 8), static_cast<char>(bucket & 0xff)};
    sources.push_back(std::make_unique<RunSource>(db, column, prefix, hash, bounds, descending));
  }
  return sources;
}

}  // namespace

LevelMask levels_in(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* column) {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  const std::unique_ptr<rocksdb::Iterator> it(db.NewIterator(options, column));
  LevelMask levels = 0;
  for (std::uint8_t level = kLowestLevel; level <= kHighestLevel; ++level) {
    const std::string prefix = {'\2', static_cast<char>(level)};
    it->Seek(prefix);
    if (it->Valid() && it->key().starts_with(prefix)) levels |= LevelMask{1} << level;
  }
  return levels;
}

Status find_postings(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* column, LevelMask levels, const IndexHash& hash,
                     std::uint64_t from, std::uint64_t to, bool descending,
                     const std::function<bool(std::uint64_t seq)>& visit) {
  if (from > to) return {};
  const auto sources = sources_of(db, column, levels, hash, {from, to}, descending);
  while (true) {
    RunSource* best = nullptr;
    for (const auto& source : sources) {
      CURFEW_TRY_STATUS(source->status());
      if (!source->head()) continue;
      if (best == nullptr || (source->head()->first < best->head()->first) != descending) best = source.get();
    }
    if (best == nullptr) return {};
    const Run run = *best->head();
    for (std::uint64_t n = 0; n <= run.last - run.first; ++n) {
      if (!visit(descending ? run.last - n : run.first + n)) return {};
    }
    best->pop();
  }
}

}  // namespace curfew::ledger_rocksdb
