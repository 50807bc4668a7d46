#include "ledger_rocksdb/filters.h"

#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>

#include <string_view>
#include <utility>

#include "ledger_rocksdb/activity.h"
#include "ledger_rocksdb/audit_index.h"
#include "ledger_rocksdb/keys.h"
#include "session/codec.h"

namespace curfew::ledger_rocksdb {
namespace {

using Decision = rocksdb::CompactionFilter::Decision;

std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

class TombstoneFilter final : public rocksdb::CompactionFilter {
 public:
  explicit TombstoneFilter(const Bounds& bounds) : from_{bounds.tombstones_from} {}
  const char* Name() const override { return "curfew.tombstones"; }
  Decision FilterV2(int, const rocksdb::Slice&, ValueType type, const rocksdb::Slice& value, std::string*,
                    std::string*) const override {
    if (type != ValueType::kValue) return Decision::kKeep;
    const auto tombstone = session::decode_tombstone(view(value));
    // What can't be read is kept, for the check to find.
    return tombstone && tombstone->ended < from_ ? Decision::kRemove : Decision::kKeep;
  }

 private:
  Time from_;
};

class AuditIndexFilter final : public rocksdb::CompactionFilter {
 public:
  explicit AuditIndexFilter(const Bounds& bounds) : from_(bounds.audit_from) {}
  const char* Name() const override { return "curfew.audit_index"; }
  Decision FilterV2(int, const rocksdb::Slice& key, ValueType type, const rocksdb::Slice& value, std::string*,
                    std::string*) const override {
    if (type != ValueType::kValue) return Decision::kKeep;
    const auto highest = highest_seq_of(view(key), view(value));
    return highest && *highest < from_ ? Decision::kRemove : Decision::kKeep;
  }

 private:
  std::uint64_t from_;
};

// A row's number is never used again, and a row is there before its activity: so activity without a row is a dead
// row's.
class ActivityFilter final : public rocksdb::CompactionFilter {
 public:
  ActivityFilter(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* rows) : db_(db), rows_(rows) {}
  const char* Name() const override { return "curfew.activity"; }

  Decision FilterV2(int, const rocksdb::Slice& key, ValueType type, const rocksdb::Slice& value, std::string* changed,
                    std::string*) const override {
    const auto chunk_no = parse_u64(view(key));
    if (type != ValueType::kValue || db_ == nullptr || !chunk_no) return Decision::kKeep;
    ActivityChunk chunk;
    if (!chunk.fold(view(value))) return Decision::kKeep;
    ActivityChunk live;
    const std::uint64_t first = *chunk_no << kActivityShift;
    const std::string begin = u64_bytes(first), end = u64_bytes(first + (1U << kActivityShift));
    const rocksdb::Slice bound(end);
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &bound;
    options.fill_cache = false;
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options, rows_));
    for (it->Seek(begin); it->Valid(); it->Next()) {
      const auto low = static_cast<std::uint8_t>(it->key()[7]);
      if (chunk.has(low)) live.fold(low, chunk.last_access(low), chunk.ip(low));
    }
    if (!it->status().ok()) return Decision::kKeep;
    if (live.empty()) return Decision::kRemove;
    live.put(*changed);
    if (changed->size() == value.size()) return Decision::kKeep;
    return Decision::kChangeValue;
  }

 private:
  rocksdb::DB* db_;
  rocksdb::ColumnFamilyHandle* rows_;
};

template <class Make>
class Factory final : public rocksdb::CompactionFilterFactory {
 public:
  Factory(const char* name, Make make) : name_(name), make_(std::move(make)) {}
  const char* Name() const override { return name_; }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context&) override {
    return make_();
  }

 private:
  const char* name_;
  Make make_;
};

template <class Make>
std::shared_ptr<rocksdb::CompactionFilterFactory> factory(const char* name, Make make) {
  return std::make_shared<Factory<Make>>(name, std::move(make));
}

}  // namespace

std::shared_ptr<rocksdb::CompactionFilterFactory> tombstone_filter(std::shared_ptr<const Bounds> bounds) {
  return factory("curfew.tombstones",
                 [bounds = std::move(bounds)] { return std::make_unique<TombstoneFilter>(*bounds); });
}

std::shared_ptr<rocksdb::CompactionFilterFactory> audit_index_filter(std::shared_ptr<const Bounds> bounds) {
  return factory("curfew.audit_index",
                 [bounds = std::move(bounds)] { return std::make_unique<AuditIndexFilter>(*bounds); });
}

std::shared_ptr<rocksdb::CompactionFilterFactory> activity_filter(std::shared_ptr<const Bounds> bounds) {
  return factory("curfew.activity", [bounds = std::move(bounds)] {
    return std::make_unique<ActivityFilter>(bounds->db.load(), bounds->rows.load());
  });
}

}  // namespace curfew::ledger_rocksdb
