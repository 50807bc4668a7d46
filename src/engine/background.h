// A few threads for work that takes long: audit queries, password hashing, verification. Bounded: offer() says no when
// full.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace curfew::engine {

class Background {
 public:
  Background(unsigned threads, std::size_t queue_limit);
  ~Background();  // runs what is queued, then joins

  bool offer(std::function<void()> work);
  void stop();

 private:
  void run();

  const std::size_t queue_limit_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace curfew::engine
