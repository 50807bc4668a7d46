#include "device/agents.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/limits.h"

namespace curfew::device {
namespace {

constexpr std::size_t kShards = 16;

const std::shared_ptr<const Device>& unknown_device() {
  static const auto unknown = std::make_shared<const Device>();
  return unknown;
}

}  // namespace

// A part of the cache. The hand goes round over the entries: one that was used since it last came by is spared once,
// the first that was not makes room.
class Agents::Shard {
 public:
  explicit Shard(std::size_t room) : room_(room) {
    // Never grows beyond: the keys of the map point into the entries.
    entries_.reserve(room);
    at_.reserve(room);
  }

  std::shared_ptr<const Device> find(std::string_view agent) {
    const std::lock_guard lock(mutex_);
    const auto it = at_.find(agent);
    if (it == at_.end()) return nullptr;
    entries_[it->second].used = true;
    return entries_[it->second].device;
  }

  void keep(std::string_view agent, std::shared_ptr<const Device> device) {
    const std::lock_guard lock(mutex_);
    if (at_.contains(agent)) return;
    if (entries_.size() < room_) {
      entries_.push_back({std::string(agent), std::move(device), false});
      at_.emplace(entries_.back().agent, entries_.size() - 1);
      return;
    }
    for (; entries_[hand_].used; hand_ = (hand_ + 1) % room_) entries_[hand_].used = false;
    at_.erase(entries_[hand_].agent);
    entries_[hand_] = {std::string(agent), std::move(device), false};
    at_.emplace(entries_[hand_].agent, hand_);
    hand_ = (hand_ + 1) % room_;
  }

  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return entries_.size();
  }

 private:
  struct Entry {
    std::string agent;
    std::shared_ptr<const Device> device;
    bool used;
  };

  const std::size_t room_;
  std::mutex mutex_;
  std::vector<Entry> entries_;
  std::unordered_map<std::string_view, std::size_t> at_;
  std::size_t hand_ = 0;
};

Agents::Agents(std::size_t cached)
    : Agents(std::async(std::launch::async, []() -> Rules { return std::make_shared<const AgentRules>(); }).share(),
             cached) {}

Agents::Agents(std::shared_ptr<const AgentRules> rules, std::size_t cached)
    : Agents(
          [&] {
            std::promise<Rules> ready;
            ready.set_value(std::move(rules));
            return ready.get_future().share();
          }(),
          cached) {}

Agents::Agents(std::shared_future<Rules> rules, std::size_t cached) : rules_(std::move(rules)) {
  const std::size_t shards = std::clamp<std::size_t>(cached / 64, 1, kShards);
  for (std::size_t i = 0; i < shards; ++i)
    shards_.push_back(std::make_unique<Shard>(std::max<std::size_t>(cached / shards, 1)));
}

Agents::~Agents() = default;

std::shared_ptr<const Device> Agents::classify(std::string_view user_agent) const {
  if (user_agent.empty()) return unknown_device();
  user_agent = user_agent.substr(0, limits::kUserAgent);
  Shard& shard = *shards_[std::hash<std::string_view>{}(user_agent) / 256 % shards_.size()];
  if (auto device = shard.find(user_agent)) return device;
  auto device = std::make_shared<const Device>(describe(rules_.get()->parse(user_agent), user_agent));
  shard.keep(user_agent, device);
  return device;
}

std::size_t Agents::cached() const {
  std::size_t count = 0;
  for (const auto& shard : shards_) count += shard->size();
  return count;
}

}  // namespace curfew::device
