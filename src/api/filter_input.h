// The filters of the session list: the same names and rules in a query string and in a revocation's body.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "api/json_in.h"
#include "api/params.h"
#include "api/route.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/realm.h"
#include "index/query.h"

namespace curfew::api {

inline constexpr std::array<std::string_view, 16> kFilterNames{"search",
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
                                                               "rememberMe",
                                                               "device",
                                                               "signal",
                                                               "network",
                                                               "networkNot"};
// What a filter's words are read against.
struct FilterContext {
  Time now;                                      // turns idleFor and signal=idle into times
  std::span<const engine::Realm* const> realms;  // whose networks the names mean
};

FilterContext filter_context(const Call& call);

// `prefix` stands before the names in errors.
Result<index::Filter> parse_filter(const Params& params, const FilterContext& context, std::string_view prefix = {});
// {"client":"web"} or {"client":["web","app"]}: a member is a text (rememberMe: a boolean), or an array where it may be
// repeated.
Result<index::Filter> parse_filter(const JsonValue& value, const FilterContext& context, std::string_view prefix);
Result<index::Order> parse_sort(std::string_view text);

}  // namespace curfew::api
