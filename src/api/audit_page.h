// Pages of the audit log. They read the disk: in the background only.
#pragma once

#include <functional>
#include <string>

#include "api/json_out.h"
#include "api/services.h"

namespace curfew::api {

// `limit` and `cursor` of the call's query; newest first. `append` writes one item; it may also append to the text
// behind the writer by writer.raw().
Result<http::Response> audit_page(
    Services& services, const Call& call, engine::AuditQuery query,
    const std::function<void(JsonWriter&, std::string& scratch, const audit::Sealed&)>& append);

}  // namespace curfew::api
