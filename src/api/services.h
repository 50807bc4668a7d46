// What the routes work with, and what they share.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "access/access.h"
#include "api/admin_lane.h"
#include "api/finding_cache.h"
#include "api/heartbeat.h"
#include "base/time.h"
#include "engine/engine.h"
#include "http/message.h"

namespace curfew::api {

struct Options {
  // Answers GET and HEAD outside /api and the other routes (the console's files); nothing: 404.
  std::function<std::optional<http::Response>(const http::RequestHead&)> files;
  // More lines for /metrics, each with its newline.
  std::function<std::string()> metrics;
  // True once the server is stopping: /readyz says no.
  std::function<bool()> draining;
  Duration revocation_patience = Duration::seconds(2);  // how long a revocation's POST waits before it answers 202
  bool threads = true;                                  // false: no heartbeat of its own; a test calls Api::beat()
};

// How many denials of one caller are recorded in a minute; more are only counted, so that nobody can flood the audit
// log.
inline constexpr int kDenialsPerMinute = 60;

// Threads: any.
class DenialLog {
 public:
  // True if this denial of the caller is to be recorded.
  bool admit(const std::string& caller_id, Time now);
  std::uint64_t total() const { return total_; }

 private:
  struct Window {
    Time began;
    int count = 0;
  };
  std::mutex mutex_;
  std::unordered_map<std::string, Window> windows_;  // at most kMostCallers; forgotten whole when full
  std::atomic<std::uint64_t> total_{0};
};

struct Call;

struct Services {
  engine::Engine& engine;
  access::Directory& directory;
  const Clock& clock;
  Options options;
  Heartbeat heartbeat;
  AdminLane lane;
  DenialLog denials;
  FindingCache findings;
  std::atomic<bool> verifying{false};    // one verification at a time
  std::atomic<std::int64_t> streams{0};  // open event streams
  std::atomic<std::uint64_t> requests{0};
};

// An audit record about a call, with its time, actor and request filled in.
audit::Record record_of(const Call& call, std::string_view action);

}  // namespace curfew::api
