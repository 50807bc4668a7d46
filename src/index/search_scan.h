// SearchScan: the rows that a free-text search finds, when nothing narrower leads to them: all are looked at.
//
// What it is: the search's parts by the columns that they are in. Users are known by then, so their rows are marked at
// once; ids are a column that is read by itself, many at a time, and only if the part can be in an id; the facts, twice
// as long, only if it can be in an address or some id is no UUID. Row by row all of them would be read for every part.
// Threads: as Index's readers. Refers to the realm and the search, which must not change meanwhile. Memory: a bit a
// row.
#pragma once

#include <cstdint>
#include <vector>

#include "index/row_filter.h"

namespace curfew::index {

class SearchScan {
 public:
  static constexpr std::uint32_t kAtOnce = 64;

  SearchScan(const RealmIndex& realm, const MixedSearch& search);
  // Bit i: the search finds row first + i. Requires: first is a multiple of kAtOnce, below the number of rows.
  std::uint64_t found(std::uint32_t first) const;

 private:
  std::uint64_t found_in_facts(std::uint32_t first, std::uint32_t n) const;

  const RowStore& rows_;
  const MixedSearch& search_;
  const bool texts_, uuids_, facts_;  // whether ids that are none, UUIDs, the facts have to be read
  std::vector<std::uint64_t> known_;  // a bit for each row of the search's users, and of its whole ids
};

}  // namespace curfew::index
