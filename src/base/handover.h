// Handover<T>: what one thread makes, for another to use, a few pieces ahead.
//
// What it is: a ring of pieces that are swapped in and out, so that their memory goes round. Invariants: taken in the
// order in which they were put; none is lost before close(). Threads: one that puts, one that takes, either may close.
// Limits: kAhead pieces wait; who puts one more waits.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>

namespace curfew {

template <class T>
class Handover {
 public:
  static constexpr std::size_t kAhead = 4;

  // Leaves an earlier piece in `piece`, whatever is in it. False: closed, and it was not put.
  bool put(T& piece) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || waiting_ < kAhead; });
    if (closed_) return false;
    std::swap(pieces_[(first_ + waiting_++) % kAhead], piece);
    changed_.notify_all();
    return true;
  }
  // Leaves what was in `piece` to be filled again. False: closed, and nothing waits.
  bool take(T& piece) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || waiting_ > 0; });
    if (waiting_ == 0) return false;
    std::swap(pieces_[first_], piece);
    first_ = (first_ + 1) % kAhead;
    --waiting_;
    changed_.notify_all();
    return true;
  }
  // Nothing more is put; what waits is still given.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<T, kAhead> pieces_;
  std::size_t first_ = 0, waiting_ = 0;
  bool closed_ = false;
};

}  // namespace curfew
