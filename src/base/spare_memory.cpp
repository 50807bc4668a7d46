#include "base/spare_memory.h"

#include <malloc.h>

#include <cstddef>

extern "C" {

// Absent where the program has another allocator.
[[gnu::weak]] int mallctl(const char* name, void* old, std::size_t* old_size, void* value, std::size_t value_size);

// Read by jemalloc before main(). Memory is counted here, session by session: what nobody uses goes back within a
// second instead of ten.
extern const char* malloc_conf;
const char* malloc_conf = "dirty_decay_ms:1000,muzzy_decay_ms:0,background_thread:true";

}  // extern "C"

namespace curfew {

void release_spare_memory() {
  if (mallctl != nullptr)
    mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);  // 4096: all arenas
  else
    ::malloc_trim(0);
}

}  // namespace curfew
