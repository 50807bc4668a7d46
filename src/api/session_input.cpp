#include "api/session_input.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/text.h"

namespace curfew::api {
namespace {

constexpr std::array<std::string_view, 13> kStart{"op",      "type",      "id",        "userId",   "username",
                                                  "email",   "ipAddress", "userAgent", "deviceId", "rememberMe",
                                                  "clients", "started",   "lastAccess"};
constexpr std::array<std::string_view, 5> kTouch{"op", "type", "id", "at", "ipAddress"};
constexpr std::array<std::string_view, 6> kClient{"op", "type", "id", "clientId", "name", "at"};
constexpr std::array<std::string_view, 4> kEnd{"op", "type", "id", "at"};
constexpr std::array<std::string_view, 3> kLink{"clientId", "name", "since"};

Result<std::string> required_raw(const Fields& fields, std::string_view name) {
  CURFEW_TRY(const auto text, fields.raw_text(name));
  if (!text) return fields.missing(name);
  return std::string(*text);
}

Result<std::string> raw_or_empty(const Fields& fields, std::string_view name) {
  CURFEW_TRY(const auto text, fields.raw_text(name));
  return std::string(text.value_or(std::string_view()));
}

Result<Time> not_ahead(Time time, Time now, const Fields& fields, std::string_view name) {
  if (time > now + kClockSkew)
    return fields.wrong(
        name, fields.path(name) + " is more than five minutes ahead of the server's clock (" + format_time(now) + ").");
  return std::min(time, now);
}

Result<std::vector<session::ClientLink>> read_clients(const Fields& fields, session::RealmId realm, Time started,
                                                      Time now, ClientNameList& names) {
  std::vector<session::ClientLink> clients;
  CURFEW_TRY(const auto items, fields.optional_array("clients", limits::kClientsPerSession));
  if (!items) return clients;
  std::size_t i = 0;
  for (const JsonValue item : *items) {
    session::ClientLink link;
    link.since = started;
    const std::string place = fields.path("clients[" + std::to_string(i++) + "]");
    std::string_view id;
    if (item.get(id) == simdjson::SUCCESS) {
      link.client_id = id;
    } else {
      CURFEW_TRY(const auto members, Fields::open(item, kLink, place + "."));
      CURFEW_TRY(link.client_id, required_raw(members, "clientId"));
      CURFEW_TRY(const auto name, members.optional_text("name", limits::kDisplayName));
      CURFEW_TRY(const auto since, members.optional_time("since"));
      if (since) {
        CURFEW_TRY(link.since, not_ahead(*since, now, members, "since"));
      }
      if (name) names.push_back({realm, link.client_id, *name});
    }
    if (const auto status = check_identifier(place, link.client_id, limits::kClientId); !status)
      return tl::make_unexpected(status.error());
    for (const session::ClientLink& other : clients)
      if (other.client_id == link.client_id) return invalid(place, "Name each client once.");
    clients.push_back(std::move(link));
  }
  return clients;
}

Result<session::SessionKey> read_key(const Fields& fields, session::RealmId realm) {
  session::SessionKey key;
  key.realm = realm;
  CURFEW_TRY(const std::string type, required_raw(fields, "type"));
  auto parsed = session::parse_session_type(type);
  if (!parsed) return fields.wrong("type", "type is regular or offline.");
  key.type = *parsed;
  CURFEW_TRY(key.id, fields.identifier("id", limits::kSessionId));
  return key;
}

Result<session::Command> read_start(const JsonValue& value, session::RealmId realm, Time now, ClientNameList& names) {
  CURFEW_TRY(const auto fields, Fields::open(value, kStart));
  CURFEW_TRY(auto key, read_key(fields, realm));
  CURFEW_TRY(auto session, read_session(fields, std::move(key), now, names));
  return session::StartSession{std::move(session)};
}

Result<session::Command> read_touch(const JsonValue& value, session::RealmId realm, Time now) {
  CURFEW_TRY(const auto fields, Fields::open(value, kTouch));
  session::TouchSession touch;
  CURFEW_TRY(touch.key, read_key(fields, realm));
  if (!fields.has("at")) return fields.missing("at");
  CURFEW_TRY(touch.at, read_at(fields, "at", now));
  CURFEW_TRY(touch.ip, read_ip(fields));
  return touch;
}

Result<session::Command> read_join(const JsonValue& value, session::RealmId realm, Time now, ClientNameList& names) {
  CURFEW_TRY(const auto fields, Fields::open(value, kClient));
  session::JoinClient join;
  CURFEW_TRY(join.key, read_key(fields, realm));
  CURFEW_TRY(join.client_id, fields.identifier("clientId", limits::kClientId));
  CURFEW_TRY(join.at, read_at(fields, "at", now));
  CURFEW_TRY(const auto name, fields.optional_text("name", limits::kDisplayName));
  if (name) names.push_back({realm, join.client_id, *name});
  return join;
}

Result<session::Command> read_end(const JsonValue& value, session::RealmId realm, Time now) {
  CURFEW_TRY(const auto fields, Fields::open(value, kEnd));
  session::EndSession end;
  CURFEW_TRY(end.key, read_key(fields, realm));
  CURFEW_TRY(end.at, read_at(fields, "at", now));
  end.cause = session::EndCause::kSignedOut;
  return end;
}

}  // namespace

Result<session::Session> read_session(const Fields& fields, session::SessionKey key, Time now, ClientNameList& names) {
  session::Session session;
  session.key = std::move(key);
  CURFEW_TRY(session.user_id, required_raw(fields, "userId"));
  CURFEW_TRY(session.username, required_raw(fields, "username"));
  CURFEW_TRY(session.email, raw_or_empty(fields, "email"));
  CURFEW_TRY(session.user_agent, raw_or_empty(fields, "userAgent"));
  CURFEW_TRY(session.device_id, raw_or_empty(fields, "deviceId"));
  CURFEW_TRY(const auto ip, read_ip(fields));
  if (!ip) return fields.missing("ipAddress");
  session.ip = *ip;
  CURFEW_TRY(const auto remember_me, fields.optional_boolean("rememberMe"));
  session.remember_me = remember_me.value_or(false);
  CURFEW_TRY(session.started, read_at(fields, "started", now));
  session.last_access = session.started;
  if (fields.has("lastAccess")) {
    CURFEW_TRY(session.last_access, read_at(fields, "lastAccess", now));
    if (!fields.has("started")) session.started = session.last_access;
  }
  const std::size_t named = names.size();
  auto clients = read_clients(fields, session.key.realm, session.started, now, names);
  Status status = clients ? Status() : Status(tl::make_unexpected(clients.error()));
  if (status) {
    session.clients = *std::move(clients);
    status = session::validate_session(session);
  }
  if (!status) {
    names.resize(named);
    return tl::make_unexpected(std::move(status).error());
  }
  return session;
}

Result<Time> read_at(const Fields& fields, std::string_view name, Time now) {
  CURFEW_TRY(const auto at, fields.optional_time(name));
  if (!at) return now;
  return not_ahead(*at, now, fields, name);
}

Result<std::optional<IpAddress>> read_ip(const Fields& fields) {
  CURFEW_TRY(const auto text, fields.raw_text("ipAddress"));
  if (!text) return std::nullopt;
  auto ip = IpAddress::parse(*text);
  if (ip) return *ip;
  Error error = std::move(ip).error();
  error.field = fields.path("ipAddress");
  return tl::make_unexpected(std::move(error));
}

Result<session::Command> read_operation(const JsonValue& value, session::RealmId realm, Time now,
                                        ClientNameList& names) {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) return invalid("", "Each line is a JSON object.");
  std::string_view op;
  if (object.at_key("op").get(op) != simdjson::SUCCESS)
    return fail(ErrorCode::kInvalidArgument, "missing_field", "op is required: start, touch, client or end.", "op");
  if (op == "touch") return read_touch(value, realm, now);
  if (op == "start") return read_start(value, realm, now, names);
  if (op == "client") return read_join(value, realm, now, names);
  if (op == "end") return read_end(value, realm, now);
  return invalid("op", "op is start, touch, client or end.");
}

Error outcome_error(const engine::CommandResult& result, ErrorCode absent_is) {
  using session::Outcome;
  const bool begins = absent_is == ErrorCode::kConflict;
  std::string when;
  if (result.tombstone)
    when = " It ended at " + format_time(result.tombstone->ended) + ", cause " +
           std::string(session::to_string(result.tombstone->cause)) + ".";
  switch (result.outcome) {
    case Outcome::kAlreadyEnded:
      if (begins)
        return {absent_is, "already_ended",
                "A session of this type and id has ended; what is ended never comes back." + when, ""};
      return {absent_is, "not_active", "This session is not active." + when, ""};
    case Outcome::kNotFound:
      return {absent_is, "not_active", "There is no active session of this type and id.", ""};
    case Outcome::kUserMismatch:
      return {ErrorCode::kConflict, "user_mismatch", "A live session of another user has this type and id.", "userId"};
    case Outcome::kTooManyClients:
      return {ErrorCode::kConflict, "too_many_clients",
              "A session holds at most " + std::to_string(limits::kClientsPerSession) + " clients.", ""};
    default:
      return {ErrorCode::kInternal, "", "", ""};
  }
}

}  // namespace curfew::api
