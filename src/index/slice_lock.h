// SliceLock: a shared lock for one writer that works in short slices and many readers, some of whom stay for long.
//
// What it is: a phase-fair lock. A reader that arrives while the writer waits or works is let in as soon as that slice
// ends, before the next; a waiting writer is let in as soon as the readers that came before it have left. So neither
// starves. A long reader is one at a time, and while it is inside the writer waits outside, where other readers pass
// it: only the writer waits for as long as it stays. Then, where a writer waited, that has its turn, and a kPauseOf-th
// of the time that the long reader stayed, before the next one. Threads: any. Not recursive: a thread that holds it
// shared and asks again may wait for a writer that waits for it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

namespace curfew::index {

class SliceLock {
 public:
  static constexpr int kPauseOf = 4;

  void lock_shared();
  void unlock_shared();
  void lock_long();  // shared, too
  void unlock_long();
  void lock();
  void unlock();

 private:
  using Clock = std::chrono::steady_clock;

  // in_ counts readers that came, in steps of 4; its low bits say that a writer is present, and in which of two phases,
  // so that a reader can tell "my writer has left" from "the next one has come". out_ counts readers that left.
  alignas(64) std::atomic<std::uint32_t> in_{0};
  alignas(64) std::atomic<std::uint32_t> out_{0};
  std::mutex writers_;
  std::uint32_t phase_ = 0;

  std::mutex long_turn_;                       // held by the long reader; of what follows it, too
  std::atomic<std::uint32_t> long_coming_{0};  // it waits for the writer's slice to end: the next waits for it
  std::atomic<std::uint32_t> long_inside_{0};
  std::atomic<bool> kept_waiting_{false};  // a writer, by the last one
  Clock::time_point long_began_, long_ended_;
};

}  // namespace curfew::index
