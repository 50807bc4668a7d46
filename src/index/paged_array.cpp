#include "index/paged_array.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "base/check.h"

namespace curfew::index {
namespace {

constexpr std::size_t kHuge = std::size_t{2} << 20;
constexpr std::size_t kPage = 4096;

void* map_fresh(std::size_t length) {
  // Twice the length, so that an aligned part is in it; the rest goes back at once.
  void* raw =
      ::mmap(nullptr, length + kHuge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (raw == MAP_FAILED) return nullptr;
  const auto start = reinterpret_cast<std::uintptr_t>(raw);
  const std::uintptr_t aligned = (start + kHuge - 1) / kHuge * kHuge;
  if (aligned > start) ::munmap(raw, aligned - start);
  if (const std::size_t behind = start + kHuge - aligned; behind > 0)
    ::munmap(reinterpret_cast<void*>(aligned + length), behind);
  void* chunk = reinterpret_cast<void*>(aligned);
  ::madvise(chunk, length, MADV_HUGEPAGE);  // a wish; small pages work too
  return chunk;
}

}  // namespace

class ChunksAhead::Stock {
 public:
  Stock(std::size_t wanted, std::size_t few) : wanted_(std::min(wanted, kMost)), few_(few) {}
  ~Stock() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    while (ready_ > 0) unmap_chunk(chunks_[--ready_], kHuge);
  }
  // Nothing if none is ready.
  void* take() {
    const std::lock_guard lock(mutex_);
    if (++taken_ >= few_ && !thread_.joinable()) start();
    changed_.notify_all();
    return ready_ == 0 ? nullptr : chunks_[--ready_];
  }

 private:
  void start() {
    try {
      thread_ = std::thread([this] { fill(); });
    } catch (const std::system_error&) {
    }
  }
  void fill() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return stopped_ || ready_ < wanted_; });
      if (stopped_) return;
      lock.unlock();
      void* chunk = map_fresh(kHuge);
      if (chunk != nullptr)
        for (std::size_t at = 0; at < kHuge; at += kPage) static_cast<volatile char*>(chunk)[at] = 0;
      lock.lock();
      if (chunk == nullptr) {  // whoever needs one is told; then it is tried again
        changed_.wait(lock, [this, then = taken_] { return stopped_ || taken_ != then; });
        continue;
      }
      chunks_[ready_++] = chunk;
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  const std::size_t wanted_, few_;
  std::array<void*, kMost> chunks_{};
  std::size_t ready_ = 0, taken_ = 0;
  bool stopped_ = false;
  std::thread thread_;
};

namespace {

std::mutex living_mutex;
std::vector<ChunksAhead::Stock*> living;  // in the order in which they came

void* take_ready() {
  const std::lock_guard lock(living_mutex);
  return living.empty() ? nullptr : living.back()->take();
}

}  // namespace

ChunksAhead::ChunksAhead(std::size_t ready, std::size_t few) : stock_(std::make_unique<Stock>(ready, few)) {
  const std::lock_guard lock(living_mutex);
  living.push_back(stock_.get());
}

ChunksAhead::~ChunksAhead() {
  const std::lock_guard lock(living_mutex);
  std::erase(living, stock_.get());
}

void* map_chunk(std::size_t bytes) {
  const std::size_t length = (bytes + kHuge - 1) / kHuge * kHuge;
  void* chunk = length == kHuge ? take_ready() : nullptr;
  if (chunk == nullptr) chunk = map_fresh(length);
  CURFEW_CHECK(chunk != nullptr, "the system must have memory for the sessions");
  return chunk;
}

void unmap_chunk(void* chunk, std::size_t bytes) {
  ::munmap(chunk, (bytes + kHuge - 1) / kHuge * kHuge);
}

}  // namespace curfew::index
