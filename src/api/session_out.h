// A session as JSON, with all that is known beside its row: clients' names, device, location, signals.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/finding_cache.h"
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

// What is known of some sessions beside their rows, copied while the ReadLock is held, for when it no longer is: what
// is to be written is written then. Threads: one.
class SessionNotes {
 public:
  // With a cache, users who are in it as they are now are neither judged nor written again.
  explicit SessionNotes(const engine::Engine& engine, FindingCache* cache = nullptr)
      : engine_(&engine), cache_(cache) {}
  SessionNotes(SessionNotes&&) = default;  // a copy's notes would point into the original
  SessionNotes& operator=(SessionNotes&&) = default;

  // Under the ReadLock.
  void collect(std::span<const session::Session> sessions);
  void collect(const session::Session& session) { collect(std::span(&session, 1)); }
  ClientNames& names() { return names_; }
  const ClientNames& names() const { return names_; }

  std::vector<const FindingText*> findings_of(session::SessionNo no) const;  // good while this is
  const engine::Engine& engine() const { return *engine_; }

 private:
  // A page may hold all sessions of one user: their findings are named, and written, once.
  struct Noted {
    bool any = false;  // whether there are findings, or may be
    std::string grounds;
    std::vector<NamedFinding> named;            // until they are written
    std::shared_ptr<const FindingTexts> texts;  // once they are
  };
  using ByUser = std::map<std::pair<session::RealmId, std::uint32_t>, Noted>;
  void note(session::RealmId realm, std::uint32_t user, Noted& noted) const;

  const engine::Engine* engine_;
  FindingCache* cache_;
  ClientNames names_;
  mutable ByUser by_user_;  // the texts in it are made when they are first asked for
  std::map<session::SessionNo, ByUser::iterator> whose_;
};

// Under the ReadLock. Without `all` only the evidence is named.
std::vector<NamedFinding> name_sessions(const index::Index& index, session::RealmId realm, std::uint32_t user,
                                        std::vector<signal::Finding> findings, bool all);

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
