// Revocations: what to end, what it would do, and how far it is.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "index/query.h"
#include "session/command.h"

namespace curfew::engine {

using session::RealmId;

// A user whose sessions are the caller's own.
struct OwnUser {
  RealmId realm;
  std::string user_id;
  friend bool operator==(const OwnUser&, const OwnUser&) = default;
};

struct BySessions {
  std::vector<session::SessionKey> keys;  // distinct
};
struct ByFilter {
  index::Filter filter;  // durations already turned into times
};
struct ByUser {
  std::string user_id;
};
struct Everything {};

struct Selection {
  std::vector<RealmId> realms;
  std::variant<BySessions, ByFilter, ByUser, Everything> what;
  std::optional<session::SessionType> type;  // absent: both
  bool keep_own = true;
  std::optional<OwnUser> own;
};

struct Preview {
  index::Summary matched;  // without the own sessions that are kept
  std::uint64_t own_kept = 0;
  std::vector<session::Session> sample;  // at most 10, latest access first
  std::string plan;                      // names exactly this set of sessions; opaque
};

struct Failure {
  session::SessionKey key;
  std::string username;  // empty where it is not known
  std::optional<IpAddress> ip;
  std::string code;  // "already_ended", "not_found"
  std::string detail;
};

enum class RevocationState : std::uint8_t { kRunning = 0, kDone = 1, kStopped = 2 };
std::string_view to_string(RevocationState state);

struct RevocationRequest {
  Selection selection;
  std::string reason;
  std::string plan;             // empty: none
  std::string idempotency_key;  // empty: none
  std::string fingerprint;      // of the request, to tell a repeat from another one under the same key
  session::Origin origin;
};

struct Revocation {
  std::string id;
  RealmId realm;  // 0: over several
  RevocationState state = RevocationState::kRunning;
  std::string reason;
  session::Origin origin;
  std::uint64_t requested = 0, revoked = 0, failed = 0, own_kept = 0;
  std::vector<Failure> failures;  // the first limits::kFailuresListed
  Time started_at;
  std::optional<Time> finished_at;
};

}  // namespace curfew::engine
