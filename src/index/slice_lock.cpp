#include "index/slice_lock.h"

#include <thread>

namespace curfew::index {
namespace {

constexpr std::uint32_t kReader = 4;
constexpr std::uint32_t kWriter = 2;
constexpr std::uint32_t kLowBits = 3;
constexpr int kSpins = 256;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Until done(value) holds: first by looking, then asleep. Whoever makes it true notifies.
template <class Done>
void wait_until(const std::atomic<std::uint32_t>& word, Done done) {
  for (int i = 0; i < kSpins; ++i) {
    if (done(word.load(std::memory_order_seq_cst))) return;
    pause();
  }
  for (;;) {
    const std::uint32_t value = word.load(std::memory_order_seq_cst);
    if (done(value)) return;
    word.wait(value, std::memory_order_seq_cst);
  }
}

}  // namespace

void SliceLock::lock_shared() {
  const std::uint32_t writer = in_.fetch_add(kReader, std::memory_order_seq_cst) & kLowBits;
  if (writer == 0) return;
  wait_until(in_, [&](std::uint32_t value) { return (value & kLowBits) != writer; });
}

void SliceLock::unlock_shared() {
  out_.fetch_add(kReader, std::memory_order_seq_cst);
  if ((in_.load(std::memory_order_seq_cst) & kWriter) != 0) out_.notify_all();
}

// Once inside, no writer waits where readers would wait behind it: it needs writers_ for that, and then looks here.
void SliceLock::lock_long() {
  long_turn_.lock();
  if (kept_waiting_.exchange(false))
    std::this_thread::sleep_until(long_ended_ + (long_ended_ - long_began_) / kPauseOf);
  long_coming_.store(1, std::memory_order_seq_cst);
  {
    const std::lock_guard between_slices(writers_);
    long_inside_.store(1, std::memory_order_seq_cst);
    lock_shared();
  }
  long_coming_.store(0, std::memory_order_seq_cst);
  long_coming_.notify_all();
  long_began_ = Clock::now();
}

void SliceLock::unlock_long() {
  long_ended_ = Clock::now();
  unlock_shared();
  long_inside_.store(0, std::memory_order_seq_cst);
  long_inside_.notify_all();
  long_turn_.unlock();
}

void SliceLock::lock() {
  const auto none = [](std::uint32_t value) { return value == 0; };
  wait_until(long_coming_, none);
  writers_.lock();
  if (long_inside_.load(std::memory_order_seq_cst) != 0) {
    kept_waiting_ = true;
    wait_until(long_inside_, none);
  }
  const std::uint32_t before = in_.fetch_add(kWriter | phase_, std::memory_order_seq_cst) & ~kLowBits;
  wait_until(out_, [&](std::uint32_t value) { return value == before; });
}

void SliceLock::unlock() {
  phase_ ^= 1;
  in_.fetch_and(~kLowBits, std::memory_order_seq_cst);
  in_.notify_all();
  writers_.unlock();
}

}  // namespace curfew::index
