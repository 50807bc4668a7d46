// Finding what a path names.
#pragma once

#include <optional>

#include "api/json_out.h"
#include "api/services.h"

namespace curfew::api {

// {type} and {id} of the path, in the call's realm.
Result<session::SessionKey> path_key(const Call& call);

// A live session without counting as activity; one that a policy ends at this moment is not live.
struct Found {
  session::Session session;
  SessionNotes notes;
};
std::optional<Found> find_live(Services& services, const engine::Realm& realm, const session::SessionKey& key);
// The same without notes, by its key or by its token: for answers that tell of the session alone.
std::optional<session::Session> find_live_alone(Services& services, const engine::Realm& realm,
                                                const session::SessionKey& key);
std::optional<session::Session> find_live_alone(Services& services, const engine::Realm& realm, std::string_view token);

// kNotFound "not_active", saying when and why it ended where that is known.
Error not_active(Services& services, const session::SessionKey& key);

// The session as the caller sees it.
std::string session_json(const Call& call, const engine::Realm& realm, const Found& found, std::string_view token = {});

}  // namespace curfew::api
