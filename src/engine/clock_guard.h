// ClockGuard: notices that the wall clock jumped, so that a wrong clock does not end every session.
//
// Wall and monotonic time should move together. When the wall runs ahead of the monotonic clock by more than kTolerance
// between two looks, policies are suspended for kQuarantine (monotonic); if the wall still says the same by then, it is
// believed. A jump back suspends nothing: times in the past end nothing early. Not for threads: the sequencer's.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace curfew::engine {

class ClockGuard {
 public:
  static constexpr Duration kTolerance = Duration::minutes(2);
  static constexpr Duration kQuarantine = Duration::minutes(10);

  // True while policies may act on the wall time.
  bool look(Time wall, std::int64_t monotonic_ns);
  std::uint64_t jumps() const { return jumps_; }

 private:
  std::optional<std::int64_t> offset_ms_;  // wall - monotonic, as believed
  std::optional<std::int64_t> suspended_until_ns_;
  std::uint64_t jumps_ = 0;
};

}  // namespace curfew::engine
