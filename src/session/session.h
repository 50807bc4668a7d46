// The domain's nouns: a session, its key, its clients, and what remains of it when it has ended.
//
// Plain values: copyable, comparable, no invariants beyond those that validate_session states. Times are data.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "base/strong.h"
#include "base/time.h"

namespace curfew::session {

// A realm's number: given once, in order of creation, never reused. 0 is no realm.
using RealmId = Strong<struct RealmIdTag, std::uint32_t>;

// A session's number: given once, in order of arrival over all realms, never reused; the order of the rows on disk, and
// the tie-breaker of every sort. 0 is no session.
using SessionNo = Strong<struct SessionNoTag, std::uint64_t>;

enum class SessionType : std::uint8_t { kRegular = 0, kOffline = 1 };
std::string_view to_string(SessionType type);  // "regular", "offline"
Result<SessionType> parse_session_type(std::string_view text);

// What names a session. An identity provider may give a regular and an offline session the same id, so the type belongs
// to it.
struct SessionKey {
  RealmId realm;
  SessionType type = SessionType::kRegular;
  std::string id;

  friend auto operator<=>(const SessionKey&, const SessionKey&) = default;
};

// A client application that the session has been used with.
struct ClientLink {
  std::string client_id;
  Time since;
  friend bool operator==(const ClientLink&, const ClientLink&) = default;
};

// The first 16 bytes of SHA-256 of the session's token: a preimage costs 2^128, and it is half the memory.
using TokenHash = std::array<std::uint8_t, 16>;
TokenHash hash_token(std::string_view token);

struct Session {
  SessionNo no;
  SessionKey key;
  std::string user_id;
  std::string username;
  std::string email;       // may be empty
  IpAddress ip;            // the latest one
  std::string user_agent;  // may be empty
  std::string device_id;   // the caller's own name for the device; may be empty
  Time started;
  Time last_access;  // >= started
  bool remember_me = false;
  std::vector<ClientLink> clients;      // distinct, in the order in which they joined
  std::optional<TokenHash> token_hash;  // only for sessions made here

  friend bool operator==(const Session&, const Session&) = default;
};

// Checks every field against base/limits.h; the error names the field as the API spells it ("ipAddress").
Status validate_session(const Session& session);

// Why a session is no longer live.
enum class EndCause : std::uint8_t {
  kSignedOut = 0,   // the user, through the application
  kRevoked = 1,     // an operator
  kIdle = 2,        // policy: idle timeout
  kLifetime = 3,    // policy: absolute lifetime
  kConcurrent = 4,  // policy: most concurrent sessions per user
  kRealmRemoved = 5,
};
std::string_view to_string(
    EndCause cause);  // "signed_out", "revoked", "idle_timeout", "max_lifetime", "concurrent_limit", "realm_removed"

// What remains under an ended session's key: it refuses whatever arrives late.
struct Tombstone {
  Time ended;
  EndCause cause = EndCause::kRevoked;
  std::uint64_t audit_seq = 0;  // the record of the end
  friend bool operator==(const Tombstone&, const Tombstone&) = default;
};

}  // namespace curfew::session

template <>
struct std::hash<curfew::session::SessionKey> {
  std::size_t operator()(const curfew::session::SessionKey& k) const noexcept {
    const std::size_t h = std::hash<std::string_view>{}(k.id);
    return h ^ (static_cast<std::size_t>(k.realm.value) * 2 + static_cast<std::size_t>(k.type)) * 0x9e3779b97f4a7c15ULL;
  }
};
