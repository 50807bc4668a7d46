#include "api/heartbeat.h"

#include <chrono>
#include <utility>

namespace curfew::api {

Heartbeat::Heartbeat(bool own_thread) {
  if (own_thread) thread_ = std::thread([this] { run(); });
}

Heartbeat::~Heartbeat() {
  stop();
}

Heartbeat::Ticket Heartbeat::listen(std::function<void()> listener) {
  auto held = std::make_shared<Listener>(std::move(listener));
  const std::lock_guard lock(mutex_);
  listeners_.push_back(held);
  return held;
}

void Heartbeat::beat() {
  std::vector<std::shared_ptr<Listener>> now;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(listeners_, [](const auto& listener) { return listener.expired(); });
    now.reserve(listeners_.size());
    for (const auto& listener : listeners_)
      if (auto held = listener.lock()) now.push_back(std::move(held));
  }
  for (const auto& listener : now) (*listener)();
}

void Heartbeat::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, std::chrono::seconds(1), [this] { return stopping_; })) {
    lock.unlock();
    beat();
    lock.lock();
  }
}

void Heartbeat::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace curfew::api
