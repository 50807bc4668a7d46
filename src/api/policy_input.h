// A governance policy that comes in.
#pragma once

#include "api/json_in.h"
#include "session/policy.h"

namespace curfew::api {

// The members that are given; null takes a limit away. Errors name the member as "policy.…".
Result<session::PolicyChange> read_policy(const JsonValue& value);

}  // namespace curfew::api
