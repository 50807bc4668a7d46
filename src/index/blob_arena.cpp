#include "index/blob_arena.h"

#include "base/check.h"

namespace curfew::index {

std::uint32_t BlobArena::take(std::size_t words) {
  const std::uint32_t ref = free_[words];
  if (ref == 0) return 0;
  free_[words] = static_cast<std::uint32_t>(words_[ref]);
  free_words_ -= words;
  return ref;
}

void BlobArena::give(std::uint32_t ref, std::size_t words) {
  words_[ref] = free_[words];
  free_[words] = ref;
  free_words_ += words;
}

std::uint32_t BlobArena::allocate(std::size_t bytes) {
  CURFEW_CHECK(bytes <= kMaxBytes, "limits.h keeps every text shorter");
  const std::size_t words = words_for(bytes);
  if (const std::uint32_t ref = take(words); ref != 0) return ref;
  if (free_words_ * 4 > words_.size()) {
    for (std::size_t larger = words + 1; larger < kClasses; ++larger) {
      const std::uint32_t ref = take(larger);
      if (ref == 0) continue;
      give(ref + static_cast<std::uint32_t>(words), larger - words);
      return ref;
    }
  }
  // A block must not straddle two chunks: what is left of the last one becomes a free block.
  constexpr std::size_t per_chunk = PagedArray<std::uint64_t>::kPerChunk;
  std::size_t at = words_.size();
  const std::size_t rest = per_chunk - at % per_chunk;
  if (rest < words) {
    words_.grow(at + rest);
    give(static_cast<std::uint32_t>(at), rest);
    at += rest;
  }
  CURFEW_CHECK(at + words <= 0xffffffffULL, "an arena holds 32 GiB");
  words_.grow(at + words);
  return static_cast<std::uint32_t>(at);
}

std::uint32_t BlobArena::store(std::string_view bytes) {
  const std::uint32_t ref = allocate(bytes.size());
  if (!bytes.empty()) std::memcpy(at(ref), bytes.data(), bytes.size());
  return ref;
}

void BlobArena::release(std::uint32_t ref, std::size_t bytes) {
  if (ref != 0) give(ref, words_for(bytes));
}

}  // namespace curfew::index
