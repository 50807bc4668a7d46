// A session as JSON, with all that is known beside its row: clients' names, device, location, signals.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "engine/engine.h"
#include "index/index.h"

namespace curfew::api {

// The names of the clients in some sessions. collect() needs the index's ReadLock.
class ClientNames {
 public:
  void collect(const index::Index& index, const session::Session& session);
  void set(session::RealmId realm, std::string_view client_id, std::string_view name);
  std::string_view of(session::RealmId realm,
                      std::string_view client_id) const;  // the id itself where there is no name

 private:
  std::map<std::pair<session::RealmId, std::string>, std::string, std::less<>> names_;
};

// A finding, with its sessions' names in place of their numbers.
struct NamedFinding {
  signal::Finding finding;
  std::vector<session::SessionKey> sessions;  // those that are live, as finding.sessions, where all are wanted
  std::vector<session::SessionKey> evidence;  // one for each of finding.evidence; an empty id where it is gone
};

// What is known of some sessions beside their rows, copied while the ReadLock is held, for when it no longer is.
class SessionNotes {
 public:
  explicit SessionNotes(const engine::Engine& engine) : engine_(&engine) {}

  // Under the ReadLock.
  void collect(std::span<const session::Session> sessions);
  void collect(const session::Session& session) { collect(std::span(&session, 1)); }
  ClientNames& names() { return names_; }
  const ClientNames& names() const { return names_; }

  std::vector<const NamedFinding*> findings_of(session::SessionNo no) const;  // good while this is
  const engine::Engine& engine() const { return *engine_; }

 private:
  const engine::Engine* engine_;
  ClientNames names_;
  // A page may hold all sessions of one user: their findings are named once, and those alone that are told of.
  struct Noted {
    signal::Finding finding;
    std::optional<NamedFinding> named;
  };
  std::map<std::pair<session::RealmId, std::uint32_t>, std::vector<Noted>> by_user_;
  std::map<session::SessionNo, std::vector<const NamedFinding*>> findings_;  // in by_user_
};

// Under the ReadLock. Without `all` only the evidence is named.
NamedFinding name_sessions(const index::Index& index, session::RealmId realm, std::uint32_t user,
                           signal::Finding finding, bool all);

struct SessionView {
  const engine::Realm* realm = nullptr;  // the session's own
  const SessionNotes* notes = nullptr;   // null: clients are named by their ids, and no more is known
  Time now = {};                         // decides what is idle
  std::optional<bool> own = {};          // absent: left out
  std::string_view token = {};           // for a session that was just made
};
void append_session(JsonWriter& json, const session::Session& session, const SessionView& view);

// {"rule","severity","reason","threshold","since","evidence"}, and "sessions" where they are wanted.
void append_finding(JsonWriter& json, const NamedFinding& named, bool with_sessions);
// "device": null where neither an agent nor an id is known.
void append_device(JsonWriter& json, const engine::Engine& engine, std::string_view user_agent,
                   std::string_view device_id);

}  // namespace curfew::api
