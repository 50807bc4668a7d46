// A page of the live sessions that match a filter, in the call's realms; `limit`, `cursor`, `offset` and `sort` from
// its query.
#pragma once

#include "api/route.h"
#include "api/services.h"
#include "index/query.h"

namespace curfew::api {

Result<http::Response> list_matching(Services& services, const Call& call, index::Filter filter);

}  // namespace curfew::api
