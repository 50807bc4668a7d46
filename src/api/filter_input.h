// The filters of the session list: the same names and rules in a query string and in a revocation's body.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "api/json_in.h"
#include "api/params.h"
#include "base/result.h"
#include "base/time.h"
#include "index/query.h"

namespace curfew::api {

inline constexpr std::array<std::string_view, 12> kFilterNames{"search",
                                                               "type",
                                                               "client",
                                                               "user",
                                                               "ip",
                                                               "ipNot",
                                                               "idleFor",
                                                               "startedAfter",
                                                               "startedBefore",
                                                               "lastAccessAfter",
                                                               "lastAccessBefore",
                                                               "rememberMe"};

// `now` turns idleFor into a time. `prefix` stands before the names in errors.
Result<index::Filter> parse_filter(const Params& params, Time now, std::string_view prefix = {});
// {"client":"web"} or {"client":["web","app"]}: a member is a text (rememberMe: a boolean), or an array where it may be
// repeated.
Result<index::Filter> parse_filter(const JsonValue& value, Time now, std::string_view prefix);
Result<index::Order> parse_sort(std::string_view text);

}  // namespace curfew::api
