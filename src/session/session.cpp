#include "session/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/limits.h"
#include "base/text.h"

namespace curfew::session {
namespace {

Status check_id(const std::string& id) {
  CURFEW_TRY_STATUS(check_identifier("id", id, limits::kSessionId));
  // An id is one segment of a path, and stays one whatever a proxy does to the path.
  if (id.find('/') != std::string::npos) return invalid("id", "id must not hold '/'");
  if (id == "." || id == "..") return invalid("id", "id must not be '.' or '..'");
  return {};
}

Status check_time(const char* field, Time time) {
  if (time >= kMinTime && time <= kMaxTime) return {};
  return invalid(field, fmt::format("{} must lie in the years 1970 to 9999", field));
}

Status check_clients(const std::vector<ClientLink>& clients) {
  if (clients.size() > limits::kClientsPerSession) {
    return invalid("clients", fmt::format("clients may hold at most {} clients", limits::kClientsPerSession));
  }
  for (std::size_t i = 0; i < clients.size(); ++i) {
    CURFEW_TRY_STATUS(check_text("clients", clients[i].client_id, limits::kClientId));
    CURFEW_TRY_STATUS(check_time("clients", clients[i].since));
    for (std::size_t j = 0; j < i; ++j) {
      if (clients[j].client_id == clients[i].client_id)
        return invalid("clients", "clients must not name a client twice");
    }
  }
  return {};
}

}  // namespace

std::string_view to_string(SessionType type) {
  return type == SessionType::kOffline ? "offline" : "regular";
}

Result<SessionType> parse_session_type(std::string_view text) {
  if (text == "regular") return SessionType::kRegular;
  if (text == "offline") return SessionType::kOffline;
  return invalid("type", "type must be regular or offline");
}

std::string_view to_string(EndCause cause) {
  switch (cause) {
    case EndCause::kSignedOut:
      return "signed_out";
    case EndCause::kRevoked:
      return "revoked";
    case EndCause::kIdle:
      return "idle_timeout";
    case EndCause::kLifetime:
      return "max_lifetime";
    case EndCause::kConcurrent:
      return "concurrent_limit";
    case EndCause::kRealmRemoved:
      return "realm_removed";
  }
  return "revoked";
}

TokenHash hash_token(std::string_view token) {
  const Digest digest = sha256(token);
  TokenHash hash;
  std::copy_n(digest.begin(), hash.size(), hash.begin());
  return hash;
}

Status validate_session(const Session& session) {
  CURFEW_TRY_STATUS(check_id(session.key.id));
  CURFEW_TRY_STATUS(check_text("userId", session.user_id, limits::kUserId));
  CURFEW_TRY_STATUS(check_text("username", session.username, limits::kUsername));
  CURFEW_TRY_STATUS(check_text("email", session.email, limits::kEmail, true));
  CURFEW_TRY_STATUS(check_text("userAgent", session.user_agent, limits::kUserAgent, true));
  CURFEW_TRY_STATUS(check_text("deviceId", session.device_id, limits::kDeviceId, true));
  CURFEW_TRY_STATUS(check_time("started", session.started));
  CURFEW_TRY_STATUS(check_time("lastAccess", session.last_access));
  if (session.last_access < session.started) return invalid("lastAccess", "lastAccess must not be before started");
  return check_clients(session.clients);
}

}  // namespace curfew::session
