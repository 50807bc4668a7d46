#include "ledger_rocksdb/audit_index.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>
#include <sodium/crypto_shorthash_siphash24.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

#include "ledger_rocksdb/keys.h"
#include "session/codec.h"

namespace curfew::ledger_rocksdb {
namespace {

constexpr char kDirect = 1;
constexpr char kPacked = 2;
constexpr std::size_t kDirectBytes = 1 + 16 + 8;
constexpr std::size_t kPackedBytes = 1 + 1 + 2 + 8;
constexpr std::size_t kPostingsPerBucket = 16;

template <class Pair>
bool same(const Pair& a, const Pair& b) {
  return a.high == b.high && a.low == b.low;
}

template <class Pair>
std::uint16_t bucket_of(const Pair& pair, std::uint8_t level) {
  return static_cast<std::uint16_t>(pair.high >> (64 - level));
}

template <class Pair>
void put_hash(std::string& out, const Pair& pair) {
  put_u64(out, pair.high);
  put_u64(out, pair.low);
}

void put_packed_key(std::string& out, std::uint8_t level, std::uint16_t bucket, std::uint64_t first_seq) {
  out.push_back(kPacked);
  out.push_back(static_cast<char>(level));
  out.push_back(static_cast<char>(bucket >> 8));
  out.push_back(static_cast<char>(bucket & 0xff));
  put_u64(out, first_seq);
}

// The end (exclusive) of the run of consecutive seqs that starts at `at`, all under one hash.
template <class Pairs>
std::size_t run_end(const Pairs& pairs, std::size_t at) {
  std::size_t end = at + 1;
  while (end < pairs.size() && pairs[end].seq == pairs[end - 1].seq + 1 && same(pairs[end], pairs[at])) ++end;
  return end;
}

}  // namespace

IndexHash hash_of(const IndexHashKey& secret, const ledger::AuditIndexKey& key) {
  std::array<unsigned char, 5 + 512> buffer;
  buffer[0] = static_cast<unsigned char>(key.index);
  for (std::size_t i = 0; i < 4; ++i) buffer[1 + i] = static_cast<unsigned char>(key.realm.value >> (24 - 8 * i));
  IndexHash hash{};
  const std::size_t size = std::min(key.value.size(), buffer.size() - 5);  // check_commit refuses longer ones
  std::memcpy(buffer.data() + 5, key.value.data(), size);
  crypto_shorthash_siphashx24(hash.data(), buffer.data(), 5 + size, secret.data());
  return hash;
}

void AuditIndexWriter::collect(std::span<const ledger::AuditEntry> entries) {
  // Actor, action and revocation are the same for thousands of entries on end: their last hash is kept.
  struct Last {
    const ledger::AuditIndexKey* key = nullptr;
    std::uint64_t high = 0, low = 0;
  };
  std::array<Last, 8> last;
  pairs_.clear();
  for (const ledger::AuditEntry& entry : entries) {
    for (const ledger::AuditIndexKey& key : entry.keys) {
      Last& memo = last[static_cast<std::size_t>(key.index) % last.size()];
      const bool known = memo.key != nullptr && memo.key->index == key.index && memo.key->realm == key.realm &&
                         memo.key->value == key.value;
      if (!known) {
        const IndexHash hash = hash_of(secret_, key);
        const auto* bytes = reinterpret_cast<const char*>(hash.data());
        memo = {&key, get_u64(bytes), get_u64(bytes + 8)};
      }
      pairs_.push_back({memo.high, memo.low, entry.seq});
    }
  }
  std::sort(pairs_.begin(), pairs_.end());
  pairs_.erase(std::unique(pairs_.begin(), pairs_.end()), pairs_.end());
}

LevelMask AuditIndexWriter::write(std::span<const ledger::AuditEntry> entries, rocksdb::ColumnFamilyHandle* column,
                                  rocksdb::WriteBatch& batch) {
  if (entries.empty()) return 0;
  collect(entries);
  first_seq_ = entries.front().seq;
  std::size_t postings = 0;
  for (std::size_t i = 0; i < pairs_.size(); i = run_end(pairs_, i)) ++postings;
  if (postings >= kPackedFrom) return write_packed(postings, entries.back().seq, column, batch);
  write_direct(column, batch);
  return 0;
}

void AuditIndexWriter::write_direct(rocksdb::ColumnFamilyHandle* column, rocksdb::WriteBatch& batch) {
  std::string key, value;
  for (std::size_t i = 0; i < pairs_.size();) {
    const std::size_t end = run_end(pairs_, i);
    key.clear();
    value.clear();
    key.push_back(kDirect);
    put_hash(key, pairs_[i]);
    put_u64(key, pairs_[i].seq);
    if (end - i > 1) session::put_varint(value, end - i - 1);
    batch.Put(column, key, value);
    i = end;
  }
}

LevelMask AuditIndexWriter::write_packed(std::size_t postings, std::uint64_t last_seq,
                                         rocksdb::ColumnFamilyHandle* column, rocksdb::WriteBatch& batch) {
  const auto bits = static_cast<int>(std::bit_width(postings / kPostingsPerBucket));
  const auto level = static_cast<std::uint8_t>(std::clamp<int>(bits, kLowestLevel, kHighestLevel));
  std::string key, value, runs;
  for (std::size_t i = 0; i < pairs_.size();) {
    const std::uint16_t bucket = bucket_of(pairs_[i], level);
    key.clear();
    value.clear();
    put_packed_key(key, level, bucket, first_seq_);
    session::put_varint(value, last_seq - first_seq_);
    while (i < pairs_.size() && bucket_of(pairs_[i], level) == bucket) {
      const Pair first = pairs_[i];
      std::uint64_t count = 0, after = first_seq_;
      runs.clear();
      while (i < pairs_.size() && same(pairs_[i], first)) {
        const std::size_t end = run_end(pairs_, i);
        session::put_varint(runs, pairs_[i].seq - after);
        session::put_varint(runs, end - i - 1);
        after = pairs_[end - 1].seq + 1;
        i = end;
        ++count;
      }
      put_hash(value, first);
      session::put_varint(value, count);
      value += runs;
    }
    batch.Put(column, key, value);
  }
  return LevelMask{1} << level;
}

bool visit_index_entry(std::string_view key, std::string_view value,
                       const std::function<void(const IndexHash&, std::uint64_t seq)>& visit) {
  IndexHash hash;
  session::ByteReader reader(value);
  if (key.size() == kDirectBytes && key[0] == kDirect) {
    std::memcpy(hash.data(), key.data() + 1, hash.size());
    const std::uint64_t first = get_u64(key.data() + 17);
    const std::uint64_t more = value.empty() ? 0 : reader.varint();
    if (!reader.ok() || !reader.at_end()) return false;
    for (std::uint64_t i = 0; i <= more; ++i) visit(hash, first + i);
    return true;
  }
  if (key.size() != kPackedBytes || key[0] != kPacked) return false;
  const std::uint64_t first = get_u64(key.data() + 4);
  const std::uint64_t last = first + reader.varint();
  while (reader.ok() && !reader.at_end()) {
    const std::string_view raw = reader.raw(hash.size());
    if (raw.size() != hash.size()) return false;
    std::memcpy(hash.data(), raw.data(), hash.size());
    std::uint64_t seq = first;
    for (std::uint64_t runs = reader.varint(); runs > 0 && reader.ok(); --runs) {
      seq += reader.varint();
      const std::uint64_t more = reader.varint();
      if (!reader.ok() || seq > last || more > last - seq) return false;
      for (std::uint64_t i = 0; i <= more; ++i) visit(hash, seq++);
    }
  }
  return reader.ok();
}

std::optional<std::uint64_t> highest_seq_of(std::string_view key, std::string_view value) {
  session::ByteReader reader(value);
  std::uint64_t highest = 0;
  if (key.size() == kDirectBytes && key[0] == kDirect) {
    highest = get_u64(key.data() + 17) + (value.empty() ? 0 : reader.varint());
  } else if (key.size() == kPackedBytes && key[0] == kPacked) {
    highest = get_u64(key.data() + 4) + reader.varint();
  } else {
    return std::nullopt;
  }
  if (!reader.ok()) return std::nullopt;
  return highest;
}

}  // namespace curfew::ledger_rocksdb
