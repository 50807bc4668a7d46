// The allocator's spare memory: what was freed and is kept for later.
#pragma once

namespace curfew {

// Gives it back to the system, as after a start, which needs more than what comes after it. Any thread; some
// milliseconds. The allocator is jemalloc in the programs that CMake gives it to (curfew_allocator), else the system's.
void release_spare_memory();

}  // namespace curfew
