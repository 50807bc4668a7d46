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
// More would make a find read more, fewer a commit insert more: of an end in bulk it was a third of the memtables'
// time.
constexpr std::size_t kPostingsPerBucket = 64;

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
  // Actor, action and revocation are the same for thousands of entries on end: their last hash is kept, and its run.
  struct Last {
    const ledger::AuditIndexKey* key = nullptr;
    std::size_t run = 0;
  };
  std::array<Last, 8> last;
  runs_.clear();
  for (const ledger::AuditEntry& entry : entries) {
    for (const ledger::AuditIndexKey& key : entry.keys) {
      Last& memo = last[static_cast<std::size_t>(key.index) % last.size()];
      const bool known = memo.key != nullptr && memo.key->index == key.index && memo.key->realm == key.realm &&
                         memo.key->value == key.value;
      if (known && runs_[memo.run].end == entry.seq) {
        ++runs_[memo.run].end;
        continue;
      }
      Run run{0, 0, entry.seq, entry.seq + 1};
      if (known) {
        run.high = runs_[memo.run].high;
        run.low = runs_[memo.run].low;
      } else {
        const IndexHash hash = hash_of(secret_, key);
        const auto* bytes = reinterpret_cast<const char*>(hash.data());
        run.high = get_u64(bytes);
        run.low = get_u64(bytes + 8);
      }
      memo = {&key, runs_.size()};
      runs_.push_back(run);
    }
  }
  std::sort(runs_.begin(), runs_.end());
  // Two values took turns under one index, or one entry has a key twice: what touches becomes one.
  std::size_t kept = 0;
  for (std::size_t i = 1; i < runs_.size(); ++i) {
    Run& before = runs_[kept];
    if (same(before, runs_[i]) && runs_[i].first <= before.end)
      before.end = std::max(before.end, runs_[i].end);
    else
      runs_[++kept] = runs_[i];
  }
  if (!runs_.empty()) runs_.resize(kept + 1);
}

LevelMask AuditIndexWriter::write(std::span<const ledger::AuditEntry> entries, rocksdb::ColumnFamilyHandle* column,
                                  rocksdb::WriteBatch& batch) {
  if (entries.empty()) return 0;
  collect(entries);
  first_seq_ = entries.front().seq;
  if (runs_.size() >= kPackedFrom) return write_packed(entries.back().seq, column, batch);
  write_direct(column, batch);
  return 0;
}

void AuditIndexWriter::write_direct(rocksdb::ColumnFamilyHandle* column, rocksdb::WriteBatch& batch) {
  std::string key, value;
  for (const Run& run : runs_) {
    key.clear();
    value.clear();
    key.push_back(kDirect);
    put_hash(key, run);
    put_u64(key, run.first);
    if (run.end - run.first > 1) session::put_varint(value, run.end - run.first - 1);
    batch.Put(column, key, value);
  }
}

LevelMask AuditIndexWriter::write_packed(std::uint64_t last_seq, rocksdb::ColumnFamilyHandle* column,
                                         rocksdb::WriteBatch& batch) {
  const auto bits = static_cast<int>(std::bit_width(runs_.size() / kPostingsPerBucket));
  const auto level = static_cast<std::uint8_t>(std::clamp<int>(bits, kLowestLevel, kHighestLevel));
  std::string key, value, packed;
  for (auto run = runs_.begin(); run != runs_.end();) {
    const std::uint16_t bucket = bucket_of(*run, level);
    key.clear();
    value.clear();
    put_packed_key(key, level, bucket, first_seq_);
    session::put_varint(value, last_seq - first_seq_);
    while (run != runs_.end() && bucket_of(*run, level) == bucket) {
      const Run first = *run;
      std::uint64_t count = 0, after = first_seq_;
      packed.clear();
      for (; run != runs_.end() && same(*run, first); ++run, ++count) {
        session::put_varint(packed, run->first - after);
        session::put_varint(packed, run->end - run->first - 1);
        after = run->end;
      }
      put_hash(value, first);
      session::put_varint(value, count);
      value += packed;
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
