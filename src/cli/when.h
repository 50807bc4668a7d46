// Times for people.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace curfew::cli {

// "just now", "42 s ago", "5 min ago", "3 h ago", "2 d ago", "in 3 h"; from 60 days on the date.
std::string relative_time(Time now, Time then);
// "2026-03-01 09:30:00Z".
std::string absolute_time(Time time);
// The API's text shown one way or the other; as it is where it is no time; empty stays empty.
std::string shown_time(std::string_view rfc3339, Time now, bool absolute);

}  // namespace curfew::cli
