// Errors as HTTP answers: RFC 9457 problem details with the project's stable codes.
//
// The one table from ErrorCode to status is here. An answer never holds a credential, nor more of an internal error
// than a sentence; `requestId` finds the rest in the log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace curfew::api {

int http_status(ErrorCode code);

// What some problems hold beside the error itself.
struct ProblemExtras {
  std::string_view permission;                     // with "forbidden"
  std::optional<std::int64_t> retry_after_s;       // kUnavailable has 1 if absent
  std::optional<std::uint64_t> accepted, refused;  // of an ingest that failed midway
  int status = 0;                                  // other than the table's
};

http::Response problem(const Error& error, std::string_view request_id, const ProblemExtras& extras = {});

}  // namespace curfew::api
