// Attempts: how often each subject (an address, a username) failed of late, in bounded memory.
//
// A window begins with a subject's first failure and holds at most `limit`; when it is over, the count begins anew. At
// most kMostSubjects are remembered: when they are that many, the one with the fewest failures, the oldest among
// equals, makes room, so that a flood of made-up subjects does not clear the count of one under attack. Threads: the
// caller's lock. Time is monotonic nanoseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"

namespace curfew::access {

class Attempts {
 public:
  static constexpr std::size_t kMostSubjects = 10'000;

  Attempts(int limit, Duration window) : limit_(limit), window_ns_(window.ms * 1'000'000) {}

  // The seconds until the subject may try again, at least 1; nothing if it may now.
  std::optional<std::int64_t> blocked_s(const std::string& subject, std::int64_t now_ns) const;
  // Counted before the outcome is known, so that attempts at the same time do not slip through together.
  void count(const std::string& subject, std::int64_t now_ns);
  // Takes one back: it did not fail.
  void take_back(const std::string& subject);
  std::size_t subjects() const { return entries_.size(); }

 private:
  struct Entry {
    int count = 0;
    std::int64_t began_ns = 0;
  };
  bool over(const Entry& entry, std::int64_t now_ns) const { return now_ns - entry.began_ns >= window_ns_; }
  void make_room(std::int64_t now_ns);

  int limit_;
  std::int64_t window_ns_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace curfew::access
