// Admission: who calls, and whether they may. Nothing reaches a handler without it.
#pragma once

#include <optional>

#include "api/route.h"

namespace curfew::api {

inline constexpr std::string_view kCookie = "curfew_session";

// By X-Api-Key, else by Authorization: Bearer, else by the cookie. kUnauthenticated without a known one.
Result<access::Caller> authenticate(Services& services, const http::RequestHead& head);

// The call, ready for the route's handler; or nothing, and it was answered (401, 403, 404, 400).
std::optional<Call> admit(Services& services, const Route& route, std::vector<std::string> variables,
                          http::RequestHead head, std::string body, http::Responder respond);

// Answers 403 naming the permission, and records the denial.
void deny(Services& services, Call& call, access::Permission permission, std::string_view realm);

}  // namespace curfew::api
