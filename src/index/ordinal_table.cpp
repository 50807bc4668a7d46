#include "index/ordinal_table.h"

#include <cstring>

namespace curfew::index {

std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) {
  std::uint64_t h = mix(seed, bytes.size());
  const char* p = bytes.data();
  std::size_t n = bytes.size();
  for (; n >= 16; p += 16, n -= 16) {
    std::uint64_t a = 0, b = 0;
    std::memcpy(&a, p, 8);
    std::memcpy(&b, p + 8, 8);
    h = mix(h ^ a, b + 0x589965cc75374cc3ULL);
  }
  std::uint64_t a = 0, b = 0;
  std::memcpy(&a, p, n < 8 ? n : 8);
  if (n > 8) std::memcpy(&b, p + 8, n - 8);
  return mix(h ^ a, b + 0x1d8e4e27c47d124fULL);
}

void OrdinalTable::reserve(std::size_t n) {
  CURFEW_CHECK(size_ == 0, "only an empty table can be laid out anew");
  const std::size_t wanted = n / kTarget + 1;
  if (wanted <= count_) return;
  count_ = static_cast<std::uint32_t>(wanted);
  round_ = std::bit_floor(count_);
  buckets_.grow(count_);
}

std::uint32_t OrdinalTable::new_overflow() {
  if (free_overflow_ != 0) {
    const std::uint32_t at = free_overflow_;
    free_overflow_ = overflow_[at].next;
    overflow_[at] = Bucket{};
    return at;
  }
  if (overflow_.size() == 0) overflow_.grow(1);
  return overflow_.push(Bucket{});
}

void OrdinalTable::put(std::uint32_t at, std::uint8_t tag, std::uint32_t ordinal) {
  Bucket* bucket = &buckets_[at];
  while (bucket->next != 0) bucket = &overflow_[bucket->next];
  unsigned empty = matches(*bucket, 0);
  if (empty == 0) {
    // new_overflow() may move overflow_, so the bucket is looked up again.
    const std::uint32_t fresh = new_overflow();
    bucket = &buckets_[at];
    while (bucket->next != 0) bucket = &overflow_[bucket->next];
    bucket->next = fresh;
    bucket = &overflow_[fresh];
    empty = 1;
  }
  const int i = std::countr_zero(empty);
  bucket->tag[i] = tag;
  bucket->slot[i] = ordinal;
}

std::size_t OrdinalTable::take_chain(std::uint32_t at, std::uint32_t* entries) {
  std::size_t n = 0;
  for (const Bucket* b = &buckets_[at];; b = &overflow_[b->next]) {
    n += kSlots - static_cast<unsigned>(std::popcount(matches(*b, 0)));
    if (b->next == 0) break;
  }
  if (n > kMaxChain) return n;
  std::size_t taken = 0;
  Bucket* bucket = &buckets_[at];
  std::uint32_t next = 0;
  do {
    for (unsigned i = 0; i < kSlots; ++i)
      if (bucket->tag[i] != 0) entries[taken++] = bucket->slot[i];
    const std::uint32_t here = next;
    next = bucket->next;
    *bucket = Bucket{};
    if (here != 0) {
      bucket->next = free_overflow_;
      free_overflow_ = here;
    }
    if (next != 0) bucket = &overflow_[next];
  } while (next != 0);
  return n;
}

void OrdinalTable::erase(std::uint64_t hash, std::uint32_t ordinal) {
  const std::uint8_t tag = tag_of(hash);
  Bucket* hole = nullptr;
  int hole_at = 0;
  Bucket* before = nullptr;
  Bucket* bucket = &buckets_[home(hash)];
  for (;;) {
    for (unsigned hits = hole == nullptr ? matches(*bucket, tag) : 0; hits != 0; hits &= hits - 1) {
      const int i = std::countr_zero(hits);
      if (bucket->slot[i] != ordinal) continue;
      hole = bucket;
      hole_at = i;
      break;
    }
    if (bucket->next == 0) break;
    before = bucket;
    bucket = &overflow_[bucket->next];
  }
  CURFEW_CHECK(hole != nullptr, "only what is in the table is erased");
  // The chain's last entry fills the hole, so that chains stay short and full from the front.
  int last = static_cast<int>(kSlots) - 1;
  while (bucket->tag[last] == 0) --last;
  hole->tag[hole_at] = bucket->tag[last];
  hole->slot[hole_at] = bucket->slot[last];
  bucket->tag[last] = 0;
  --size_;
  if (last == 0 && before != nullptr) {
    const std::uint32_t freed = before->next;
    before->next = 0;
    bucket->next = free_overflow_;
    free_overflow_ = freed;
  }
}

}  // namespace curfew::index
