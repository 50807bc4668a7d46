#include "api/json_out.h"

#include <algorithm>
#include <charconv>

#include "base/crypto.h"
#include "base/text.h"

namespace curfew::api {
namespace {

std::string_view name_of(const engine::RealmTable& realms, session::RealmId id) {
  const engine::Realm* realm = realms.find(id);
  return realm != nullptr ? std::string_view(realm->name) : std::string_view();
}

// The request's own address with another cursor.
std::string with_cursor(const Call& call, const std::optional<std::string>& cursor) {
  std::string out = call.head.path;
  char mark = '?';
  const auto add = [&](std::string_view name, std::string_view value) {
    out += mark;
    out += percent_encode(name);
    out += '=';
    out += percent_encode(value);
    mark = '&';
  };
  for (const auto& [name, value] : call.params.list())
    if (name != "cursor" && name != "offset") add(name, value);
  if (cursor) add("cursor", *cursor);
  return out;
}

}  // namespace

void append_text_or_null(JsonWriter& json, std::string_view name, std::string_view text) {
  json.key(name);
  if (text.empty())
    json.null();
  else
    json.string(text);
}

void append_time_or_null(JsonWriter& json, std::string_view name, const std::optional<Time>& time) {
  json.key(name);
  if (time)
    json.time(*time);
  else
    json.null();
}

void append_counts(JsonWriter& json, std::uint64_t regular, std::uint64_t offline) {
  json.begin_object();
  json.field("total", regular + offline).field("regular", regular).field("offline", offline);
  json.end_object();
}

void append_policy(JsonWriter& json, const session::Policy& policy) {
  const auto duration = [&](std::string_view name, const std::optional<Duration>& value) {
    json.key(name);
    if (value)
      json.string(format_duration(*value));
    else
      json.null();
  };
  json.begin_object();
  duration("idleTimeout", policy.idle_timeout);
  duration("maxLifetime", policy.max_lifetime);
  duration("rememberMeIdleTimeout", policy.remember_me_idle_timeout);
  duration("rememberMeMaxLifetime", policy.remember_me_max_lifetime);
  duration("offlineIdleTimeout", policy.offline_idle_timeout);
  duration("offlineMaxLifetime", policy.offline_max_lifetime);
  json.key("maxSessionsPerUser");
  if (policy.max_sessions_per_user)
    json.number(static_cast<std::uint64_t>(*policy.max_sessions_per_user));
  else
    json.null();
  json.field("sessionLimitAction", policy.victim == session::ConcurrencyVictim::kOldest
                                       ? std::string_view("end_oldest")
                                       : std::string_view("end_least_recently_used"));
  json.end_object();
}

void append_realm(JsonWriter& json, const engine::Realm& realm) {
  json.begin_object();
  json.field("name", realm.name).field("displayName", realm.display_name).field("createdAt", realm.created);
  json.key("policy");
  append_policy(json, realm.policy);
}

void append_client(JsonWriter& json, const index::ClientRow& client) {
  json.begin_object().field("clientId", client.client_id);
  json.field("name", client.name.empty() ? std::string_view(client.client_id) : std::string_view(client.name));
  json.key("sessions");
  append_counts(json, client.regular, client.offline);
  json.end_object();
}

void append_client_counts(JsonWriter& json, const index::Summary& summary, const ClientNames& names) {
  std::vector<std::pair<std::string, std::uint64_t>> clients(summary.clients.begin(), summary.clients.end());
  std::sort(clients.begin(), clients.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  json.key("clients").begin_array();
  for (const auto& [id, count] : clients)
    json.begin_object().field("clientId", id).field("name", names.of({}, id)).field("sessions", count).end_object();
  json.end_array();
}

void append_actor(JsonWriter& json, const session::Origin& origin) {
  json.begin_object();
  json.field("kind", session::to_string(origin.kind)).field("id", origin.actor_id).field("name", origin.actor_name);
  json.end_object();
}

void append_grants(JsonWriter& json, const std::vector<access::Grant>& grants) {
  json.begin_array();
  for (const access::Grant& grant : grants) {
    json.begin_object().field("realm", grant.realm).key("permissions").begin_array();
    for (const access::Permission permission : grant.permissions) json.string(access::to_string(permission));
    json.end_array().end_object();
  }
  json.end_array();
}

void append_own_user(JsonWriter& json, const std::optional<access::UserRef>& own) {
  if (!own) {
    json.null();
    return;
  }
  json.begin_object().field("realm", own->realm).field("userId", own->user_id).end_object();
}

void append_revocation(JsonWriter& json, const engine::Revocation& revocation, std::string_view realm_name,
                       const engine::RealmTable& realms, bool with_failures) {
  json.begin_object();
  json.field("id", revocation.id).field("realm", realm_name).field("state", engine::to_string(revocation.state));
  json.field("requested", revocation.requested).field("revoked", revocation.revoked);
  json.field("failed", revocation.failed).field("ownKept", revocation.own_kept);
  json.key("failures").begin_array();
  if (with_failures) {
    for (const engine::Failure& failure : revocation.failures) {
      json.begin_object().field("realm", name_of(realms, failure.key.realm));
      json.field("type", session::to_string(failure.key.type)).field("id", failure.key.id);
      append_text_or_null(json, "username", failure.username);
      append_text_or_null(json, "ipAddress", failure.ip ? failure.ip->to_string() : std::string());
      json.field("code", failure.code).field("detail", failure.detail).end_object();
    }
  }
  json.end_array();
  json.field("reason", revocation.reason).key("actor");
  append_actor(json, revocation.origin);
  json.field("startedAt", revocation.started_at);
  append_time_or_null(json, "finishedAt", revocation.finished_at);
  json.end_object();
}

std::string revocation_json(const engine::Revocation& revocation, std::string_view realm_name,
                            const engine::RealmTable& realms) {
  std::string body;
  JsonWriter json(body);
  append_revocation(json, revocation, realm_name, realms);
  return body;
}

// {"realm","userId","username","severity","signals":[{"rule","severity","reason","since"}]}
std::string raised_json(const engine::Engine& engine, const signal::Raised& raised) {
  const auto realms = engine.realms();
  const engine::Realm* realm = realms->find(raised.realm);
  const std::string user_id = engine.index().user_id(raised.realm, raised.user);
  const auto user = engine.index().user(raised.realm, user_id);
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("realm", realm != nullptr ? std::string_view(realm->name) : std::string_view());
  json.field("userId", user_id).field("username", user ? std::string_view(user->username) : std::string_view());
  json.field("severity", signal::to_string(raised.findings.severity)).key("signals").begin_array();
  for (const signal::Finding& finding : raised.findings.findings) {
    json.begin_object().field("rule", signal::to_string(finding.rule));
    json.field("severity", signal::to_string(finding.severity)).field("reason", finding.reason);
    json.field("since", finding.since).end_object();
  }
  json.end_array().end_object();
  return out;
}

std::string event_json(const engine::Engine& engine, const engine::Event& event) {
  if (event.raised) return raised_json(engine, *event.raised);
  const auto realms = engine.realms();
  const session::Session& session = *event.session;
  const engine::Realm* realm = realms->find(session.key.realm);
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  // A touch says what it changed and no more: there are far more of them than of all others.
  const bool touched = event.kind == engine::EventKind::kTouched;
  if (!touched) json.field("time", event.time);
  json.field("realm", realm != nullptr ? std::string_view(realm->name) : std::string_view());
  json.field("type", session::to_string(session.key.type)).field("id", session.key.id);
  if (!touched) json.field("userId", session.user_id).field("username", session.username);
  json.field("lastAccess", session.last_access).field("ipAddress", session.ip.to_string());
  if (event.kind == engine::EventKind::kStarted) {
    json.key("session");
    SessionNotes notes(engine);
    notes.collect(session);
    append_session(json, session, SessionView{.realm = realm, .notes = &notes, .now = event.time});
  }
  if (event.cause) json.field("cause", session::to_string(*event.cause));
  json.end_object();
  return out;
}

void append_as_of(JsonWriter& json, const engine::Engine::AsOf& as_of) {
  json.begin_object().field("position", as_of.position).field("time", as_of.time).end_object();
}

http::Response list_response(const Call& call, JsonWriter& json, std::string& body, const ListEnd& end) {
  json.end_array().field("total", end.total);
  append_text_or_null(json, "next", end.next.value_or(""));
  append_text_or_null(json, "previous", end.previous.value_or(""));
  json.key("asOf");
  append_as_of(json, end.as_of);
  json.end_object();
  http::Response response = json_response(200, std::move(body));
  std::string link = "<" + with_cursor(call, std::nullopt) + ">; rel=\"first\"";
  if (end.next) link += ", <" + with_cursor(call, end.next) + ">; rel=\"next\"";
  if (end.previous) link += ", <" + with_cursor(call, end.previous) + ">; rel=\"prev\"";
  response.headers.push_back({"Link", std::move(link)});
  return response;
}

Result<std::uint64_t> page_offset(const PageParams& page) {
  if (!page.cursor) return page.offset;
  const auto bad = [] { return invalid("cursor", "Use a cursor that this list gave."); };
  const auto text = from_base64url(*page.cursor);
  if (!text || text->size() < 2 || text->front() != 'o') return bad();
  std::uint64_t offset = 0;
  const char* last = text->data() + text->size();
  const auto [end, error] = std::from_chars(text->data() + 1, last, offset);
  if (error != std::errc{} || end != last || offset > std::uint64_t{1} << 53) return bad();
  return offset;
}

void set_offset_cursors(ListEnd& end, const PageParams& page, std::uint64_t offset, std::uint64_t shown) {
  if (offset + shown < end.total) end.next = base64url("o" + std::to_string(offset + shown));
  if (offset > 0 && end.total > 0)
    end.previous = base64url("o" + std::to_string(offset > page.limit ? offset - page.limit : 0));
}

}  // namespace curfew::api
