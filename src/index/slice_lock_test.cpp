// Who waits for whom: a long reader for the writer's slice, the writer for a long reader, other readers for neither.
#include "index/slice_lock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace curfew::index {
namespace {

TEST(SliceLock, OthersPassTheWriterThatWaitsForALongReader) {
  SliceLock lock;
  std::atomic<bool> coming{false}, inside{false};
  lock.lock_long();
  std::thread writer([&] {
    coming = true;
    coming.notify_one();
    lock.lock();
    inside = true;
    lock.unlock();
  });
  coming.wait(false);
  // With a writer that they waited for, the first of these that came after it would never return.
  for (int i = 0; i < 20'000; ++i) {
    lock.lock_shared();
    EXPECT_FALSE(inside);
    lock.unlock_shared();
    if (i % 100 == 0) std::this_thread::yield();
  }
  lock.unlock_long();
  writer.join();
  EXPECT_TRUE(inside);
}

TEST(SliceLock, TheWriterGetsItsTurnsBetweenLongReaders) {
  SliceLock lock;
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> looks{0};
  constexpr std::uint64_t kSlices = 100;
  std::uint64_t slices = 0;  // written by the writer alone; each reader sees it stand still
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&] {
      while (!over) {
        lock.lock_long();
        const std::uint64_t before = slices;
        std::this_thread::yield();
        EXPECT_EQ(slices, before);
        ++looks;
        lock.unlock_long();
      }
    });
  std::thread brief([&] {
    while (!over) {
      lock.lock_shared();
      const std::uint64_t before = slices;
      std::this_thread::yield();
      EXPECT_EQ(slices, before);
      lock.unlock_shared();
    }
  });
  for (std::uint64_t i = 0; i < kSlices; ++i) {
    lock.lock();
    ++slices;
    lock.unlock();
  }
  while (looks < 10) std::this_thread::yield();  // nor are the long ones shut out
  over = true;
  for (std::thread& reader : readers) reader.join();
  brief.join();
  EXPECT_EQ(slices, kSlices);
}

TEST(SliceLock, OneLongReaderAtATime) {
  SliceLock lock;
  std::atomic<int> inside{0}, most{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i)
    readers.emplace_back([&] {
      for (int n = 0; n < 50; ++n) {
        lock.lock_long();
        const int now = ++inside;
        if (now > most) most = now;
        std::this_thread::yield();
        --inside;
        lock.unlock_long();
      }
    });
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(most, 1);
}

}  // namespace
}  // namespace curfew::index
