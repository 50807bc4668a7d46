// The server's OpenAPI document, for tests: does a request fit it, and what might an answer look like?
#pragma once

#include <string>

#include "client/transport.h"

namespace curfew::cli::testing {

// What in the request the document does not know or allow; empty if it fits. Path, parameters, headers and body.
std::string misfit(const client::Request& request);

// An answer to the request with every member that the document names, none of them empty.
boost::json::value full_answer(const client::Request& request);

}  // namespace curfew::cli::testing
