#include "api/admin_lane.h"

#include <utility>

namespace curfew::api {

bool AdminLane::enter(std::function<void(Turn)> change) {
  {
    const std::lock_guard lock(mutex_);
    if (busy_) {
      if (waiting_.size() >= kMost) return false;
      waiting_.push_back(std::move(change));
      return true;
    }
    busy_ = true;
  }
  change(Turn(this, [](void* lane) { static_cast<AdminLane*>(lane)->next(); }));
  return true;
}

void AdminLane::next() {
  std::function<void(Turn)> change;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      busy_ = false;
      return;
    }
    change = std::move(waiting_.front());
    waiting_.pop_front();
  }
  change(Turn(this, [](void* lane) { static_cast<AdminLane*>(lane)->next(); }));
}

}  // namespace curfew::api
