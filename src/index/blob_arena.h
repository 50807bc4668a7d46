// BlobArena: short byte strings under 32-bit references.
//
// What it is: blocks of whole 8-byte words in a PagedArray; a freed block is given to the next request of its size, and
// a larger one is split when a quarter of the arena lies free. Whoever allocates remembers the length. Invariants:
// reference 0 is no blob. Pointers stay good until the next allocate(); references until release(). Threads: none of
// its own. Limits: 2^32 words (32 GiB), 8,192 bytes a blob.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "index/paged_array.h"

namespace curfew::index {

class ImageReader;
class ImageWriter;

class BlobArena {
 public:
  static constexpr std::size_t kMaxBytes = 8192;

  BlobArena() { words_.grow(1); }
  std::uint32_t allocate(std::size_t bytes);
  std::uint32_t store(std::string_view bytes);
  void release(std::uint32_t ref, std::size_t bytes);
  char* at(std::uint32_t ref) { return reinterpret_cast<char*>(&words_[ref]); }
  const char* at(std::uint32_t ref) const { return reinterpret_cast<const char*>(&words_[ref]); }
  std::string_view view(std::uint32_t ref, std::size_t bytes) const { return {at(ref), bytes}; }
  std::size_t memory_bytes() const { return words_.memory_bytes(); }
  std::size_t free_words() const { return free_words_; }
  void save(ImageWriter& out) const;  // image.h; in place of what is here
  void load(ImageReader& in);

 private:
  static constexpr std::size_t kClasses = kMaxBytes / 8 + 1;
  static std::size_t words_for(std::size_t bytes) { return bytes == 0 ? 1 : (bytes + 7) / 8; }
  std::uint32_t take(std::size_t words);
  void give(std::uint32_t ref, std::size_t words);

  PagedArray<std::uint64_t> words_;
  std::array<std::uint32_t, kClasses> free_{};  // by words: the first free block; its first word names the next
  std::size_t free_words_ = 0;
};

}  // namespace curfew::index
