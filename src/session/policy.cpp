#include "session/policy.h"

#include <fmt/format.h>

namespace curfew::session {
namespace {

constexpr Duration kShortest = Duration::seconds(1);
constexpr Duration kLongest = Duration::days(36'525);  // 100 years
constexpr std::uint32_t kMostSessionsPerUser = 10'000;

Status check_duration(const char* field, const std::optional<Duration>& duration) {
  if (!duration || (*duration >= kShortest && *duration <= kLongest)) return {};
  return invalid(field, fmt::format("{} must be 1 second (PT1S) to 100 years (P36525D), or null for no limit", field));
}

}  // namespace

Status validate_policy(const Policy& policy) {
  CURFEW_TRY_STATUS(check_duration("idleTimeout", policy.idle_timeout));
  CURFEW_TRY_STATUS(check_duration("maxLifetime", policy.max_lifetime));
  CURFEW_TRY_STATUS(check_duration("rememberMeIdleTimeout", policy.remember_me_idle_timeout));
  CURFEW_TRY_STATUS(check_duration("rememberMeMaxLifetime", policy.remember_me_max_lifetime));
  CURFEW_TRY_STATUS(check_duration("offlineIdleTimeout", policy.offline_idle_timeout));
  CURFEW_TRY_STATUS(check_duration("offlineMaxLifetime", policy.offline_max_lifetime));
  const auto& most = policy.max_sessions_per_user;
  if (most && (*most == 0 || *most > kMostSessionsPerUser)) {
    return invalid("maxSessionsPerUser",
                   fmt::format("maxSessionsPerUser must be 1 to {}, or null for no limit", kMostSessionsPerUser));
  }
  return {};
}

Policy changed(const Policy& policy, const PolicyChange& change) {
  return {.idle_timeout = change.idle_timeout.value_or(policy.idle_timeout),
          .max_lifetime = change.max_lifetime.value_or(policy.max_lifetime),
          .remember_me_idle_timeout = change.remember_me_idle_timeout.value_or(policy.remember_me_idle_timeout),
          .remember_me_max_lifetime = change.remember_me_max_lifetime.value_or(policy.remember_me_max_lifetime),
          .offline_idle_timeout = change.offline_idle_timeout.value_or(policy.offline_idle_timeout),
          .offline_max_lifetime = change.offline_max_lifetime.value_or(policy.offline_max_lifetime),
          .max_sessions_per_user = change.max_sessions_per_user.value_or(policy.max_sessions_per_user),
          .victim = change.victim.value_or(policy.victim)};
}

Limits limits_for(const Policy& policy, SessionType type, bool remember_me) {
  if (type == SessionType::kOffline) return {policy.offline_idle_timeout, policy.offline_max_lifetime};
  Limits limits{policy.idle_timeout, policy.max_lifetime};
  if (remember_me) {
    if (policy.remember_me_idle_timeout) limits.idle = policy.remember_me_idle_timeout;
    if (policy.remember_me_max_lifetime) limits.lifetime = policy.remember_me_max_lifetime;
  }
  return limits;
}

std::optional<Expiry> expiry_of(const Policy& policy, SessionType type, bool remember_me, Time started,
                                Time last_access) {
  const Limits limits = limits_for(policy, type, remember_me);
  std::optional<Expiry> expiry;
  // The lifetime comes first: where both fall on one instant, use could not have prolonged the session.
  if (limits.lifetime) expiry = Expiry{started + *limits.lifetime, EndCause::kLifetime};
  if (limits.idle && (!expiry || last_access + *limits.idle < expiry->at)) {
    expiry = Expiry{last_access + *limits.idle, EndCause::kIdle};
  }
  return expiry;
}

std::optional<EndCause> expired(const Policy& policy, SessionType type, bool remember_me, Time started,
                                Time last_access, Time now) {
  const auto expiry = expiry_of(policy, type, remember_me, started, last_access);
  if (!expiry || now < expiry->at) return std::nullopt;
  return expiry->cause;
}

}  // namespace curfew::session
