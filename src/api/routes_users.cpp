// Users and clients of the live sessions, and the sessions of a user that have ended.
#include <algorithm>

#include "api/audit_page.h"
#include "api/counted_list.h"
#include "api/services.h"
#include "api/session_list.h"
#include "base/limits.h"
#include "base/text.h"

namespace curfew::api {
namespace {

using access::Permission;
using http::Method;

void append_user(JsonWriter& json, const index::UserRow& user, std::string_view realm) {
  json.begin_object().field("realm", realm).field("userId", user.user_id).field("username", user.username);
  append_text_or_null(json, "email", user.email);
  json.key("sessions");
  append_counts(json, user.regular, user.offline);
  append_time_or_null(json, "lastAccess", user.last_access);
  json.end_object();
}

// Millions of names may hold a letter, and those of several realms are put in order up to the page.
bool many_are_read(const Call& call) {
  const auto given = [&](std::string_view name) {
    const std::string* value = call.params.find(name);
    return value != nullptr && !value->empty();
  };
  return given("search") || (call.scope.size() > 1 && (given("offset") || given("cursor")));
}

Result<http::Response> list_users(Services& services, const Call& call) {
  CURFEW_TRY(const auto page, parse_page(call.params));
  CURFEW_TRY(const std::uint64_t offset, page_offset(page));
  CURFEW_TRY(const auto search, call.params.text("search", limits::kSearch, true));
  index::UserPage users;
  ListEnd end;
  {
    const index::Index& index = services.engine.index();
    const index::Index::ReadLock lock(index,
                                      many_are_read(call) ? index.stay(call.scope_ids()) : index::Index::Stay::kBrief);
    users = index.users(call.scope_ids(), search.value_or(""), offset, page.limit);
    end.as_of = services.engine.as_of();
  }
  end.total = users.total;
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("items").begin_array();
  for (const index::UserRow& user : users.rows) {
    const engine::Realm* realm = call.realms->find(user.realm);
    append_user(json, user, realm != nullptr ? std::string_view(realm->name) : std::string_view());
  }
  set_offset_cursors(end, page, offset, users.rows.size());
  return list_response(call, json, body, end);
}

void ask_for_users(Services& services, Call call) {
  if (!many_are_read(call)) return at_once<list_users>(services, std::move(call));
  in_questions<list_users>(services, std::move(call));
}

Result<index::UserRow> find_user(Services& services, const Call& call) {
  const std::string_view id = call.variable("userId");
  CURFEW_TRY_STATUS(check_text("userId", id, limits::kUserId));
  const index::Index& index = services.engine.index();
  const index::Index::ReadLock lock(index);
  auto user = index.user(call.realm->id, id);
  if (!user) return fail(ErrorCode::kNotFound, "", "There is no user with this id here.", "userId");
  return *std::move(user);
}

Result<http::Response> get_user(Services& services, const Call& call) {
  CURFEW_TRY(const auto user, find_user(services, call));
  std::string body;
  JsonWriter json(body);
  append_user(json, user, call.realm->name);
  return json_response(200, std::move(body));
}

void list_user_sessions(Services& services, Call call) {
  const auto user = find_user(services, call);
  if (!user) return call.refuse(user.error());
  index::Filter filter;
  filter.user = user->user_id;
  list_matching(services, std::move(call), std::move(filter));
}

void append_ended(JsonWriter& json, const audit::Record& record) {
  json.begin_object();
  json.field("type", session::to_string(record.session_type.value_or(session::SessionType::kRegular)));
  json.field("id", record.session_id).field("realm", record.realm_name);
  json.field("userId", record.user_id).field("username", record.username);
  append_text_or_null(json, "ipAddress", record.session_ip ? record.session_ip->to_string() : std::string());
  append_text_or_null(json, "userAgent", record.user_agent);
  json.key("clients").begin_array();
  std::string_view clients = record.clients;
  while (!clients.empty()) {
    const std::size_t end = std::min(clients.find('\n'), clients.size());
    json.string(clients.substr(0, end));
    clients.remove_prefix(std::min(end + 1, clients.size()));
  }
  json.end_array();
  append_time_or_null(json, "started", record.session_started);
  append_time_or_null(json, "lastAccess", record.session_last_access);
  json.field("ended", record.time).field("cause", record.code).key("actor");
  append_actor(json, record.origin);
  json.field("reason", record.reason);
  append_text_or_null(json, "revocation", record.revocation);
  json.field("auditSeq", record.seq).end_object();
}

// Also of users who are not known any more: what has ended outlives them.
Result<http::Response> list_user_history(Services& services, const Call& call) {
  const std::string_view id = call.variable("userId");
  CURFEW_TRY_STATUS(check_text("userId", id, limits::kUserId));
  engine::AuditQuery query;
  query.realms = call.scope_ids();
  query.action = audit::action::kSessionEnded;
  query.outcome = audit::AuditOutcome::kSuccess;
  query.user = id;
  return audit_page(services, call, std::move(query), [](JsonWriter& json, std::string&, const audit::Sealed& sealed) {
    append_ended(json, sealed.record);
  });
}

Result<http::Response> list_clients(Services& services, const Call& call) {
  CURFEW_TRY(const auto search, call.params.text("search", limits::kSearch, true));
  std::vector<index::ClientRow> clients;
  {
    const index::Index& index = services.engine.index();
    const index::Index::ReadLock lock(index);
    clients = index.clients(call.scope_ids(), search.value_or(""));
  }
  return counted_list(services, call, clients, append_client);
}

Route route(std::string_view pattern, std::string_view operation, Permission permission, bool all_realms,
            Handler handler, std::vector<std::string_view> parameters = {}) {
  return {.method = Method::kGet,
          .pattern = pattern,
          .operation = operation,
          .access = Access::kRealm,
          .permission = permission,
          .all_realms = all_realms,
          .parameters = std::move(parameters),
          .handler = handler};
}

}  // namespace

std::vector<Route> user_routes() {
  return {
      route("/api/v1/realms/{realm}/users", "listUsers", Permission::kUsersRead, true, ask_for_users,
            {"search", "limit", "cursor", "offset"}),
      route("/api/v1/realms/{realm}/users/{userId}", "getUser", Permission::kUsersRead, false, at_once<get_user>),
      route("/api/v1/realms/{realm}/users/{userId}/sessions", "listUserSessions", Permission::kSessionsRead, false,
            list_user_sessions, {"sort", "limit", "cursor", "offset"}),
      route("/api/v1/realms/{realm}/users/{userId}/history", "listUserHistory", Permission::kSessionsRead, false,
            in_background<list_user_history>, {"limit", "cursor"}),
      route("/api/v1/realms/{realm}/clients", "listClients", Permission::kSessionsRead, true, at_once<list_clients>,
            {"search", "limit", "cursor", "offset"}),
  };
}

}  // namespace curfew::api
