// PagedArray<T>: a growing array of plain records that never moves what it holds once it is large.
//
// What it is: chunks of 2 MiB, asked of the system as huge pages, so that a random access costs one cache miss and no
// page walk; growth takes one more chunk instead of copying everything, which would stall readers and double the
// memory. The first chunk starts small and doubles, because a server may have ten thousand realms with a handful of
// sessions each. Invariants: new elements are all zero bytes. References stay good until the next grow(), and beyond
// the first chunk for ever. Threads: none of its own. Ownership: owns its memory; T must be trivially copyable.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace curfew::index {

void* map_chunk(std::size_t bytes);  // zeroed; stops the program when the system has no memory
void unmap_chunk(void* chunk, std::size_t bytes);

// While one lives and a few chunks of 2 MiB have been taken, a thread of its own has some ready: the system clears a
// page when it is first written, which is an eighth of the time of whoever fills one after the other, and where a
// virtual machine's host must find it first, five milliseconds under the WriteLock. Threads: any may take chunks
// meanwhile. Limits: the one that came last is used. Without a thread, or memory ahead, nothing is ready.
class ChunksAhead {
 public:
  // Has `ready` chunks, at most kMost, once `few` have been taken.
  ChunksAhead(std::size_t ready, std::size_t few);
  ~ChunksAhead();
  ChunksAhead(const ChunksAhead&) = delete;
  ChunksAhead& operator=(const ChunksAhead&) = delete;

  static constexpr std::size_t kMost = 32;
  class Stock;

 private:
  std::unique_ptr<Stock> stock_;
};

// Into the second cache: what is asked for ahead would be pushed out of the first, and more of it can be on its way.
inline void prefetch(const void* address) {
  __builtin_prefetch(address, 0, 2);
}

template <class T>
class PagedArray {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 65536);

 public:
  static constexpr std::size_t kChunkBytes = std::size_t{2} << 20;
  static constexpr std::size_t kPerChunk = std::bit_floor(kChunkBytes / sizeof(T));
  static constexpr unsigned kShift = static_cast<unsigned>(std::countr_zero(kPerChunk));

  PagedArray() = default;
  PagedArray(const PagedArray&) = delete;
  PagedArray& operator=(const PagedArray&) = delete;
  ~PagedArray() { clear(); }

  T& operator[](std::uint32_t i) { return chunks_[i >> kShift][i & (kPerChunk - 1)]; }
  const T& operator[](std::uint32_t i) const { return chunks_[i >> kShift][i & (kPerChunk - 1)]; }
  std::uint32_t size() const { return size_; }

  // Makes room for elements up to n - 1.
  void grow(std::size_t n) {
    if (n <= size_) return;
    while (n > capacity_) add_room(n);
    size_ = static_cast<std::uint32_t>(n);
  }
  std::uint32_t push(const T& value) {
    const std::uint32_t at = size_;
    grow(std::size_t{at} + 1);
    (*this)[at] = value;
    return at;
  }
  void clear() {
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
      const std::size_t bytes = i == 0 ? first_bytes() : kPerChunk * sizeof(T);
      if (bytes < kChunkBytes / 2)
        ::operator delete(chunks_[i], std::align_val_t{64});
      else
        unmap_chunk(chunks_[i], bytes);
    }
    chunks_.clear();
    capacity_ = 0;
    size_ = 0;
  }
  // Elements [i, i + run(i)) lie side by side: for scans.
  std::size_t run(std::uint32_t i) const {
    const std::size_t rest = kPerChunk - (i & (kPerChunk - 1));
    return rest < size_ - i ? rest : size_ - i;
  }
  std::size_t memory_bytes() const { return capacity_ * sizeof(T) + chunks_.capacity() * sizeof(T*); }

 private:
  std::size_t first_bytes() const { return (capacity_ < kPerChunk ? capacity_ : kPerChunk) * sizeof(T); }

  static T* allocate(std::size_t bytes) {
    if (bytes >= kChunkBytes / 2) return static_cast<T*>(map_chunk(bytes));
    void* memory = ::operator new(bytes, std::align_val_t{64});
    std::memset(memory, 0, bytes);
    return static_cast<T*>(memory);
  }
  void add_room(std::size_t wanted) {
    if (capacity_ >= kPerChunk) {
      chunks_.push_back(allocate(kPerChunk * sizeof(T)));
      capacity_ += kPerChunk;
      return;
    }
    std::size_t n = capacity_ == 0 ? (sizeof(T) >= 256 ? 1 : 256 / sizeof(T)) : capacity_ * 2;
    while (n < wanted && n < kPerChunk) n *= 2;
    if (n > kPerChunk) n = kPerChunk;
    T* bigger = allocate(n * sizeof(T));
    if (capacity_ > 0) {
      std::memcpy(static_cast<void*>(bigger), chunks_[0], capacity_ * sizeof(T));
      const std::size_t old = first_bytes();
      if (old < kChunkBytes / 2)
        ::operator delete(chunks_[0], std::align_val_t{64});
      else
        unmap_chunk(chunks_[0], old);
      chunks_[0] = bigger;
    } else {
      chunks_.push_back(bigger);
    }
    capacity_ = n;
  }

  std::vector<T*> chunks_;
  std::size_t capacity_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace curfew::index
