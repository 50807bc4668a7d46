// Activity on disk: one value for every 256 consecutive session numbers, folded by a merge operator, so that a second
// of touches costs an entry per group of rows and not one per row.
//
// Key: no / 256 as u64. Value: entries ascending by the number's low byte: low u8, time as 6 bytes (milliseconds),
// address length u8 (4 or 16), address. Of two entries for one number the later time counts; at one time the one
// recorded later.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ledger/ledger.h"

namespace rocksdb {
class MergeOperator;
}

namespace curfew::ledger_rocksdb {

inline constexpr int kActivityShift = 8;

// The activity of 256 rows. Small enough for the stack.
class ActivityChunk {
 public:
  // Folds encoded entries in; false, with nothing promised, if the bytes are not what put() writes.
  bool fold(std::string_view bytes);
  void fold(std::uint8_t low, Time last_access, const IpAddress& ip);
  void drop(std::uint8_t low) { present_[low / 64] &= ~(1ULL << low % 64); }
  bool has(std::uint8_t low) const { return (present_[low / 64] >> low % 64 & 1) != 0; }
  bool empty() const { return (present_[0] | present_[1] | present_[2] | present_[3]) == 0; }
  void clear() { present_ = {}; }
  Time last_access(std::uint8_t low) const { return slots_[low].last_access; }
  const IpAddress& ip(std::uint8_t low) const { return slots_[low].ip; }
  void put(std::string& out) const;

 private:
  struct Slot {
    Time last_access;
    IpAddress ip;
  };
  std::array<std::uint64_t, 4> present_{};
  std::array<Slot, 256> slots_;
};

std::shared_ptr<rocksdb::MergeOperator> activity_merge_operator();

}  // namespace curfew::ledger_rocksdb
