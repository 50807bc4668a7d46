// Answers with a page of the live sessions that match a filter, in the call's realms; `limit`, `cursor`, `offset` and
// `sort` from its query. One that may take long is asked elsewhere, so that the connections of this thread need not
// wait for it.
#pragma once

#include "api/route.h"
#include "api/services.h"
#include "index/query.h"

namespace curfew::api {

void list_matching(Services& services, Call call, index::Filter filter);

}  // namespace curfew::api
