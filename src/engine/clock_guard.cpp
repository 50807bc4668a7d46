#include "engine/clock_guard.h"

namespace curfew::engine {

bool ClockGuard::look(Time wall, std::int64_t monotonic_ns) {
  const std::int64_t offset = wall.ms - monotonic_ns / 1'000'000;
  if (!offset_ms_) offset_ms_ = offset;
  const std::int64_t ahead = offset - *offset_ms_;
  if (ahead <= kTolerance.ms) {
    // Slow drift and jumps back are followed at once; a jump forward that was taken back ends its own quarantine.
    offset_ms_ = offset;
    suspended_until_ns_.reset();
    return true;
  }
  if (!suspended_until_ns_) {
    suspended_until_ns_ = monotonic_ns + kQuarantine.ms * 1'000'000;
    ++jumps_;
  }
  if (monotonic_ns < *suspended_until_ns_) return false;
  offset_ms_ = offset;
  suspended_until_ns_.reset();
  return true;
}

}  // namespace curfew::engine
