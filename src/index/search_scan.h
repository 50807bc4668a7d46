// SearchScan: the rows that a free-text search finds, when nothing narrower leads to them: all are looked at.
//
// What it is: the search's parts by the columns that they are in. Users are known by then, so their rows are marked at
// once. ColumnScan reads the others, many rows at a time: ids only if the part can be in an id; the facts, twice as
// long, only if it can be in an address or some id is no UUID. Row by row all of them would be read for every part.
// Threads: as Index's readers. They refer to the realm and the search, which must not change meanwhile. Memory: a bit a
// row.
#pragma once

#include <cstdint>
#include <vector>

#include "index/row_filter.h"

namespace curfew::index {

class ColumnScan {
 public:
  static constexpr std::uint32_t kAtOnce = 64;

  ColumnScan(const RowStore& rows, const ColumnSearch& search);
  const RowStore& rows() const { return rows_; }
  const ColumnSearch& search() const { return search_; }
  // Bit i: row first + i has the part in its id or address, or had, if it is dead. Requires: first is a multiple of
  // kAtOnce, below the number of rows.
  std::uint64_t found(std::uint32_t first) const;

 private:
  std::uint64_t found_in_facts(std::uint32_t first, std::uint32_t n) const;

  const RowStore& rows_;
  const ColumnSearch& search_;
  const bool texts_, uuids_, facts_;  // whether ids that are none, UUIDs, the facts have to be read
};

class SearchScan {
 public:
  SearchScan(const RealmIndex& realm, const MixedSearch& search);
  bool read_ahead() const { return ahead_ != nullptr; }
  // The same of the whole search.
  std::uint64_t found(std::uint32_t first) const {
    const std::size_t word = first / ColumnScan::kAtOnce;
    return known_[word] | (ahead_ != nullptr ? (*ahead_)[word] : columns_.found(first));
  }

 private:
  void know_by_rows(const UserSet& users);

  const ColumnScan columns_;
  const std::vector<std::uint64_t>* ahead_ = nullptr;  // what columns_ finds, read before
  std::vector<std::uint64_t> known_;                   // a bit for each row of the search's users, and of its whole ids
};

}  // namespace curfew::index
