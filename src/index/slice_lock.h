// SliceLock: a shared lock for one writer that works in short slices and many readers.
//
// What it is: a phase-fair lock. A reader that arrives while the writer waits or works is let in as soon as that slice
// ends, before the next; a waiting writer is let in as soon as the readers that came before it have left. So neither
// starves. Threads: any. Not recursive: a thread that holds it shared and asks again may wait for a writer that waits
// for it.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace curfew::index {

class SliceLock {
 public:
  void lock_shared();
  void unlock_shared();
  void lock();
  void unlock();

 private:
  // in_ counts readers that came, in steps of 4; its low bits say that a writer is present, and in which of two phases,
  // so that a reader can tell "my writer has left" from "the next one has come". out_ counts readers that left.
  alignas(64) std::atomic<std::uint32_t> in_{0};
  alignas(64) std::atomic<std::uint32_t> out_{0};
  std::mutex writers_;
  std::uint32_t phase_ = 0;
};

}  // namespace curfew::index
