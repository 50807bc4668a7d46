// Marks: sixteen bits a row, each a compressed bitmap of the rows that have it. What they mean is their owner's affair,
// save that the last three are the severity (query.h). Threads: none of its own. Rare marks cost about 2 bytes each.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include <roaring/roaring.hh>

#include "index/query.h"

namespace curfew::index {

inline constexpr std::uint16_t kSeverities = kLowSeverity | kMediumSeverity | kHighSeverity;
inline constexpr std::size_t kRanks = 4;  // none, low, medium, high

// 0 to 3. Requires: at most one severity bit.
inline unsigned rank_of(std::uint16_t marks) {
  return static_cast<unsigned>(std::bit_width(static_cast<unsigned>((marks & kSeverities) >> 13)));
}

class Marks {
 public:
  std::uint16_t of(std::uint32_t row) const {
    unsigned marks = 0;
    for (std::size_t bit = 0; bit < kMarkBits; ++bit) marks |= static_cast<unsigned>(rows_[bit].contains(row)) << bit;
    return static_cast<std::uint16_t>(marks);
  }
  bool any_of(std::uint32_t row, std::uint16_t wanted) const {
    for (unsigned left = wanted; left != 0; left &= left - 1)
      if (rows_[static_cast<std::size_t>(std::countr_zero(left))].contains(row)) return true;
    return false;
  }
  void change(std::uint32_t row, std::uint16_t from, std::uint16_t to) {
    for (unsigned left = from ^ to; left != 0; left &= left - 1) {
      const auto bit = static_cast<std::size_t>(std::countr_zero(left));
      if ((to >> bit & 1) != 0)
        rows_[bit].add(row);
      else
        rows_[bit].remove(row);
    }
  }
  const Roaring& rows(std::size_t bit) const { return rows_[bit]; }
  // The rows of a rank above none.
  const Roaring& ranked(unsigned rank) const { return rows_[12 + rank]; }
  std::size_t memory_bytes() const {
    std::size_t bytes = 0;
    for (const Roaring& rows : rows_) bytes += rows.getSizeInBytes();
    return bytes;
  }

 private:
  std::array<Roaring, kMarkBits> rows_;
};

}  // namespace curfew::index
