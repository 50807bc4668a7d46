// apply: state × command → state, outcome. Pure and deterministic: no clock, no I/O, no randomness. The same commands
// in the same order give the same states on every node, after every restart, and in every test.
//
// Invariants (tested over random histories):
//   1. a tombstone is never replaced: once ended, every later command under the key answers kAlreadyEnded;
//   2. last_access and a client's place never move back;
//   3. exactly one EndSession under a key answers kEnded;
//   4. a command that is refused, or answers kUnchanged, leaves the state as it was.
//
// A start told again on a live session merges: `no`, `started` and the key stay; username, email, user agent, device
// and remember-me are the new one's; last_access only moves forward, and the address with it; clients are united, known
// ones keep their place and time; the token's hash stays where the new one has none. A touch that is later moves
// last_access, and the address where it has one. A client that joins for the first time moves last_access too: it is
// use.
#pragma once

#include <variant>

#include "session/command.h"

namespace curfew::session {

struct Absent {
  friend bool operator==(const Absent&, const Absent&) = default;
};
using State = std::variant<Absent, Session, Tombstone>;

// Changes `state` in place and says what came of it. For kEnded the tombstone's audit_seq is 0: the caller that numbers
// the records sets it. For kStarted the session's `no` is the command's.
// Call it qualified (session::apply): as State is a std::variant, a bare name may find std::apply.
Outcome apply(State& state, const Command& command);

}  // namespace curfew::session
