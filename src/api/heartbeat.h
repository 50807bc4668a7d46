// Heartbeat: calls everybody who listens about once a second, so that event streams can send a sign of life, notice
// that their caller has lost the right to them, and try again what was refused for the moment.
//
// Threads: listen from any thread; listeners are called on the heartbeat's thread, without its lock, and must be short.
// Once a listener's ticket is gone it is not called any more, except for a call that was already under way.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace curfew::api {

class Heartbeat {
 public:
  explicit Heartbeat(bool own_thread);
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  using Ticket = std::shared_ptr<void>;
  [[nodiscard]] Ticket listen(std::function<void()> listener);
  void beat();  // once, now
  void stop();  // idempotent

 private:
  using Listener = std::function<void()>;
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::vector<std::weak_ptr<Listener>> listeners_;
  std::thread thread_;
};

}  // namespace curfew::api
