// RowLists: many small sets of rows, such as the sessions of each user.
//
// What it is: a set of one lies in its owner's record, one up to kManyRows in an arena as an array of powers of two, a
// larger one in a compressed bitmap. Invariants: rows in an array stand in the order in which they were added. Threads:
// none of its own. Limits: 2^31 - 1 rows a set.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <roaring/roaring.hh>

#include "index/blob_arena.h"

namespace curfew::index {

class RowLists {
 public:
  static constexpr std::uint32_t kManyRows = 64;

  // One set; all zero is the empty one. Its owner holds it, and empties it before letting go.
  struct List {
    std::uint32_t posting = 0;
    std::uint32_t packed = 0;  // how many rows, and kMany
    std::uint32_t size() const { return packed & ~kMany; }
    bool many() const { return (packed & kMany) != 0; }
  };

  void add(List& list, std::uint32_t row);
  void remove(List& list, std::uint32_t row);  // requires: it is in there
  template <class F>
  void for_each(const List& list, F f) const {
    const std::uint32_t n = list.size();
    if (n == 0) return;
    if (list.many()) {
      for (const std::uint32_t row : *many_[list.posting]) f(row);
    } else if (n == 1) {
      f(list.posting);
    } else {
      const auto* rows = reinterpret_cast<const std::uint32_t*>(arena_.at(list.posting));
      for (std::uint32_t i = 0; i < n; ++i) f(rows[i]);
    }
  }
  void prefetch(const List& list) const {
    if (list.size() > 1 && !list.many()) index::prefetch(arena_.at(list.posting));
  }
  std::size_t memory_bytes() const;
  void save(ImageWriter& out) const;
  void load(ImageReader& in);

 private:
  static constexpr std::uint32_t kMany = 0x80000000U;
  std::uint32_t* rows(const List& list) { return reinterpret_cast<std::uint32_t*>(arena_.at(list.posting)); }
  void spread(List& list);  // into a bitmap
  void gather(List& list);  // back into an array

  BlobArena arena_;
  std::vector<std::unique_ptr<Roaring>> many_;
  std::vector<std::uint32_t> free_many_;
};

}  // namespace curfew::index
