// ClockGuard: notices that the wall clock jumped, so that a wrong clock does not end every session.
//
// Wall and monotonic time should move together. When the wall runs ahead of the monotonic clock by more than kTolerance
// between two looks, policies are suspended for kQuarantine (monotonic); if the wall still says the same by then, it is
// believed. So they are after a start more than kLongestPause behind the last time that was believed: a server was
// hardly off for longer, and its clock may have lost its battery. A jump back suspends nothing: times in the past end
// nothing early. Not for threads: the sequencer's.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace curfew::engine {

class ClockGuard {
 public:
  static constexpr Duration kTolerance = Duration::minutes(2);
  static constexpr Duration kQuarantine = Duration::minutes(10);
  static constexpr Duration kLongestPause = Duration::days(30);

  // Before the first look: the last time that was believed before the start. Until the first look that is believed the
  // wall may be ahead of it by kLongestPause.
  void ran_until(Time last, std::int64_t monotonic_ns);
  // True while policies may act on the wall time.
  bool look(Time wall, std::int64_t monotonic_ns);
  // How far the wall is ahead of the time that is believed; 0 while it is believed itself. After a start no time may be
  // known but that of the last run: the believed one is then the earliest that it can be.
  Duration ahead() const { return ahead_; }
  // Whether what the last look believed was a jump that had lasted, rather than the time that was believed before.
  bool lasted() const { return lasted_; }
  std::uint64_t jumps() const { return jumps_; }

 private:
  std::optional<std::int64_t> offset_ms_;  // wall - monotonic, as believed
  std::optional<std::int64_t> suspended_until_ns_;
  Duration tolerance_ = kTolerance, ahead_;
  bool lasted_ = false;
  std::uint64_t jumps_ = 0;
};

}  // namespace curfew::engine
