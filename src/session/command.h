// Commands: everything that changes a session, with its time and its actor inside; and what came of them.
//
// apply.h folds them. session/codec.h gives them bytes (docs/formats/records.md).
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "session/session.h"

namespace curfew::session {

enum class ActorKind : std::uint8_t { kSystem = 0, kOperator = 1, kApiKey = 2, kPolicy = 3, kUser = 4 };
std::string_view to_string(ActorKind kind);  // "system", "operator", "api_key", "policy", "user"

// Who did it, and from where: what the audit record says of a command's origin.
struct Origin {
  ActorKind kind = ActorKind::kSystem;
  std::string actor_id;  // the operator's or key's id, or the policy's name
  std::string actor_name;
  std::optional<IpAddress> ip;  // of the caller
  std::string request_id;
  friend bool operator==(const Origin&, const Origin&) = default;
};

// A session began, or is told again (the same key, once more, with news: later access, more clients).
struct StartSession {
  Session session;  // no is 0; the engine gives it
  friend bool operator==(const StartSession&, const StartSession&) = default;
};
struct TouchSession {
  SessionKey key;
  Time at;
  std::optional<IpAddress> ip;
  friend bool operator==(const TouchSession&, const TouchSession&) = default;
};
struct JoinClient {
  SessionKey key;
  std::string client_id;
  Time at;
  friend bool operator==(const JoinClient&, const JoinClient&) = default;
};
struct EndSession {
  SessionKey key;
  Time at;
  EndCause cause = EndCause::kRevoked;
  std::string reason;
  friend bool operator==(const EndSession&, const EndSession&) = default;
};

using Command = std::variant<StartSession, TouchSession, JoinClient, EndSession>;
const SessionKey& key_of(const Command& command);

enum class Outcome : std::uint8_t {
  kStarted,
  kUpdated,    // a start told again, with news; or a touch or join that changed something
  kUnchanged,  // true, but nothing new (an older touch, a client known already)
  kEnded,
  kAlreadyEnded,  // a tombstone stands under the key: refused, whatever it was
  kNotFound,      // no such session, and never was as far as we know
  kUserMismatch,  // a start under the key of another user's live session: refused
  kTooManyClients,
};
std::string_view to_string(Outcome outcome);  // "started", "updated", …, "already_ended", "not_found", …
bool refused(Outcome outcome);                // the last four

}  // namespace curfew::session
