// Time as data: milliseconds since 1970-01-01T00:00:00Z, durations in milliseconds, their texts, and the clock port.
//
// The domain never asks what time it is: commands carry it. Only the edges (engine, http, access) hold a Clock.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace curfew {

struct Duration {
  std::int64_t ms = 0;
  friend constexpr auto operator<=>(Duration, Duration) = default;
  static constexpr Duration seconds(std::int64_t s) { return {s * 1000}; }
  static constexpr Duration minutes(std::int64_t m) { return {m * 60'000}; }
  static constexpr Duration hours(std::int64_t h) { return {h * 3'600'000}; }
  static constexpr Duration days(std::int64_t d) { return {d * 86'400'000}; }
};

struct Time {
  std::int64_t ms = 0;
  friend constexpr auto operator<=>(Time, Time) = default;
  friend constexpr Time operator+(Time t, Duration d) { return {t.ms + d.ms}; }
  friend constexpr Time operator-(Time t, Duration d) { return {t.ms - d.ms}; }
  friend constexpr Duration operator-(Time a, Time b) { return {a.ms - b.ms}; }
};

// Times that we take in or write lie between these; anything else is refused by parse_time.
inline constexpr Time kMinTime{0};                    // 1970-01-01T00:00:00.000Z
inline constexpr Time kMaxTime{253'402'300'799'999};  // 9999-12-31T23:59:59.999Z

// RFC 3339 in UTC with milliseconds: "2026-03-01T09:30:00.000Z" (24 characters).
// A time outside kMinTime…kMaxTime is written as the nearest of the two.
std::string format_time(Time time);
void append_time(std::string& out, Time time);
// RFC 3339 with any offset and 0–9 fractional digits (cut to milliseconds). A leap second (23:59:60 UTC) reads
// as the next second.
Result<Time> parse_time(std::string_view text);

// ISO 8601 durations without years and months: "PT30M", "P90D", "P2W", "P1DT12H", "PT0.5S". Non-negative, at most 100
// years.
Result<Duration> parse_duration(std::string_view text);
std::string format_duration(Duration duration);

// The clock port. Threads: all functions may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;                   // wall time; may jump either way
  virtual std::int64_t monotonic_ns() const = 0;  // never goes back; for deadlines and lag
};

class SystemClock final : public Clock {
 public:
  Time now() const override;
  std::int64_t monotonic_ns() const override;
};

// A clock that stands still until it is told otherwise; both times move together.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start) : ms_(start.ms) {}
  Time now() const override { return Time{ms_.load()}; }
  std::int64_t monotonic_ns() const override { return ms_.load() * 1'000'000; }
  void advance(Duration by) { ms_ += by.ms; }
  void set(Time to) { ms_ = to.ms; }

 private:
  std::atomic<std::int64_t> ms_;
};

}  // namespace curfew
