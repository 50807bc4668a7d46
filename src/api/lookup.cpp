#include "api/lookup.h"

#include "api/session_input.h"
#include "base/limits.h"
#include "base/text.h"
#include "session/policy.h"

namespace curfew::api {
namespace {

// Under the ReadLock.
std::optional<session::Session> live(Services& services, const engine::Realm& realm,
                                     const std::optional<index::Handle>& handle) {
  const index::Index& index = services.engine.index();
  if (!handle) return std::nullopt;
  const index::Index::Facts facts = index.facts(*handle);
  if (session::expired(realm.policy, facts.type, facts.remember_me, facts.started, facts.last_access,
                       services.clock.now()))
    return std::nullopt;
  return index.get(*handle);
}

}  // namespace

Result<session::SessionKey> path_key(const Call& call) {
  auto type = session::parse_session_type(call.variable("type"));
  if (!type) return invalid("type", "type is regular or offline.");
  const std::string_view id = call.variable("id");
  CURFEW_TRY_STATUS(check_identifier("id", id, limits::kSessionId));
  return session::SessionKey{call.realm->id, *type, std::string(id)};
}

std::optional<Found> find_live(Services& services, const engine::Realm& realm, const session::SessionKey& key) {
  const index::Index& index = services.engine.index();
  const index::Index::ReadLock lock(index);
  auto session = live(services, realm, index.find(key));
  if (!session) return std::nullopt;
  Found found{*std::move(session), SessionNotes(services.engine, &services.findings)};
  found.notes.collect(found.session);
  return found;
}

std::optional<session::Session> find_live_alone(Services& services, const engine::Realm& realm,
                                                const session::SessionKey& key) {
  const index::Index& index = services.engine.index();
  const index::Index::ReadLock lock(index);
  return live(services, realm, index.find(key));
}

std::optional<session::Session> find_live_alone(Services& services, const engine::Realm& realm,
                                                std::string_view token) {
  const index::Index& index = services.engine.index();
  const session::TokenHash hash = session::hash_token(token);
  const index::Index::ReadLock lock(index);
  return live(services, realm, index.find_by_token(realm.id, hash));
}

Error not_active(Services& services, const session::SessionKey& key) {
  engine::CommandResult result{session::Outcome::kNotFound, {}, std::nullopt};
  if (const auto tombstone = services.engine.tombstone(key); tombstone && *tombstone)
    result = {session::Outcome::kAlreadyEnded, {}, **tombstone};
  return outcome_error(result, ErrorCode::kNotFound);
}

std::string session_json(const Call& call, const engine::Realm& realm, const Found& found, std::string_view token) {
  std::string body;
  JsonWriter json(body);
  append_session(json, found.session,
                 SessionView{.realm = &realm,
                             .notes = &found.notes,
                             .now = call.now,
                             .own = call.owns(realm.name, found.session.user_id),
                             .token = token});
  return body;
}

}  // namespace curfew::api
