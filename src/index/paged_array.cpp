#include "index/paged_array.h"

#include <sys/mman.h>

#include "base/check.h"

namespace curfew::index {
namespace {
constexpr std::size_t kHuge = std::size_t{2} << 20;
}

void* map_chunk(std::size_t bytes) {
  const std::size_t length = (bytes + kHuge - 1) / kHuge * kHuge;
  // Twice the length, so that an aligned part is in it; the rest goes back at once.
  void* raw =
      ::mmap(nullptr, length + kHuge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CURFEW_CHECK(raw != MAP_FAILED, "the system must have memory for the sessions");
  const auto start = reinterpret_cast<std::uintptr_t>(raw);
  const std::uintptr_t aligned = (start + kHuge - 1) / kHuge * kHuge;
  if (aligned > start) ::munmap(raw, aligned - start);
  if (const std::size_t behind = start + kHuge - aligned; behind > 0)
    ::munmap(reinterpret_cast<void*>(aligned + length), behind);
  void* chunk = reinterpret_cast<void*>(aligned);
  ::madvise(chunk, length, MADV_HUGEPAGE);  // a wish; small pages work too
  return chunk;
}

void unmap_chunk(void* chunk, std::size_t bytes) {
  ::munmap(chunk, (bytes + kHuge - 1) / kHuge * kHuge);
}

}  // namespace curfew::index
