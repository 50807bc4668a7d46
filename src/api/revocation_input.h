// The body of a revocation, as a selection.
#pragma once

#include <string>

#include "api/route.h"
#include "engine/revocation.h"

namespace curfew::api {

struct RevocationBody {
  engine::Selection selection;
  std::string reason, plan;
};

// Refuses sessions of realms in which the caller may not revoke, as if those realms did not exist.
Result<RevocationBody> read_revocation(const Call& call);

}  // namespace curfew::api
