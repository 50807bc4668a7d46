#include "api/policy_input.h"

#include <array>

namespace curfew::api {
namespace {

constexpr std::array<std::string_view, 8> kPolicyFields{
    "idleTimeout",        "maxLifetime",        "rememberMeIdleTimeout", "rememberMeMaxLifetime",
    "offlineIdleTimeout", "offlineMaxLifetime", "maxSessionsPerUser",    "sessionLimitAction"};

Status read_limit(const Fields& fields, std::string_view name, std::optional<std::optional<Duration>>& out) {
  if (!fields.has(name)) return {};
  out.emplace();
  if (fields.is_null(name)) return {};
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

Result<session::PolicyChange> read_policy(const JsonValue& value) {
  CURFEW_TRY(const auto fields, Fields::open(value, kPolicyFields, "policy."));
  if (fields.size() == 0) return invalid("policy", "policy holds at least one member.");
  session::PolicyChange change;
  CURFEW_TRY_STATUS(read_limit(fields, "idleTimeout", change.idle_timeout));
  CURFEW_TRY_STATUS(read_limit(fields, "maxLifetime", change.max_lifetime));
  CURFEW_TRY_STATUS(read_limit(fields, "rememberMeIdleTimeout", change.remember_me_idle_timeout));
  CURFEW_TRY_STATUS(read_limit(fields, "rememberMeMaxLifetime", change.remember_me_max_lifetime));
  CURFEW_TRY_STATUS(read_limit(fields, "offlineIdleTimeout", change.offline_idle_timeout));
  CURFEW_TRY_STATUS(read_limit(fields, "offlineMaxLifetime", change.offline_max_lifetime));
  if (fields.is_null("maxSessionsPerUser")) {
    change.max_sessions_per_user.emplace();
  } else if (const JsonValue* most = fields.find("maxSessionsPerUser")) {
    std::uint64_t number = 0;
    if (most->get(number) != simdjson::SUCCESS || number < 1 || number > 10'000)
      return fields.wrong("maxSessionsPerUser",
                          "policy.maxSessionsPerUser is a whole number from 1 to 10000, or null.");
    change.max_sessions_per_user.emplace(static_cast<std::uint32_t>(number));
  }
  CURFEW_TRY(const auto action, fields.raw_text("sessionLimitAction"));
  if (action == "end_oldest")
    change.victim = session::ConcurrencyVictim::kOldest;
  else if (action == "end_least_recently_used")
    change.victim = session::ConcurrencyVictim::kLeastRecentlyUsed;
  else if (action)
    return fields.wrong("sessionLimitAction", "policy.sessionLimitAction is end_oldest or end_least_recently_used.");
  auto valid = session::validate_policy(session::changed({}, change));
  if (valid) return change;
  Error error = std::move(valid).error();
  if (!error.field.starts_with("policy")) error.field = "policy." + error.field;
  return tl::make_unexpected(std::move(error));
}

}  // namespace curfew::api
