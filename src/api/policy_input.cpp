#include "api/policy_input.h"

#include <array>

namespace curfew::api {
namespace {

constexpr std::array<std::string_view, 8> kPolicyFields{
    "idleTimeout",        "maxLifetime",        "rememberMeIdleTimeout", "rememberMeMaxLifetime",
    "offlineIdleTimeout", "offlineMaxLifetime", "maxSessionsPerUser",    "sessionLimitAction"};

Status read_limit(const Fields& fields, std::string_view name, std::optional<Duration>& out) {
  if (!fields.has(name)) return {};
  if (fields.is_null(name)) {
    out.reset();
    return {};
  }
  CURFEW_TRY(const auto text, fields.raw_text(name));
  auto duration = parse_duration(*text);
  if (!duration) {
    Error error = std::move(duration).error();
    error.field = fields.path(name);
    return tl::make_unexpected(std::move(error));
  }
  out = *duration;
  return {};
}

}  // namespace

Status read_policy(const JsonValue& value, session::Policy& policy) {
  CURFEW_TRY(const auto fields, Fields::open(value, kPolicyFields, "policy."));
  if (fields.size() == 0) return invalid("policy", "policy holds at least one member.");
  CURFEW_TRY_STATUS(read_limit(fields, "idleTimeout", policy.idle_timeout));
  CURFEW_TRY_STATUS(read_limit(fields, "maxLifetime", policy.max_lifetime));
  CURFEW_TRY_STATUS(read_limit(fields, "rememberMeIdleTimeout", policy.remember_me_idle_timeout));
  CURFEW_TRY_STATUS(read_limit(fields, "rememberMeMaxLifetime", policy.remember_me_max_lifetime));
  CURFEW_TRY_STATUS(read_limit(fields, "offlineIdleTimeout", policy.offline_idle_timeout));
  CURFEW_TRY_STATUS(read_limit(fields, "offlineMaxLifetime", policy.offline_max_lifetime));
  if (fields.is_null("maxSessionsPerUser")) {
    policy.max_sessions_per_user.reset();
  } else if (const JsonValue* most = fields.find("maxSessionsPerUser")) {
    std::uint64_t number = 0;
    if (most->get(number) != simdjson::SUCCESS || number < 1 || number > 10'000)
      return fields.wrong("maxSessionsPerUser",
                          "policy.maxSessionsPerUser is a whole number from 1 to 10000, or null.");
    policy.max_sessions_per_user = static_cast<std::uint32_t>(number);
  }
  CURFEW_TRY(const auto action, fields.raw_text("sessionLimitAction"));
  if (action == "end_oldest")
    policy.victim = session::ConcurrencyVictim::kOldest;
  else if (action == "end_least_recently_used")
    policy.victim = session::ConcurrencyVictim::kLeastRecentlyUsed;
  else if (action)
    return fields.wrong("sessionLimitAction", "policy.sessionLimitAction is end_oldest or end_least_recently_used.");
  auto valid = session::validate_policy(policy);
  if (valid) return {};
  Error error = std::move(valid).error();
  if (!error.field.starts_with("policy")) error.field = "policy." + error.field;
  return tl::make_unexpected(std::move(error));
}

}  // namespace curfew::api
