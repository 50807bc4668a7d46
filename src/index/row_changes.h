// RowChanges: which rows of a realm have come, or have another address, since somebody began to listen.
//
// What it is: for readers of whole columns who give the index's lock back in between (search_ahead.h). Nobody listens
// for most of the time, and then note() is one look. Threads: listen() from readers, under the index's ReadLock; note()
// from the writer, under its WriteLock; a Log is read under the ReadLock, by one thread, and may be dropped at any
// time. Limits: kMost rows a log; then it says only that there were more.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace curfew::index {

class RowChanges {
 public:
  static constexpr std::size_t kMost = std::size_t{1} << 16;

  struct Log {
    std::vector<std::uint32_t> rows;  // in the order of the changes; a row may stand here more than once
    bool lost = false;                // there were more
  };

  std::shared_ptr<Log> listen() {
    auto log = std::make_shared<Log>();
    const std::lock_guard lock(mutex_);
    std::erase_if(logs_, [](const std::weak_ptr<Log>& other) { return other.expired(); });
    logs_.push_back(log);
    listeners_.store(logs_.size(), std::memory_order_relaxed);
    return log;
  }
  void note(std::uint32_t row) {
    if (listeners_.load(std::memory_order_relaxed) > 0) tell(row);
  }

 private:
  void tell(std::uint32_t row) {
    const std::lock_guard lock(mutex_);
    std::erase_if(logs_, [row](const std::weak_ptr<Log>& listener) {
      const std::shared_ptr<Log> log = listener.lock();
      if (!log) return true;
      log->lost = log->lost || log->rows.size() == kMost;
      if (!log->lost) log->rows.push_back(row);
      return false;
    });
    listeners_.store(logs_.size(), std::memory_order_relaxed);
  }

  std::mutex mutex_;
  std::vector<std::weak_ptr<Log>> logs_;
  std::atomic<std::size_t> listeners_{0};
};

}  // namespace curfew::index
