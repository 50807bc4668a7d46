#include "engine/clock_guard.h"

namespace curfew::engine {

void ClockGuard::ran_until(Time last, std::int64_t monotonic_ns) {
  offset_ms_ = last.ms - monotonic_ns / 1'000'000;
  tolerance_ = kLongestPause;
}

bool ClockGuard::look(Time wall, std::int64_t monotonic_ns) {
  const std::int64_t offset = wall.ms - monotonic_ns / 1'000'000;
  if (!offset_ms_) offset_ms_ = offset;
  ahead_ = Duration{offset - *offset_ms_};
  const auto believe = [&](bool lasted) {
    offset_ms_ = offset;
    ahead_ = {};
    lasted_ = lasted;
    tolerance_ = kTolerance;
    suspended_until_ns_.reset();
    return true;
  };
  // Slow drift and jumps back are followed at once; a jump forward that was taken back ends its own quarantine.
  if (ahead_ <= tolerance_) return believe(false);
  if (!suspended_until_ns_) {
    suspended_until_ns_ = monotonic_ns + kQuarantine.ms * 1'000'000;
    ++jumps_;
  }
  return monotonic_ns >= *suspended_until_ns_ && believe(true);
}

}  // namespace curfew::engine
