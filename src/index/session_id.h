// PackedId: an identifier in 16 bytes.
//
// What it is: a canonical lower-case UUID as its 16 bytes; a text of up to 15 bytes with its length in front; a longer
// one as a reference into an arena with its length and hash. Two ids are equal exactly if their kinds and contents are.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "index/blob_arena.h"
#include "index/ordinal_table.h"

namespace curfew::index {

enum class IdKind : std::uint8_t { kUuid = 0, kShort = 1, kLong = 2 };

struct PackedId {
  std::array<std::uint8_t, 16> bytes{};

  std::uint64_t half(int i) const {
    std::uint64_t v = 0;
    std::memcpy(&v, bytes.data() + 8 * i, 8);
    return v;
  }
};

// "f81d4fae-7dec-41d0-8765-00a0c91e6bf6"; false for anything else, upper case included.
bool parse_uuid(std::string_view text, std::array<std::uint8_t, 16>& out);
void append_uuid(std::string& out, const std::array<std::uint8_t, 16>& bytes);

// An identifier that is looked for, or about to be stored: packed but for a long text's place in the arena.
class IdProbe {
 public:
  IdProbe() = default;  // of nothing
  IdProbe(std::string_view text, std::uint64_t seed) : IdProbe(text, seed, true) {}
  // With `uuids` false: as an id that is kept as a text, even if it looks like a UUID (in upper case it is).
  IdProbe(std::string_view text, std::uint64_t seed, bool uuids);

  IdKind kind() const { return kind_; }
  std::uint64_t hash() const { return hash_; }
  PackedId store(BlobArena& arena) const;
  bool same_but_for_case(IdKind kind, const PackedId& id, const BlobArena& arena) const;
  bool equals(IdKind kind, const PackedId& id, const BlobArena& arena) const {
    if (kind != kind_) return false;
    if (kind_ != IdKind::kLong) return id.half(0) == id_.half(0) && id.half(1) == id_.half(1);
    return equals_long(id, arena);
  }

 private:
  bool equals_long(const PackedId& id, const BlobArena& arena) const;

  std::string_view text_;
  PackedId id_;
  std::uint64_t hash_ = 0;
  IdKind kind_ = IdKind::kUuid;
};

// The hash that IdProbe gives the same id under the same seed.
std::uint64_t short_id_hash(const PackedId& id, std::uint64_t seed);
inline std::uint64_t id_hash(IdKind kind, const PackedId& id, std::uint64_t seed) {
  if (kind == IdKind::kLong) return mix(id.half(1), seed);
  if (kind == IdKind::kShort) return short_id_hash(id, seed);
  return mix(id.half(0) ^ static_cast<std::uint64_t>(kind), id.half(1) + seed);
}
std::size_t id_length(IdKind kind, const PackedId& id);
std::string_view long_id(const PackedId& id, const BlobArena& arena);
void append_id(std::string& out, IdKind kind, const PackedId& id, const BlobArena& arena);
void release_id(IdKind kind, const PackedId& id, BlobArena& arena);

}  // namespace curfew::index
