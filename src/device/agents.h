// Agent string → device, for the whole program: uap-core's rules behind a cache.
//
// Invariants: an answer depends on the string alone; the cache never holds more than it was given room for, and what
// was asked for lately stays (the clock algorithm). Threads: any number may call classify; they share the cache by
// shards, each behind a lock that is held for a look-up alone. The rules are compiled on a thread of their own from
// the constructor on, so that a start does not wait for them; the first strings do.
// Limits: strings beyond limits::kUserAgent count as their beginning; so an entry takes about 1.2 kB at most.
#pragma once

#include <cstddef>
#include <future>
#include <memory>
#include <string_view>
#include <vector>

#include "device/agent_rules.h"
#include "device/device.h"

namespace curfew::device {

// A busy realm has some thousand distinct strings, and most sessions have one of some hundred.
inline constexpr std::size_t kCachedAgents = 8192;

class Agents {
 public:
  explicit Agents(std::size_t cached = kCachedAgents);
  Agents(std::shared_ptr<const AgentRules> rules, std::size_t cached);  // with rules that are compiled already
  ~Agents();
  Agents(const Agents&) = delete;
  Agents& operator=(const Agents&) = delete;

  std::shared_ptr<const Device> classify(std::string_view user_agent) const;  // never null

  std::size_t cached() const;  // strings in the cache now

 private:
  class Shard;
  using Rules = std::shared_ptr<const AgentRules>;

  Agents(std::shared_future<Rules> rules, std::size_t cached);

  std::shared_future<Rules> rules_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace curfew::device
