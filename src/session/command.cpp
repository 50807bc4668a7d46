#include "session/command.h"

namespace curfew::session {

std::string_view to_string(ActorKind kind) {
  switch (kind) {
    case ActorKind::kSystem:
      return "system";
    case ActorKind::kOperator:
      return "operator";
    case ActorKind::kApiKey:
      return "api_key";
    case ActorKind::kPolicy:
      return "policy";
    case ActorKind::kUser:
      return "user";
  }
  return "system";
}

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kStarted:
      return "started";
    case Outcome::kUpdated:
      return "updated";
    case Outcome::kUnchanged:
      return "unchanged";
    case Outcome::kEnded:
      return "ended";
    case Outcome::kAlreadyEnded:
      return "already_ended";
    case Outcome::kNotFound:
      return "not_found";
    case Outcome::kUserMismatch:
      return "user_mismatch";
    case Outcome::kTooManyClients:
      return "too_many_clients";
  }
  return "not_found";
}

bool refused(Outcome outcome) {
  return outcome == Outcome::kAlreadyEnded || outcome == Outcome::kNotFound || outcome == Outcome::kUserMismatch ||
         outcome == Outcome::kTooManyClients;
}

namespace {
struct KeyOf {
  const SessionKey& operator()(const StartSession& start) const { return start.session.key; }
  template <class Other>
  const SessionKey& operator()(const Other& other) const {
    return other.key;
  }
};
}  // namespace

const SessionKey& key_of(const Command& command) {
  return std::visit(KeyOf{}, command);
}

}  // namespace curfew::session
