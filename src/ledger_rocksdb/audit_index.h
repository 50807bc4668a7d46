// The audit log's index on disk: which seqs stand under a key (user, session, actor, action, revocation).
//
// A key is its hash: SipHash-2-4 with 128 bits of output over index, realm and value, under 16 random bytes of this
// ledger's own, which nobody outside knows. So two values under one hash are not to be expected, nor to be made.
//
// Two layouts, chosen for each commit by the number of its postings (a posting is a hash and the seqs under it):
//   direct, small commits: one entry a run of consecutive seqs.
//     key 1 u8, hash 16, first seq u64; value empty for one seq, else the run's length - 1 as varint.
//   packed, from kPackedFrom postings on: the postings spread over 2^level buckets by the top bits of their hash, one
//   entry a bucket: 32 to 64 in each, but for commits so small, or large, that the levels end.
//     key 2 u8, level u8, bucket u16, the commit's first seq u64; value: last seq - first seq of the commit varint,
//     then for each posting by hash: hash 16, number of runs varint, and for each run: gap since the end of the one
//     before (or since first seq) varint, length - 1 varint.
// A find walks the direct runs and, on each level, the one bucket of its hash, and merges them by seq.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/ledger.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
class WriteBatch;
}  // namespace rocksdb

namespace curfew::ledger_rocksdb {

using IndexHash = std::array<std::uint8_t, 16>;
using IndexHashKey = std::array<std::uint8_t, 16>;
IndexHash hash_of(const IndexHashKey& secret, const ledger::AuditIndexKey& key);

inline constexpr std::size_t kPackedFrom = 1'024;
inline constexpr std::uint8_t kLowestLevel = 6;
inline constexpr std::uint8_t kHighestLevel = 12;

// The packed levels that an index holds, one bit each, so that a find asks for no others.
using LevelMask = std::uint32_t;
LevelMask levels_in(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* column);

// Turns a commit's audit entries into index entries. Kept between commits: its memory is used again.
class AuditIndexWriter {
 public:
  explicit AuditIndexWriter(const IndexHashKey& secret) : secret_(secret) {}
  // The level of the packed layout that was used, as a bit; 0 for the direct layout.
  LevelMask write(std::span<const ledger::AuditEntry> entries, rocksdb::ColumnFamilyHandle* column,
                  rocksdb::WriteBatch& batch);

 private:
  // The hash in two halves, so that the order is that of its bytes, and the consecutive seqs under it.
  struct Run {
    std::uint64_t high, low, first, end;
    friend auto operator<=>(const Run&, const Run&) = default;
  };
  void collect(std::span<const ledger::AuditEntry> entries);
  void write_direct(rocksdb::ColumnFamilyHandle* column, rocksdb::WriteBatch& batch);
  LevelMask write_packed(std::uint64_t last_seq, rocksdb::ColumnFamilyHandle* column, rocksdb::WriteBatch& batch);

  IndexHashKey secret_;
  std::vector<Run> runs_;  // from collect() on: ascending, and none touches the next
  std::uint64_t first_seq_ = 0;
};

// The seqs under `hash` within [from, to], until the visitor says false.
Status find_postings(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* column, LevelMask levels, const IndexHash& hash,
                     std::uint64_t from, std::uint64_t to, bool descending,
                     const std::function<bool(std::uint64_t seq)>& visit);

// Every (hash, seq) that one entry of the index holds, for the check of a whole ledger; false if it can't be read.
bool visit_index_entry(std::string_view key, std::string_view value,
                       const std::function<void(const IndexHash&, std::uint64_t seq)>& visit);
// The highest seq that an entry speaks of, for the trim; nothing if it can't be read.
std::optional<std::uint64_t> highest_seq_of(std::string_view key, std::string_view value);

}  // namespace curfew::ledger_rocksdb
