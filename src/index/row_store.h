// RowStore: the columns of one realm's sessions.
//
// What it is: three columns by what is read together: the id (16 bytes: id search scans it), the facts (32 bytes: every
// filter, sort key and policy is answered from this half cache line) and the rest (16 bytes: what a page shows beside).
// Strings live in dictionaries and arenas; the rows hold their ordinals. A row costs 64 bytes here, and 16 more if any
// session of the realm has a token. Invariants: a row is live exactly if its no is not 0. Freed rows are given again,
// the last freed first. Threads: none of its own. Limits: 2^32 - 2 rows; times from 0 to 2^48 ms.
#pragma once

#include <cstdint>
#include <optional>

#include "base/ip.h"
#include "base/time.h"
#include "device/device.h"
#include "index/paged_array.h"
#include "index/session_id.h"
#include "session/session.h"

namespace curfew::index {

class RowFacts {
 public:
  enum Flag : std::uint16_t {
    kOffline = 1,
    kRememberMe = 2,
    kHasToken = 4,
    kDirty = 8,       // touched since take_dirty
    kMoving = 16,     // taken note of by the last-access order's batch
    kV6 = 32,         // ip is a slot, not an IPv4 address
    kLongSince = 64,  // the clients' times are in the arena
    kIdShort = 128,
    kIdLong = 256,
    kEnding = 512,   // erased; its structures are put right with the rest of its batch
    kMarked = 1024,  // some of its marks are set
  };
  // Bits 11 and 12 of the flags hold the severity, 13 to 15 the kind of device.
  std::uint64_t no = 0;    // of a free row: 0
  std::uint32_t user = 0;  // of a free row: the next free one
  std::uint32_t ip = 0;

  std::int64_t started() const { return static_cast<std::int64_t>(started_ & kTimeBits); }
  std::int64_t last_access() const { return static_cast<std::int64_t>(last_ & kTimeBits); }
  void set_started(Time t) { started_ = (started_ & ~kTimeBits) | static_cast<std::uint64_t>(t.ms); }
  void set_last_access(Time t) { last_ = (last_ & ~kTimeBits) | static_cast<std::uint64_t>(t.ms); }
  bool has(Flag flag) const { return (last_ >> 48 & flag) != 0; }
  void set(Flag flag, bool on) {
    const std::uint64_t bit = static_cast<std::uint64_t>(flag) << 48;
    last_ = on ? last_ | bit : last_ & ~bit;
  }
  std::uint16_t since_high() const { return static_cast<std::uint16_t>(started_ >> 48); }
  void set_since_high(std::uint16_t v) { started_ = (started_ & kTimeBits) | static_cast<std::uint64_t>(v) << 48; }
  unsigned severity() const { return static_cast<unsigned>(last_ >> kSeverityAt & 3); }
  void set_severity(unsigned rank) {
    last_ = (last_ & ~(std::uint64_t{3} << kSeverityAt)) | std::uint64_t{rank} << kSeverityAt;
  }
  device::Kind kind() const { return static_cast<device::Kind>(last_ >> kKindAt); }
  void set_kind(device::Kind kind) {
    last_ = (last_ & ~(std::uint64_t{7} << kKindAt)) | static_cast<std::uint64_t>(kind) << kKindAt;
  }
  session::SessionType type() const {
    return has(kOffline) ? session::SessionType::kOffline : session::SessionType::kRegular;
  }
  IdKind id_kind() const { return has(kIdLong) ? IdKind::kLong : has(kIdShort) ? IdKind::kShort : IdKind::kUuid; }
  void set_id_kind(IdKind kind) {
    set(kIdShort, kind == IdKind::kShort);
    set(kIdLong, kind == IdKind::kLong);
  }

 private:
  static constexpr unsigned kSeverityAt = 48 + 11, kKindAt = 48 + 13;
  static_assert(device::kKinds <= 8);
  static constexpr std::uint64_t kTimeBits = (std::uint64_t{1} << 48) - 1;
  std::uint64_t started_ = 0;  // and the first two bytes of the clients' times
  std::uint64_t last_ = 0;     // and the flags
};
static_assert(sizeof(RowFacts) == 32);

struct RowRest {
  std::uint32_t clients = 0;  // ordinals
  std::uint32_t user_agent = 0;
  std::uint32_t device = 0;
  std::uint32_t since = 0;
};

class RowStore {
 public:
  const RowFacts& facts(std::uint32_t row) const { return facts_[row]; }
  RowFacts& facts(std::uint32_t row) { return facts_[row]; }
  const RowRest& rest(std::uint32_t row) const { return rest_[row]; }
  RowRest& rest(std::uint32_t row) { return rest_[row]; }
  const PackedId& id(std::uint32_t row) const { return ids_[row]; }
  const PagedArray<RowFacts>& all_facts() const { return facts_; }
  const PagedArray<PackedId>& all_ids() const { return ids_; }
  const BlobArena& arena() const { return arena_; }

  std::uint32_t rows() const { return facts_.size(); }  // live and free
  std::uint32_t live() const { return live_; }
  std::uint32_t long_ids() const { return long_ids_; }  // live ids that are no UUIDs
  // Could a live id hold this text as a part without being it, give or take case?
  bool longer_id_than(std::size_t length) const;
  std::uint32_t v6_slots() const { return v6_.size(); }
  bool alive(std::uint32_t row, std::uint64_t no) const {
    return row < rows() && no != 0 && facts_[row].no == no && !facts_[row].has(RowFacts::kEnding);
  }

  // A row for this session, all its columns set but for the ordinals.
  std::uint32_t add(const session::Session& session, const IdProbe& id);
  void remove(std::uint32_t row);

  IpAddress ip(const RowFacts& facts) const {
    return facts.has(RowFacts::kV6) ? IpAddress::from_bytes(v6_[facts.ip].bytes) : IpAddress::v4(facts.ip);
  }
  void set_ip(std::uint32_t row, const IpAddress& ip);
  void set_token(std::uint32_t row, const std::optional<session::TokenHash>& token);
  std::optional<session::TokenHash> token(std::uint32_t row) const;
  // When each client joined, in the clients' order.
  void set_since(std::uint32_t row, const std::vector<session::ClientLink>& clients);
  void read_since(std::uint32_t row, std::vector<session::ClientLink>& clients) const;
  void append_id_text(std::uint32_t row, std::string& out) const {
    append_id(out, facts_[row].id_kind(), ids_[row], arena_);
  }

  void prefetch(std::uint32_t row) const {
    index::prefetch(&facts_[row]);
    index::prefetch(&rest_[row]);
    index::prefetch(&ids_[row]);
  }
  void prefetch_v6(std::uint32_t row) const {
    if (facts_[row].has(RowFacts::kV6)) index::prefetch(&v6_[facts_[row].ip]);
  }
  // What the row's columns refer to.
  void prefetch_deep(std::uint32_t row) const {
    const RowFacts& facts = facts_[row];
    prefetch_v6(row);
    if (facts.has(RowFacts::kLongSince)) index::prefetch(arena_.at(rest_[row].since));
    if (facts.has(RowFacts::kIdLong)) index::prefetch(long_id(ids_[row], arena_).data());
    if (facts.has(RowFacts::kHasToken)) index::prefetch(&tokens_[row]);
  }
  void prefetch_key(std::uint32_t row) const {
    index::prefetch(&facts_[row]);
    index::prefetch(&ids_[row]);
  }
  void prefetch_facts(std::uint32_t row) const { index::prefetch(&facts_[row]); }
  std::size_t memory_bytes() const;
  void save(ImageWriter& out) const;
  void load(ImageReader& in);  // all rows without marks

  static std::uint64_t token_hash(const session::TokenHash& token);
  static std::uint64_t key_seed(session::SessionType type) { return static_cast<std::uint64_t>(type) + 1; }
  std::uint64_t key_hash(std::uint32_t row) const {
    const RowFacts& facts = facts_[row];
    return id_hash(facts.id_kind(), ids_[row], key_seed(facts.type()));
  }

 private:
  struct V6 {
    std::array<std::uint8_t, 16> bytes;
  };
  void release_since(std::uint32_t row);
  void release_ip(RowFacts& facts);

  PagedArray<RowFacts> facts_;
  PagedArray<PackedId> ids_;
  PagedArray<RowRest> rest_;
  PagedArray<V6> v6_;
  PagedArray<V6> tokens_;  // as long as facts_ once a session has had one
  BlobArena arena_;
  std::uint32_t live_ = 0, long_ids_ = 0;
  std::vector<std::uint32_t> id_lengths_;  // live ids that are no UUIDs, by length
  std::uint32_t free_ = kNoRow, free_v6_ = kNoRow;
  static constexpr std::uint32_t kNoRow = 0xffffffffU;
};

}  // namespace curfew::index
