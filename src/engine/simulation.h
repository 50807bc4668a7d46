// Simulation: what a governance policy would end now, before anybody saves it.
#pragma once

#include <map>
#include <vector>

#include "index/index.h"
#include "session/policy.h"

namespace curfew::engine {

struct Simulation {
  index::Summary matched;
  std::map<session::EndCause, std::uint64_t> causes;  // their sum is matched.sessions
  std::vector<session::Session> sample;               // at most 10, the longest idle first
};

// Walks the realm in slices, each under its own ReadLock, so that it never holds up the writer however large the realm
// is; hence for a thread that may take long. Sessions that end or begin while it walks may or may not be counted.
// Nothing is changed. Requires: no lock held.
Simulation simulate(const index::Index& index, session::RealmId realm, const session::Policy& policy, Time now);

}  // namespace curfew::engine
