// OrdinalTable: a hash table that stores only 32-bit ordinals; the keys stay where they are, and the caller compares.
//
// What it is: linear hashing over buckets of one cache line (12 one-byte tags, 12 ordinals, a link to an overflow
// bucket). It grows by splitting one bucket an insertion, so no insertion ever pauses for a rehash, and a hit costs one
// cache miss here and one at the key. About 8.5 bytes an entry. Invariants: an ordinal is in the table at most once; a
// chain is filled from its front. Threads: none of its own. The hash must be well mixed in all 64 bits.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "index/paged_array.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace curfew::index {

class ImageReader;
class ImageWriter;

inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const unsigned __int128 product =
      static_cast<unsigned __int128>(a ^ 0x9e3779b97f4a7c15ULL) * (b ^ 0xe7037ed1a0b428dbULL);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}
std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed = 0);

class OrdinalTable {
 public:
  static constexpr std::uint32_t kNone = 0xffffffffU;

  OrdinalTable() { buckets_.grow(1); }
  // Makes room for n entries without splits. Requires: empty.
  void reserve(std::size_t n);

  template <class Equal>  // bool(std::uint32_t ordinal)
  std::uint32_t find(std::uint64_t hash, Equal equal) const {
    const Bucket* bucket = &buckets_[home(hash)];
    const std::uint8_t tag = tag_of(hash);
    for (;;) {
      for (unsigned hits = matches(*bucket, tag); hits != 0; hits &= hits - 1) {
        const std::uint32_t ordinal = bucket->slot[std::countr_zero(hits)];
        if (equal(ordinal)) return ordinal;
      }
      if (bucket->next == 0) return kNone;
      bucket = &overflow_[bucket->next];
    }
  }
  // Brings the bucket near, for a find soon after.
  void prefetch(std::uint64_t hash) const { index::prefetch(&buckets_[home(hash)]); }
  // The first ordinal whose tag fits: where a find will look next. For prefetching its key.
  std::uint32_t guess(std::uint64_t hash) const {
    const Bucket& bucket = buckets_[home(hash)];
    const unsigned hits = matches(bucket, tag_of(hash));
    return hits == 0 ? kNone : bucket.slot[std::countr_zero(hits)];
  }

  template <class HashOf>  // std::uint64_t(std::uint32_t ordinal)
  void insert(std::uint64_t hash, std::uint32_t ordinal, HashOf hash_of) {
    put(home(hash), tag_of(hash), ordinal);
    if (++size_ > std::size_t{count_} * kTarget) split(hash_of);
  }
  void erase(std::uint64_t hash, std::uint32_t ordinal);
  std::size_t size() const { return size_; }
  std::size_t memory_bytes() const { return buckets_.memory_bytes() + overflow_.memory_bytes(); }
  void save(ImageWriter& out) const;
  void load(ImageReader& in);

 private:
  static constexpr unsigned kSlots = 12;
  static constexpr std::size_t kTarget = 8;  // entries a bucket, on average
  struct alignas(64) Bucket {
    std::uint8_t tag[kSlots];  // 0 is an empty slot
    std::uint32_t slot[kSlots];
    std::uint32_t next;  // in overflow_; 0 is none
  };
  static_assert(sizeof(Bucket) == 64);

  static std::uint8_t tag_of(std::uint64_t hash) {
    const auto tag = static_cast<std::uint8_t>(hash >> 56);
    return tag == 0 ? 1 : tag;
  }
  static unsigned matches(const Bucket& bucket, std::uint8_t tag) {
#if defined(__SSE2__)
    const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(bucket.tag));
    const __m128i same = _mm_cmpeq_epi8(tags, _mm_set1_epi8(static_cast<char>(tag)));
    return static_cast<unsigned>(_mm_movemask_epi8(same)) & ((1U << kSlots) - 1);
#else
    unsigned hits = 0;
    for (unsigned i = 0; i < kSlots; ++i) hits |= static_cast<unsigned>(bucket.tag[i] == tag) << i;
    return hits;
#endif
  }
  // Buckets below split_ have been split in this round: they go by one more bit.
  std::uint32_t home(std::uint64_t hash) const {
    const std::uint32_t at = static_cast<std::uint32_t>(hash) & (2 * round_ - 1);
    return at < count_ ? at : at & (round_ - 1);
  }
  void put(std::uint32_t bucket, std::uint8_t tag, std::uint32_t ordinal);
  std::uint32_t new_overflow();

  template <class HashOf>
  void split(HashOf hash_of) {
    if (count_ >= 0x80000000U) return;
    std::uint32_t entries[kMaxChain];
    const std::uint32_t from = count_ - round_;
    const std::size_t n = take_chain(from, entries);
    if (n > kMaxChain) return;  // left as it was: a chain this long means equal hashes, which no split parts
    for (std::size_t i = 0; i < n; ++i) hash_of.prefetch(entries[i]);
    buckets_.grow(std::size_t{++count_});
    std::uint64_t hashes[kMaxChain];
    for (std::size_t i = 0; i < n; ++i) hashes[i] = hash_of(entries[i]);
    for (std::size_t i = 0; i < n; ++i)
      put(static_cast<std::uint32_t>(hashes[i]) & (2 * round_ - 1), tag_of(hashes[i]), entries[i]);
    if (count_ == 2 * round_) round_ *= 2;
  }
  static constexpr std::size_t kMaxChain = 256;
  // Empties a chain into `entries`; more than kMaxChain entries: leaves it and says how many.
  std::size_t take_chain(std::uint32_t bucket, std::uint32_t* entries);

  PagedArray<Bucket> buckets_;
  PagedArray<Bucket> overflow_;  // [0] is unused
  std::uint32_t free_overflow_ = 0;
  std::uint32_t round_ = 1;  // buckets at the start of this round of splits: a power of two
  std::uint32_t count_ = 1;
  std::size_t size_ = 0;
};

}  // namespace curfew::index
