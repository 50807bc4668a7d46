#include "base/time.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

namespace curfew {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kMaxDurationMs = 36'525 * kDayMs;  // 100 years

struct Date {
  int year, month, day;
};

// The proleptic Gregorian calendar, counted in eras of 400 years that begin on 1 March, so that the leap day comes
// last.
std::int64_t days_of(Date date) {
  const int year = date.month <= 2 ? date.year - 1 : date.year;
  const int era = (year >= 0 ? year : year - 399) / 400;
  const int year_of_era = year - era * 400;
  const int day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return static_cast<std::int64_t>(era) * 146'097 + day_of_era - 719'468;
}

Date date_of(std::int64_t days) {  // days >= 0
  const std::int64_t shifted = days + 719'468;
  const auto era = static_cast<int>(shifted / 146'097);
  const auto day_of_era = static_cast<int>(shifted % 146'097);
  const int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int shifted_month = (5 * day_of_year + 2) / 153;
  const int month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day_of_year - (153 * shifted_month + 2) / 5 + 1};
}

int days_in_month(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

char* put_digits(char* at, int value, int digits) {
  for (int i = digits - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return at + digits;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Reads a text from left to right; a failed read leaves nothing usable behind, as every caller then gives up.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool literal(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<int> digits(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_digit(rest_[i])) return std::nullopt;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  // As many digits as stand there; more than `max` are an error.
  std::optional<std::int64_t> number(std::size_t max) {
    std::size_t count = 0;
    std::int64_t value = 0;
    while (count < rest_.size() && is_digit(rest_[count])) {
      if (count == max) return std::nullopt;
      value = value * 10 + (rest_[count++] - '0');
    }
    if (count == 0) return std::nullopt;
    rest_.remove_prefix(count);
    return value;
  }
  // The digits behind a decimal point, 1 to 9, cut to milliseconds.
  std::optional<int> milliseconds() {
    int ms = 0;
    std::size_t count = 0;
    for (; count < rest_.size() && is_digit(rest_[count]); ++count) {
      if (count < 3) ms = ms * 10 + (rest_[count] - '0');
    }
    if (count == 0 || count > 9) return std::nullopt;
    for (std::size_t i = count; i < 3; ++i) ms *= 10;
    rest_.remove_prefix(count);
    return ms;
  }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::optional<int> two_digits(Reader& reader, int max) {
  const auto value = reader.digits(2);
  if (!value || *value > max) return std::nullopt;
  return value;
}

std::optional<Date> read_date(Reader& reader) {
  const auto year = reader.digits(4);
  if (!year || !reader.literal('-')) return std::nullopt;
  const auto month = two_digits(reader, 12);
  if (!month || *month == 0 || !reader.literal('-')) return std::nullopt;
  const auto day = two_digits(reader, days_in_month(*year, *month));
  if (!day || *day == 0) return std::nullopt;
  return Date{*year, *month, *day};
}

// "Z" or "+hh:mm": what must be taken off the local time, in minutes.
std::optional<int> read_offset(Reader& reader) {
  if (reader.literal('Z') || reader.literal('z')) return 0;
  const bool ahead = reader.literal('+');
  if (!ahead && !reader.literal('-')) return std::nullopt;
  const auto hours = two_digits(reader, 23);
  if (!hours || !reader.literal(':')) return std::nullopt;
  const auto minutes = two_digits(reader, 59);
  if (!minutes) return std::nullopt;
  const int offset = *hours * 60 + *minutes;
  return ahead ? offset : -offset;
}

std::optional<Time> read_time(std::string_view text) {
  Reader reader(text);
  const auto date = read_date(reader);
  if (!date || (!reader.literal('T') && !reader.literal('t'))) return std::nullopt;
  const auto hour = two_digits(reader, 23);
  if (!hour || !reader.literal(':')) return std::nullopt;
  const auto minute = two_digits(reader, 59);
  if (!minute || !reader.literal(':')) return std::nullopt;
  const auto second = two_digits(reader, 60);
  if (!second) return std::nullopt;
  int ms = 0;
  if (reader.literal('.')) {
    const auto fraction = reader.milliseconds();
    if (!fraction) return std::nullopt;
    ms = *fraction;
  }
  const auto offset = read_offset(reader);
  if (!offset || !reader.empty()) return std::nullopt;
  const std::int64_t minutes = days_of(*date) * 1440 + *hour * 60 + *minute - *offset;
  // A leap second ends a day of UTC; anywhere else 60 is a mistake.
  if (*second == 60 && (minutes + 1) % 1440 != 0) return std::nullopt;
  return Time{(minutes * 60 + *second) * 1000 + ms};
}

// The components of a duration in their order; those after the 'T' are of the clock.
struct Unit {
  char letter;
  bool of_clock;
  std::int64_t ms;
};
constexpr Unit kUnits[] = {
    {'W', false, 7 * kDayMs}, {'D', false, kDayMs}, {'H', true, 3'600'000}, {'M', true, 60'000}, {'S', true, 1000}};

std::optional<std::int64_t> read_duration(std::string_view text) {
  Reader reader(text);
  if (!reader.literal('P') || reader.empty()) return std::nullopt;
  std::int64_t total = 0;
  std::size_t next = 0;
  bool of_clock = false;
  while (!reader.empty()) {
    if (!of_clock && reader.literal('T')) of_clock = true;
    const auto value = reader.number(13);
    if (!value) return std::nullopt;
    std::optional<int> fraction;
    if (reader.literal('.') && !(fraction = reader.milliseconds())) return std::nullopt;
    std::size_t unit = next;
    while (unit < std::size(kUnits) && (kUnits[unit].of_clock != of_clock || !reader.literal(kUnits[unit].letter)))
      ++unit;
    if (unit == std::size(kUnits) || (fraction && kUnits[unit].letter != 'S')) return std::nullopt;
    if (*value > kMaxDurationMs / kUnits[unit].ms) return std::nullopt;
    total += *value * kUnits[unit].ms + fraction.value_or(0);
    next = unit + 1;
  }
  if (total > kMaxDurationMs) return std::nullopt;
  return total;
}

}  // namespace

void append_time(std::string& out, Time time) {
  // What lies outside cannot be written in four digits of a year; the nearest time that can is told instead.
  const std::int64_t ms = std::clamp(time.ms, kMinTime.ms, kMaxTime.ms);
  const Date date = date_of(ms / kDayMs);
  const auto of_day = static_cast<int>(ms % kDayMs);
  char text[24];
  char* at = put_digits(text, date.year, 4);
  *at++ = '-';
  at = put_digits(at, date.month, 2);
  *at++ = '-';
  at = put_digits(at, date.day, 2);
  *at++ = 'T';
  at = put_digits(at, of_day / 3'600'000, 2);
  *at++ = ':';
  at = put_digits(at, of_day / 60'000 % 60, 2);
  *at++ = ':';
  at = put_digits(at, of_day / 1000 % 60, 2);
  *at++ = '.';
  at = put_digits(at, of_day % 1000, 3);
  *at = 'Z';
  out.append(text, sizeof text);
}

std::string format_time(Time time) {
  std::string text;
  text.reserve(24);
  append_time(text, time);
  return text;
}

Result<Time> parse_time(std::string_view text) {
  const auto time = read_time(text);
  if (!time) {
    return fail(ErrorCode::kInvalidArgument, "invalid_value",
                "not a time of RFC 3339; write it as 2026-03-01T09:30:00Z or 2026-03-01T10:30:00+01:00");
  }
  if (*time < kMinTime || *time > kMaxTime) {
    return fail(ErrorCode::kInvalidArgument, "invalid_value", "a time must lie in the years 1970 to 9999 (UTC)");
  }
  return *time;
}

Result<Duration> parse_duration(std::string_view text) {
  const auto ms = read_duration(text);
  if (!ms) {
    return fail(
        ErrorCode::kInvalidArgument, "invalid_value",
        "not a duration of ISO 8601 of at most 100 years, without years and months; write it as PT30M or P1DT12H");
  }
  return Duration{*ms};
}

std::string format_duration(Duration duration) {
  const bool negative = duration.ms < 0;
  // Unsigned, so that the lowest number has an opposite.
  std::uint64_t rest = negative ? 0 - static_cast<std::uint64_t>(duration.ms) : static_cast<std::uint64_t>(duration.ms);
  const std::uint64_t days = rest / kDayMs;
  rest %= kDayMs;
  const std::uint64_t hours = rest / 3'600'000;
  const std::uint64_t minutes = rest / 60'000 % 60;
  const std::uint64_t ms = rest % 60'000;
  std::string text = negative ? "-P" : "P";
  auto out = std::back_inserter(text);
  if (days > 0) fmt::format_to(out, "{}D", days);
  if (rest > 0 || days == 0) text.push_back('T');
  if (hours > 0) fmt::format_to(out, "{}H", hours);
  if (minutes > 0) fmt::format_to(out, "{}M", minutes);
  if (ms > 0 || (days == 0 && rest == 0)) {
    fmt::format_to(out, "{}", ms / 1000);
    if (ms % 1000 > 0) {
      std::string fraction = fmt::format(".{:03}", ms % 1000);
      while (fraction.back() == '0') fraction.pop_back();
      text += fraction;
    }
    text.push_back('S');
  }
  return text;
}

Time SystemClock::now() const {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return Time{std::chrono::duration_cast<std::chrono::milliseconds>(since).count()};
}

std::int64_t SystemClock::monotonic_ns() const {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
}

}  // namespace curfew
