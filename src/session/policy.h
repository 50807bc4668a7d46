// Governance policies: when a session ends by itself. Pure functions of the policy, the session's times and "now".
#pragma once

#include <optional>

#include "session/session.h"

namespace curfew::session {

enum class ConcurrencyVictim : std::uint8_t { kOldest = 0, kLeastRecentlyUsed = 1 };

// A realm's policy. An absent duration means no such limit. Each duration is 1 s to 100 years.
struct Policy {
  std::optional<Duration> idle_timeout;  // regular sessions
  std::optional<Duration> max_lifetime;
  std::optional<Duration> remember_me_idle_timeout;  // regular sessions with remember-me; absent: as without
  std::optional<Duration> remember_me_max_lifetime;
  std::optional<Duration> offline_idle_timeout;
  std::optional<Duration> offline_max_lifetime;
  std::optional<std::uint32_t> max_sessions_per_user;  // regular ones; 1–10,000
  ConcurrencyVictim victim = ConcurrencyVictim::kOldest;

  friend bool operator==(const Policy&, const Policy&) = default;
};

Status validate_policy(const Policy& policy);

// What somebody changes of a policy: the members that are given; a limit that is given as nothing goes. The rest stays
// as it is when the change is made, whatever it was when it was asked for.
struct PolicyChange {
  std::optional<std::optional<Duration>> idle_timeout, max_lifetime, remember_me_idle_timeout, remember_me_max_lifetime,
      offline_idle_timeout, offline_max_lifetime;
  std::optional<std::optional<std::uint32_t>> max_sessions_per_user;
  std::optional<ConcurrencyVictim> victim;
};
// Valid if both are: what makes a policy valid is each member for itself.
Policy changed(const Policy& policy, const PolicyChange& change);

// The limits that hold for one class of session.
struct Limits {
  std::optional<Duration> idle, lifetime;
};
Limits limits_for(const Policy& policy, SessionType type, bool remember_me);

// When the session will end if it is not used again, and why; nothing if no limit holds.
struct Expiry {
  Time at;
  EndCause cause;
};
std::optional<Expiry> expiry_of(const Policy& policy, SessionType type, bool remember_me, Time started,
                                Time last_access);

// Expired at `now`: now >= at.
std::optional<EndCause> expired(const Policy& policy, SessionType type, bool remember_me, Time started,
                                Time last_access, Time now);

}  // namespace curfew::session
