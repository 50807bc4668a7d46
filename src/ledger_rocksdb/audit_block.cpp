#include "ledger_rocksdb/audit_block.h"

#include <fmt/format.h>
#include <lz4.h>

#include <algorithm>

#include "session/codec.h"

namespace curfew::ledger_rocksdb {
namespace {

constexpr char kVersion = 1;
constexpr char kPlain = 0;
constexpr char kLz4 = 1;
constexpr std::size_t kWorthPacking = 512;
// No entry comes near this: a broken table must not make us take memory.
constexpr std::size_t kLargestBlock = std::size_t{1} << 30;

tl::unexpected<Error> broken(std::uint64_t first_seq) {
  return fail(ErrorCode::kDataLoss, "audit_block_broken",
              fmt::format("The stored audit entries from seq {} on are not what was written.", first_seq));
}

}  // namespace

std::size_t block_length(std::span<const ledger::AuditEntry> entries) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < entries.size() && count < kBlockEntries && bytes < kBlockBytes) bytes += entries[count++].bytes.size();
  return count;
}

void encode_audit_block(std::span<const ledger::AuditEntry> entries, std::string& out, std::vector<char>& scratch) {
  std::size_t total = 0;
  for (const ledger::AuditEntry& entry : entries) total += entry.bytes.size();
  out.push_back(kVersion);
  const std::size_t encoding_at = out.size();
  out.push_back(kPlain);
  session::put_varint(out, entries.size());
  Time time = entries.front().time;
  session::put_zigzag(out, time.ms);
  for (const ledger::AuditEntry& entry : entries) {
    session::put_varint(out, static_cast<std::uint64_t>(entry.time.ms - time.ms));
    session::put_varint(out, entry.bytes.size());
    time = entry.time;
  }
  const std::size_t payload_at = out.size();
  for (const ledger::AuditEntry& entry : entries) out += entry.bytes;
  if (total < kWorthPacking || total > kLargestBlock) return;
  const auto room = static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(total)));
  if (scratch.size() < room) scratch.resize(room);
  const int size = LZ4_compress_default(out.data() + payload_at, scratch.data(), static_cast<int>(total),
                                        static_cast<int>(scratch.size()));
  if (size <= 0 || static_cast<std::size_t>(size) >= total) return;
  out[encoding_at] = kLz4;
  out.resize(payload_at);
  out.append(scratch.data(), static_cast<std::size_t>(size));
}

Result<AuditBlock> AuditBlock::parse(std::uint64_t first_seq, std::string_view bytes, bool table_only) {
  session::ByteReader reader(bytes);
  const auto version = static_cast<char>(reader.byte());
  const auto encoding = static_cast<char>(reader.byte());
  if (!reader.ok() || version != kVersion || (encoding != kPlain && encoding != kLz4)) return broken(first_seq);
  const std::uint64_t count = reader.varint();
  if (count == 0 || count > kBlockEntries) return broken(first_seq);
  AuditBlock block;
  block.first_seq_ = first_seq;
  block.entries_.reserve(count);
  Time time{reader.zigzag()};
  std::size_t offset = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    time.ms += static_cast<std::int64_t>(reader.varint());
    const std::uint64_t size = reader.varint();
    if (!reader.ok() || size > kLargestBlock || offset + size > kLargestBlock * 2) return broken(first_seq);
    block.entries_.push_back({time, offset, size});
    offset += size;
  }
  if (table_only) return block;
  const std::string_view payload = reader.raw(reader.remaining());
  if (encoding == kPlain) {
    if (payload.size() != offset) return broken(first_seq);
    block.plain_ = payload;
    return block;
  }
  if (offset > kLargestBlock) return broken(first_seq);
  block.unpacked_.resize(offset);
  const int size = LZ4_decompress_safe(payload.data(), block.unpacked_.data(), static_cast<int>(payload.size()),
                                       static_cast<int>(offset));
  if (size < 0 || static_cast<std::size_t>(size) != offset) return broken(first_seq);
  return block;
}

std::string_view AuditBlock::bytes(std::uint64_t seq) const {
  const Entry& entry = entries_[seq - first_seq_];
  const std::string_view all = unpacked_.empty() ? plain_ : std::string_view(unpacked_);
  return all.substr(entry.offset, entry.size);
}

}  // namespace curfew::ledger_rocksdb
