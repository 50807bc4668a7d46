// Audit entries on disk: packed into blocks of consecutive seqs, compressed, so that ten thousand terminations cost
// some eighty entries. A block holds entries of one commit only.
//
// Key: the first seq as u64. Value: version u8 (1), encoding u8 (0 plain, 1 LZ4 block), count varint, time of the first
// entry zigzag, then for each entry: time since the one before varint, length varint; then the entries' bytes, joined.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/ledger.h"

namespace curfew::ledger_rocksdb {

// A block is closed when its entries reach one of these.
inline constexpr std::size_t kBlockEntries = 128;
inline constexpr std::size_t kBlockBytes = 32 * 1024;

// How many of `entries` the next block takes; at least 1 if there is one.
std::size_t block_length(std::span<const ledger::AuditEntry> entries);
// Appends a block to `out`. `scratch` is memory that is used again.
void encode_audit_block(std::span<const ledger::AuditEntry> entries, std::string& out, std::vector<char>& scratch);

class AuditBlock {
 public:
  // Reads the table of a block, and its payload unless `table_only`. The views are into this object or into `bytes`.
  static Result<AuditBlock> parse(std::uint64_t first_seq, std::string_view bytes, bool table_only = false);

  std::uint64_t first_seq() const { return first_seq_; }
  std::uint64_t last_seq() const { return first_seq_ + entries_.size() - 1; }
  bool holds(std::uint64_t seq) const { return seq >= first_seq() && seq <= last_seq(); }
  Time time(std::uint64_t seq) const { return entries_[seq - first_seq_].time; }
  std::string_view bytes(std::uint64_t seq) const;  // not after table_only

 private:
  struct Entry {
    Time time;
    std::size_t offset, size;
  };
  std::uint64_t first_seq_ = 0;
  std::vector<Entry> entries_;
  std::string unpacked_;
  std::string_view plain_;
};

}  // namespace curfew::ledger_rocksdb
