#include "cli/when.h"

#include "cli/text_width.h"

namespace curfew::cli {

std::string absolute_time(Time time) {
  std::string text = format_time(time);  // 2026-03-01T09:30:00.000Z
  if (text.size() < 20) return text;
  text[10] = ' ';
  return text.substr(0, 19) + "Z";
}

std::string relative_time(Time now, Time then) {
  const bool future = then > now;
  const std::int64_t seconds = (future ? then.ms - now.ms : now.ms - then.ms) / 1000;
  constexpr std::int64_t kMinute = 60, kHour = 3600, kDay = 86'400;
  std::string text;
  if (seconds < 5) return "just now";
  if (seconds < kMinute)
    text = std::to_string(seconds) + " s";
  else if (seconds < kHour)
    text = std::to_string(seconds / kMinute) + " min";
  else if (seconds < 2 * kDay)
    text = std::to_string(seconds / kHour) + " h";
  else if (seconds < 60 * kDay)
    text = std::to_string(seconds / kDay) + " d";
  else
    return absolute_time(then).substr(0, 10);
  return future ? "in " + text : text + " ago";
}

std::string shown_time(std::string_view rfc3339, Time now, bool absolute) {
  if (rfc3339.empty()) return {};
  const auto time = parse_time(rfc3339);
  if (!time) return safe_text(rfc3339);
  return absolute ? absolute_time(*time) : relative_time(now, *time);
}

}  // namespace curfew::cli
