// StringPool: each distinct string once, under an ordinal, for as long as somebody uses it.
//
// Invariants: ordinal 0 is the empty string and is always there. An ordinal whose last use is released is given again.
// Threads: none of its own. Views stay good until the next acquire(). Limits: strings of up to BlobArena::kMaxBytes.
#pragma once

#include <cstdint>
#include <string_view>

#include "index/blob_arena.h"
#include "index/ordinal_table.h"

namespace curfew::index {

class StringPool {
 public:
  StringPool() { entries_.grow(1); }
  std::uint32_t acquire(std::string_view text) { return acquire(text, hash_bytes(text)); }
  std::uint32_t acquire(std::string_view text, std::uint64_t hash);  // requires: hash_bytes(text)
  void release(std::uint32_t ordinal);
  // The ordinal of a text that somebody uses, or OrdinalTable::kNone.
  std::uint32_t find(std::string_view text) const;
  std::string_view operator[](std::uint32_t ordinal) const {
    const Entry& entry = entries_[ordinal];
    return entry.length == 0 ? std::string_view{} : arena_.view(entry.ref, entry.length);
  }
  void prefetch(std::uint32_t ordinal) const { index::prefetch(&entries_[ordinal]); }
  void prefetch_text(std::uint32_t ordinal) const { index::prefetch(arena_.at(entries_[ordinal].ref)); }
  std::size_t size() const { return table_.size(); }
  std::uint32_t slots() const { return entries_.size(); }  // ordinals are below this
  // How many ordinals have been given again so far: as long as it stands still, an ordinal means the same text.
  std::uint64_t given_again() const { return given_again_; }
  bool used(std::uint32_t ordinal) const { return ordinal == 0 || entries_[ordinal].uses > 0; }
  void save(ImageWriter& out) const;
  void load(ImageReader& in);
  std::size_t memory_bytes() const { return entries_.memory_bytes() + arena_.memory_bytes() + table_.memory_bytes(); }

 private:
  struct Entry {
    std::uint32_t ref, length, uses;  // of a free one: ref names the next
  };
  struct HashOf {
    const StringPool& pool;
    std::uint64_t operator()(std::uint32_t ordinal) const { return hash_bytes(pool[ordinal]); }
    void prefetch(std::uint32_t ordinal) const { pool.prefetch(ordinal); }
  };

  PagedArray<Entry> entries_;
  BlobArena arena_;
  OrdinalTable table_;
  std::uint32_t free_ = 0;
  std::uint64_t given_again_ = 0;  // since this program began: not part of an image
};

}  // namespace curfew::index
