#include "base/time.h"

#include <gtest/gtest.h>

#include <ctime>

#include "base/crypto.h"

namespace curfew {
namespace {

std::int64_t ms_of(std::string_view text) {
  const auto time = parse_time(text);
  return time ? time->ms : -1;
}

TEST(ParseTime, ReadsTheFormsOfRfc3339) {
  EXPECT_EQ(ms_of("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(ms_of("2026-03-01T09:30:00.000Z"), 1772357400000);
  EXPECT_EQ(ms_of("2026-03-01t09:30:00z"), 1772357400000);
  EXPECT_EQ(ms_of("2026-03-01T10:30:00+01:00"), 1772357400000);
  EXPECT_EQ(ms_of("2026-03-01T04:00:00-05:30"), 1772357400000);
  EXPECT_EQ(ms_of("2026-03-01T09:30:00-00:00"), 1772357400000);
  EXPECT_EQ(ms_of("1996-12-19T16:39:57-08:00"), 851042397000);
  EXPECT_EQ(ms_of("9999-12-31T23:59:59.999Z"), kMaxTime.ms);
}

TEST(ParseTime, FractionsAreCutToMilliseconds) {
  EXPECT_EQ(ms_of("1970-01-01T00:00:00.5Z"), 500);
  EXPECT_EQ(ms_of("1970-01-01T00:00:00.05Z"), 50);
  EXPECT_EQ(ms_of("1970-01-01T00:00:00.123456789Z"), 123);
  EXPECT_EQ(ms_of("1970-01-01T00:00:00.9999Z"), 999);
  EXPECT_EQ(ms_of("1970-01-01T00:00:00.Z"), -1);
  EXPECT_EQ(ms_of("1970-01-01T00:00:00.1234567890Z"), -1);
  EXPECT_EQ(ms_of("1970-01-01T00:00:00,5Z"), -1);
}

TEST(ParseTime, LeapSecondsReadAsTheNextSecondAtTheEndOfAUtcDayOnly) {
  EXPECT_EQ(ms_of("1990-12-31T23:59:60Z"), ms_of("1991-01-01T00:00:00Z"));
  EXPECT_EQ(ms_of("1990-12-31T15:59:60-08:00"), ms_of("1991-01-01T00:00:00Z"));
  EXPECT_EQ(ms_of("1990-12-31T23:59:60.25Z"), ms_of("1991-01-01T00:00:00.25Z"));
  EXPECT_EQ(ms_of("1990-12-31T12:00:60Z"), -1);
  EXPECT_EQ(ms_of("1990-12-31T23:59:61Z"), -1);
}

TEST(ParseTime, KnowsTheCalendar) {
  EXPECT_NE(ms_of("2024-02-29T00:00:00Z"), -1);
  EXPECT_NE(ms_of("2000-02-29T00:00:00Z"), -1);
  for (const char* text : {"2023-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2024-04-31T00:00:00Z",
                           "2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z", "2024-01-00T00:00:00Z",
                           "2024-01-32T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z"}) {
    EXPECT_EQ(ms_of(text), -1) << text;
  }
}

TEST(ParseTime, RefusesEverythingElse) {
  for (const char* text : {"",
                           "now",
                           "2026-03-01",
                           "2026-03-01T09:30:00",
                           "2026-03-01 09:30:00Z",
                           "2026-3-1T09:30:00Z",
                           "20260301T093000Z",
                           "2026-03-01T09:30Z",
                           "2026-03-01T09:30:00+1:00",
                           "2026-03-01T09:30:00+0100",
                           "2026-03-01T09:30:00+24:00",
                           "2026-03-01T09:30:00+01:60",
                           "2026-03-01T09:30:00Z ",
                           " 2026-03-01T09:30:00Z",
                           "+2026-03-01T09:30:00Z",
                           "02026-03-01T09:30:00Z",
                           "2026-03-01T09:30:00ZZ",
                           "1969-12-31T23:59:59Z",
                           "1970-01-01T00:00:00+00:01",
                           "9999-12-31T23:59:59-01:00",
                           "1772357400"}) {
    EXPECT_EQ(ms_of(text), -1) << text;
  }
}

TEST(FormatTime, RoundTripsAndAgreesWithTheSystem) {
  SeededRandom random(3);
  for (int i = 0; i < 20'000; ++i) {
    const Time time{static_cast<std::int64_t>(random.next() % static_cast<std::uint64_t>(kMaxTime.ms + 1))};
    const std::string text = format_time(time);
    ASSERT_EQ(text.size(), 24U);
    ASSERT_EQ(parse_time(text).value(), time) << text;
    const std::time_t seconds = time.ms / 1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char system[32];
    std::strftime(system, sizeof system, "%Y-%m-%dT%H:%M:%S", &parts);
    ASSERT_EQ(text.substr(0, 19), system);
  }
}

TEST(FormatTime, ATimeOutsideTheRangeIsTheNearestInside) {
  EXPECT_EQ(format_time(Time{-1}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_time(Time{INT64_MAX}), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(format_time(Time{INT64_MIN}), "1970-01-01T00:00:00.000Z");
}

std::int64_t duration_of(std::string_view text) {
  const auto duration = parse_duration(text);
  return duration ? duration->ms : -1;
}

TEST(ParseDuration, ReadsIso8601) {
  EXPECT_EQ(duration_of("PT30M"), Duration::minutes(30).ms);
  EXPECT_EQ(duration_of("P90D"), Duration::days(90).ms);
  EXPECT_EQ(duration_of("P2W"), Duration::days(14).ms);
  EXPECT_EQ(duration_of("P1DT12H"), Duration::hours(36).ms);
  EXPECT_EQ(duration_of("PT1H2M3.25S"), 3'723'250);
  EXPECT_EQ(duration_of("PT0.5S"), 500);
  EXPECT_EQ(duration_of("PT0S"), 0);
  EXPECT_EQ(duration_of("PT0.0019S"), 1);
  EXPECT_EQ(duration_of("PT90M"), Duration::minutes(90).ms);
  EXPECT_EQ(duration_of("P36525D"), Duration::days(36525).ms);
}

TEST(ParseDuration, RefusesTheRest) {
  for (const char* text : {"",
                           "P",
                           "PT",
                           "P1",
                           "PT1",
                           "P1DT",
                           "P1Y",
                           "P1M",
                           "PT1D",
                           "P1H",
                           "PT1S2M",
                           "PT1M1M",
                           "PT1.5M",
                           "PT.5S",
                           "PT1.S",
                           "-PT1S",
                           "PT-1S",
                           "+PT1S",
                           "pt1s",
                           "PT1s",
                           " PT1S",
                           "PT1S ",
                           "30m",
                           "P36526D",
                           "P36525DT0.001S",
                           "PT99999999999999999999S",
                           "P9999999999999W",
                           "PTT1S",
                           "P1D1W",
                           "PT1,5S"}) {
    EXPECT_EQ(duration_of(text), -1) << text;
  }
}

TEST(FormatDuration, IsShortAndRoundTrips) {
  EXPECT_EQ(format_duration({0}), "PT0S");
  EXPECT_EQ(format_duration(Duration::minutes(30)), "PT30M");
  EXPECT_EQ(format_duration(Duration::days(90)), "P90D");
  EXPECT_EQ(format_duration(Duration::hours(36)), "P1DT12H");
  EXPECT_EQ(format_duration({500}), "PT0.5S");
  EXPECT_EQ(format_duration({61'007}), "PT1M1.007S");
  EXPECT_EQ(format_duration({-5000}), "-PT5S");
  SeededRandom random(5);
  for (int i = 0; i < 5'000; ++i) {
    const std::uint64_t scale = std::uint64_t{1} << random.next() % 42;
    const Duration duration{static_cast<std::int64_t>(random.next() % scale % 3'155'760'000'000)};
    ASSERT_EQ(parse_duration(format_duration(duration)).value(), duration);
  }
}

TEST(ManualClock, StandsStillUntilTold) {
  ManualClock clock(Time{1000});
  EXPECT_EQ(clock.now(), Time{1000});
  clock.advance(Duration::seconds(2));
  EXPECT_EQ(clock.now(), Time{3000});
  EXPECT_EQ(clock.monotonic_ns(), 3'000'000'000);
}

TEST(SystemClock, GivesATimeThatCanBeWritten) {
  const SystemClock clock;
  EXPECT_GT(clock.now(), Time{1'700'000'000'000});
  EXPECT_LT(clock.now(), kMaxTime);
  const std::int64_t before = clock.monotonic_ns();
  EXPECT_GE(clock.monotonic_ns(), before);
}

}  // namespace
}  // namespace curfew
