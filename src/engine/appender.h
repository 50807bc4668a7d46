// Appender: a thread that completes and writes one commit for the sequencer, which goes on meanwhile.
//
// It is one thread for as long as the engine lives, begun with the first commit. RocksDB draws the towers of its skip
// lists from a generator that every thread begins anew, and alike: if each commit came from a thread of its own, rows
// in the same place of sorted commits would all get towers of one height, and an insert would walk hundreds of them.
//
// Threads: begin() and wait() from one thread, in turns. Ownership: the commit is the caller's, and is left alone until
// wait() has returned; who leaves without it must have waited.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "ledger/ledger.h"

namespace curfew::engine {

class Appender {
 public:
  explicit Appender(ledger::Ledger& ledger) : ledger_(ledger) {}
  ~Appender();
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;

  // Called once, by the thread that writes.
  using Complete = std::function<const ledger::Commit&()>;
  // `written` is called by the other thread when it has been written, just before wait() would not wait any more. With
  // it the two wait for each other awake (engine/brief_wait.h): it is for short commits that follow each other.
  void begin(Complete complete, std::function<void()> written = {});
  // What ledger.append() said of the commit that was begun. Where no thread can be had, it is written now.
  Result<ledger::Position> wait();

 private:
  void run();

  ledger::Ledger& ledger_;
  Complete begun_;      // the caller's side alone, where there is no thread
  bool short_ = false;  // the caller's side alone: `written` was given
  std::mutex mutex_;
  std::condition_variable wake_;
  Complete asked_;
  std::function<void()> written_;
  std::optional<Result<ledger::Position>> answer_;
  std::atomic<bool> has_asked_{false}, has_answered_{false};  // the same of the two, for who waits briefly
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace curfew::engine
