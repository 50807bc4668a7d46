#include "index/row_lists.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace curfew::index {
namespace {
std::size_t list_bytes(std::uint32_t rows) {
  return std::bit_ceil(rows) * sizeof(std::uint32_t);
}
}  // namespace

void RowLists::add(List& list, std::uint32_t row) {
  const std::uint32_t n = list.size();
  if (list.many()) {
    many_[list.posting]->add(row);
    ++list.packed;
    return;
  }
  if (n == 0) {
    list.posting = row;
  } else if (n == 1) {
    const std::uint32_t first = list.posting;
    list.posting = arena_.allocate(list_bytes(2));
    rows(list)[0] = first;
    rows(list)[1] = row;
  } else {
    if (std::has_single_bit(n)) {
      const std::uint32_t old = list.posting;
      const std::uint32_t bigger = arena_.allocate(list_bytes(n + 1));
      std::memcpy(arena_.at(bigger), arena_.at(old), n * sizeof(std::uint32_t));
      arena_.release(old, list_bytes(n));
      list.posting = bigger;
    }
    rows(list)[n] = row;
  }
  if (++list.packed > kManyRows) spread(list);
}

void RowLists::remove(List& list, std::uint32_t row) {
  if (list.many()) {
    many_[list.posting]->remove(row);
    --list.packed;
    if (list.size() <= kManyRows / 2) gather(list);
    return;
  }
  if (list.size() == 1) {
    list = {};
    return;
  }
  std::uint32_t* all = rows(list);
  const std::uint32_t n = list.size();
  std::uint32_t* found = std::find(all, all + n, row);
  CURFEW_CHECK(found != all + n, "a row that leaves a set is in it");
  std::copy(found + 1, all + n, found);
  const std::uint32_t left = --list.packed, old = list.posting;
  if (left == 1) {
    list.posting = all[0];
    arena_.release(old, list_bytes(2));
  } else if (std::has_single_bit(left)) {
    const std::uint32_t smaller = arena_.allocate(list_bytes(left));
    std::memcpy(arena_.at(smaller), arena_.at(old), left * sizeof(std::uint32_t));
    arena_.release(old, list_bytes(left + 1));
    list.posting = smaller;
  }
}

void RowLists::spread(List& list) {
  auto bitmap = std::make_unique<Roaring>(list.size(), rows(list));
  arena_.release(list.posting, list_bytes(list.size()));
  if (free_many_.empty()) {
    list.posting = static_cast<std::uint32_t>(many_.size());
    many_.push_back(std::move(bitmap));
  } else {
    list.posting = free_many_.back();
    free_many_.pop_back();
    many_[list.posting] = std::move(bitmap);
  }
  list.packed |= kMany;
}

void RowLists::gather(List& list) {
  const std::uint32_t slot = list.posting;
  list.packed &= ~kMany;
  list.posting = arena_.allocate(list_bytes(list.size()));
  many_[slot]->toUint32Array(rows(list));
  many_[slot].reset();
  free_many_.push_back(slot);
}

std::size_t RowLists::memory_bytes() const {
  std::size_t bytes = arena_.memory_bytes();
  for (const auto& rows : many_)
    if (rows) bytes += rows->getSizeInBytes();
  return bytes;
}

}  // namespace curfew::index
