// Refusal: why the transport itself turns a request down, before the application has seen it or heard all of it.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace curfew::http {

struct Refusal {
  int status = 400;
  std::string_view code;  // stable and static: "malformed_request", "header_too_large", …
  std::string detail;     // what, the limit, the way out; never a part of what was sent
};

inline Refusal malformed(std::string detail) {
  return {400, "malformed_request", std::move(detail)};
}

// The refusal as application/problem+json.
Response to_response(const Refusal& refusal);

}  // namespace curfew::http
