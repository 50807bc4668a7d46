#include "session/apply.h"

#include <algorithm>

#include "base/limits.h"

namespace curfew::session {
namespace {

bool knows_client(const Session& session, const std::string& client_id) {
  return std::any_of(session.clients.begin(), session.clients.end(),
                     [&](const ClientLink& link) { return link.client_id == client_id; });
}

// True if the value was another one.
template <class T>
bool replace(T& mine, const T& news) {
  if (mine == news) return false;
  mine = news;
  return true;
}

Outcome merge(Session& live, const Session& news) {
  if (live.user_id != news.user_id) return Outcome::kUserMismatch;
  std::vector<const ClientLink*> joining;
  for (const ClientLink& link : news.clients) {
    if (!knows_client(live, link.client_id)) joining.push_back(&link);
  }
  if (live.clients.size() + joining.size() > limits::kClientsPerSession) return Outcome::kTooManyClients;

  bool changed = !joining.empty();
  for (const ClientLink* link : joining) live.clients.push_back(*link);
  if (news.last_access > live.last_access) {
    live.last_access = news.last_access;
    live.ip = news.ip;
    changed = true;
  }
  changed |= replace(live.username, news.username);
  changed |= replace(live.email, news.email);
  changed |= replace(live.user_agent, news.user_agent);
  changed |= replace(live.device_id, news.device_id);
  changed |= replace(live.remember_me, news.remember_me);
  if (news.token_hash) changed |= replace(live.token_hash, news.token_hash);
  return changed ? Outcome::kUpdated : Outcome::kUnchanged;
}

struct Applier {
  State& state;

  Outcome operator()(const StartSession& start) const {
    if (auto* live = std::get_if<Session>(&state)) return merge(*live, start.session);
    if (start.session.clients.size() > limits::kClientsPerSession) return Outcome::kTooManyClients;
    state = start.session;
    return Outcome::kStarted;
  }

  Outcome operator()(const TouchSession& touch) const {
    auto* live = std::get_if<Session>(&state);
    if (live == nullptr) return Outcome::kNotFound;
    if (touch.at <= live->last_access) return Outcome::kUnchanged;
    live->last_access = touch.at;
    if (touch.ip) live->ip = *touch.ip;
    return Outcome::kUpdated;
  }

  Outcome operator()(const JoinClient& join) const {
    auto* live = std::get_if<Session>(&state);
    if (live == nullptr) return Outcome::kNotFound;
    if (knows_client(*live, join.client_id)) return Outcome::kUnchanged;
    if (live->clients.size() >= limits::kClientsPerSession) return Outcome::kTooManyClients;
    live->clients.push_back({join.client_id, join.at});
    live->last_access = std::max(live->last_access, join.at);
    return Outcome::kUpdated;
  }

  Outcome operator()(const EndSession& end) const {
    if (!std::holds_alternative<Session>(state)) return Outcome::kNotFound;
    state = Tombstone{end.at, end.cause, 0};
    return Outcome::kEnded;
  }
};

}  // namespace

Outcome apply(State& state, const Command& command) {
  if (std::holds_alternative<Tombstone>(state)) return Outcome::kAlreadyEnded;
  return std::visit(Applier{state}, command);
}

}  // namespace curfew::session
