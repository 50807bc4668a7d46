// Appender: a thread that completes and writes commits for the sequencer, which goes on meanwhile.
//
// Up to kAhead commits are begun at a time: the next one's write follows the one before without a word from whoever
// begins them, who may be busy or asleep when it is done. What was begun behind a commit that can't be written is not
// written either, and fails of the same.
//
// It is one thread for as long as the engine lives, begun with the first commit. RocksDB draws the towers of its skip
// lists from a generator that every thread begins anew, and alike: if each commit came from a thread of its own, rows
// in the same place of sorted commits would all get towers of one height, and an insert would walk hundreds of them.
//
// Threads: begin() and wait() from one thread. Ownership: a commit is the caller's, and is left alone until its wait()
// has returned; who leaves without it must have waited.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "ledger/ledger.h"

namespace curfew::engine {

class Appender {
 public:
  static constexpr std::size_t kAhead = 3;

  explicit Appender(ledger::Ledger& ledger) : ledger_(ledger) {}
  ~Appender();
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;

  // Called once, by the thread that writes.
  using Complete = std::function<const ledger::Commit&()>;
  // `written` is called by the other thread when it has been written or has failed, just before wait() would not wait
  // any more. With it the two wait for each other awake (engine/brief_wait.h): it is for short commits that follow each
  // other. Where no thread can be had, it is written now. REQUIRES: fewer than kAhead are under way.
  void begin(Complete complete, std::function<void()> written = {});
  // What ledger.append() said of the commit that was begun first of those that were not waited for. REQUIRES: one is.
  Result<ledger::Position> wait();

 private:
  struct Asked {
    Complete complete;
    std::function<void()> written;
  };

  void run();
  void write(const Asked& asked);

  ledger::Ledger& ledger_;
  std::size_t under_way_ = 0;  // the caller's side alone: begun and not waited for
  bool short_ = false;         // the caller's side alone: `written` was given
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Asked> asked_;
  std::deque<Result<ledger::Position>> answers_;
  std::optional<Error> failed_;                                // of what all fail that are under way
  std::atomic<std::size_t> asked_count_{0}, answer_count_{0};  // of the two, for who waits briefly
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace curfew::engine
