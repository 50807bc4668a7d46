#include "engine/job.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace curfew::engine {

std::string_view to_string(RevocationState state) {
  switch (state) {
    case RevocationState::kRunning:
      return "running";
    case RevocationState::kDone:
      return "done";
    case RevocationState::kStopped:
      return "stopped";
  }
  return "running";
}

void add_failure(Job& job, Failure failure) {
  ++job.told.failed;
  if (job.told.failures.size() < limits::kFailuresListed) job.told.failures.push_back(std::move(failure));
}

void JobBoard::publish(const Revocation& revocation) {
  std::vector<std::shared_ptr<Watcher>> tell;
  {
    const std::lock_guard lock(mutex_);
    all_.insert_or_assign(revocation.id, revocation);
    if (revocation.state != RevocationState::kRunning &&
        std::find(finished_.begin(), finished_.end(), revocation.id) == finished_.end())
      finished_.push_back(revocation.id);
    while (finished_.size() > kFinishedKept) forget_oldest();
    const auto [first, last] = watchers_.equal_range(revocation.id);
    for (auto w = first; w != last;) {
      if (auto watcher = w->second.lock()) {
        tell.push_back(std::move(watcher));
        ++w;
      } else {
        w = watchers_.erase(w);
      }
    }
  }
  for (const auto& watcher : tell) (*watcher)(revocation);
}

std::optional<Revocation> JobBoard::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto it = all_.find(id);
  return it == all_.end() ? std::nullopt : std::optional(it->second);
}

std::vector<Revocation> JobBoard::list(std::optional<RealmId> realm) const {
  std::vector<Revocation> out;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, revocation] : all_)
      if (!realm || revocation.realm == *realm) out.push_back(revocation);
  }
  std::sort(out.begin(), out.end(), [](const Revocation& a, const Revocation& b) {
    return a.started_at != b.started_at ? a.started_at > b.started_at : a.id < b.id;
  });
  return out;
}

std::shared_ptr<void> JobBoard::watch(std::string_view id, std::function<void(const Revocation&)> changed) {
  auto watcher = std::make_shared<Watcher>(std::move(changed));
  const std::lock_guard lock(mutex_);
  watchers_.emplace(std::string(id), watcher);
  return watcher;
}

void JobBoard::forget_oldest() {
  const std::string id = std::move(finished_.front());
  finished_.erase(finished_.begin());
  all_.erase(id);
  watchers_.erase(id);
  std::erase_if(repeats_, [&](const auto& r) { return r.second.id == id; });
  evicted_.push_back(id);
}

std::vector<std::string> JobBoard::evict() {
  const std::lock_guard lock(mutex_);
  return std::exchange(evicted_, {});
}

void JobBoard::remember(const std::string& actor, const std::string& key, Repeat repeat) {
  const std::lock_guard lock(mutex_);
  repeats_.insert_or_assign({actor, key}, std::move(repeat));
}

std::optional<JobBoard::Repeat> JobBoard::repeated(const std::string& actor, const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto it = repeats_.find({actor, key});
  return it == repeats_.end() ? std::nullopt : std::optional(it->second);
}

}  // namespace curfew::engine
