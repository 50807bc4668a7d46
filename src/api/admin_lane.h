// AdminLane: changes to operators, keys and sign-ins, one at a time.
//
// A change is prepared against the directory, made durable, then adopted; the next one is prepared only after that, so
// that none is refused for having been prepared too early. Asynchronous: nobody waits on a thread. Threads: any.
// Limits: at most kMost changes wait; more are refused.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace curfew::api {

class AdminLane {
 public:
  static constexpr std::size_t kMost = 256;

  // Held by the change that is under way; the next one starts when the last copy is gone.
  using Turn = std::shared_ptr<void>;
  // Calls `change` with the turn, now or when it is its turn. False: too many wait, and it is never called.
  bool enter(std::function<void(Turn)> change);

 private:
  void next();

  std::mutex mutex_;
  bool busy_ = false;
  std::deque<std::function<void(Turn)>> waiting_;
};

}  // namespace curfew::api
