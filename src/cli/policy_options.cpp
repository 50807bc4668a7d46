#include "cli/policy_options.h"

#include <charconv>
#include <tuple>

#include "cli/filters.h"

namespace curfew::cli {

void PolicyOptions::add_to(Command& command) {
  command.option("idle-timeout", "DURATION", &idle_timeout,
                 "End a regular session that is not used for so long: PT30M; none: never.");
  command.option("max-lifetime", "DURATION", &max_lifetime,
                 "End a regular session this long after its start; none: never.");
  command.option("remember-me-idle-timeout", "DURATION", &remember_me_idle_timeout,
                 "Instead of --idle-timeout, with remember-me; none: the same.");
  command.option("remember-me-max-lifetime", "DURATION", &remember_me_max_lifetime,
                 "Instead of --max-lifetime, with remember-me; none: the same.");
  command.option("offline-idle-timeout", "DURATION", &offline_idle_timeout,
                 "End an offline session that is not used for so long; none: never.");
  command.option("offline-max-lifetime", "DURATION", &offline_max_lifetime,
                 "End an offline session this long after its start; none: never.");
  command.option("max-sessions-per-user", "N", &max_sessions_per_user,
                 "Regular sessions that a user may have at once, 1 to 10,000; none: any number.");
  command.option("session-limit-action", "ACTION", &session_limit_action, "Which session makes room for a new one.")
      .choices = {"end_oldest", "end_least_recently_used"};
}

Result<boost::json::object> PolicyOptions::body() const {
  boost::json::object out;
  const std::tuple<const char*, const char*, const std::optional<std::string>*> durations[] = {
      {"--idle-timeout", "idleTimeout", &idle_timeout},
      {"--max-lifetime", "maxLifetime", &max_lifetime},
      {"--remember-me-idle-timeout", "rememberMeIdleTimeout", &remember_me_idle_timeout},
      {"--remember-me-max-lifetime", "rememberMeMaxLifetime", &remember_me_max_lifetime},
      {"--offline-idle-timeout", "offlineIdleTimeout", &offline_idle_timeout},
      {"--offline-max-lifetime", "offlineMaxLifetime", &offline_max_lifetime}};
  for (const auto& [option, member, value] : durations) {
    if (!*value) continue;
    if (**value == "none") {
      out[member] = nullptr;
      continue;
    }
    CURFEW_TRY_STATUS(check_duration(option, **value));
    out[member] = **value;
  }
  if (max_sessions_per_user) {
    std::int64_t number = 0;
    const auto& text = *max_sessions_per_user;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_number = bad == std::errc{} && end == text.data() + text.size() && number >= 1 && number <= 10'000;
    if (text != "none" && !is_number)
      return invalid("--max-sessions-per-user", "--max-sessions-per-user takes a number from 1 to 10,000, or none.");
    out["maxSessionsPerUser"] = text == "none" ? boost::json::value(nullptr) : boost::json::value(number);
  }
  if (session_limit_action) out["sessionLimitAction"] = *session_limit_action;
  return out;
}

}  // namespace curfew::cli
