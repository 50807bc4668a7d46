// A governance policy that comes in.
#pragma once

#include "api/json_in.h"
#include "session/policy.h"

namespace curfew::api {

// Changes the members of `policy` that are given; null takes a limit away. Errors name the member as "policy.…".
Status read_policy(const JsonValue& value, session::Policy& policy);

}  // namespace curfew::api
