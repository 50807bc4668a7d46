// curfew users list, show, sessions, devices, history; curfew clients list.
#include <memory>

#include "cli/commands.h"
#include "cli/json_view.h"

namespace curfew::cli {

namespace {

struct UserOptions {
  std::optional<std::string> realm, sort;
  std::string user;
  Paging paging;
};

std::vector<Column> user_columns(bool with_realm) {
  return {
      {.title = with_realm ? "Realm" : "", .name = "realm", .path = "realm"},
      {.title = "Username", .name = "username", .path = "username", .least = 8},
      {.title = "Email", .name = "email", .path = "email", .least = 8},
      {.title = "Regular", .name = "regular", .kind = Kind::kNumber, .path = "sessions.regular"},
      {.title = "Offline", .name = "offline", .kind = Kind::kNumber, .path = "sessions.offline"},
      {.title = "Last Access", .name = "lastAccess", .kind = Kind::kTime, .path = "lastAccess"},
      {.title = "User Id", .name = "userId", .kind = Kind::kId, .path = "userId", .least = 9},
  };
}

Command list_command() {
  struct Options {
    std::optional<std::string> realm, search;
    Paging paging;
  };
  auto o = std::make_shared<Options>();
  auto c = make_command("list", "List users, with the numbers of their sessions");
  c.uses_server = true;
  c.option("realm", "NAME", &o->realm, "The realm; - (the default) for all.");
  c.option("search", "TEXT", &o->search, "Part of the username, email or id.");
  o->paging.add_to(c, true);
  c.example("users list --realm production --search jane", "Find a user:");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(const auto realm, context.realm(o->realm, "-"));
    ListRequest request{realm_path(realm, {"users"}), {}, "user", "No users match."};
    if (o->search) request.query.emplace_back("search", *o->search);
    return list(context, request, o->paging, user_columns(realm == "-"));
  };
  return c;
}

Command of_user(const std::string& name, const std::string& summary, const std::shared_ptr<UserOptions>& o) {
  auto c = make_command(name, summary);
  c.uses_server = true;
  c.option("realm", "NAME", &o->realm, "The realm.");
  c.argument("USER", &o->user, "The user's id, or the exact username.");
  return c;
}

Command show_command() {
  auto o = std::make_shared<UserOptions>();
  auto c = of_user("show", "Show one user", o);
  c.example("users show --realm production jane.doe", "How many sessions has jane.doe?");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(const auto realm, context.realm(o->realm));
    CURFEW_TRY(const auto id, resolve_id(context, realm_path(realm, {"users"}), o->user, "username", "userId"));
    CURFEW_TRY(auto* api, context.api());
    CURFEW_TRY(const auto answer, api->get(realm_path(realm, {"users", id})));
    print_one(context, answer.body, user_columns(true));
    return kExitDone;
  };
  return c;
}

Command user_sessions_command() {
  auto o = std::make_shared<UserOptions>();
  auto c = of_user("sessions", "List all live sessions of a user, both kinds", o);
  c.option("sort", "ORDER", &o->sort, "The order; a leading - for descending. -lastAccess otherwise.").choices = {
      "lastAccess", "-lastAccess", "started", "-started", "ipAddress", "-ipAddress"};
  o->paging.add_to(c, true);
  c.example("users sessions --realm production jane.doe", "Where is jane.doe signed in?");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(const auto realm, context.realm(o->realm));
    CURFEW_TRY(const auto id, user_id(context, realm, o->user));
    ListRequest request{
        realm_path(realm, {"users", id, "sessions"}), {}, "session", "This user has no active sessions."};
    if (o->sort) request.query.emplace_back("sort", *o->sort);
    return list(context, request, o->paging, session_columns(false, false));
  };
  return c;
}

Command history_command() {
  auto o = std::make_shared<UserOptions>();
  auto c = of_user("history", "List ended sessions of a user: when, why and by whom", o);
  o->paging.add_to(c, false);
  c.example("users history --realm production jane.doe", "Who ended the sessions of jane.doe, and when?");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(const auto realm, context.realm(o->realm));
    CURFEW_TRY(const auto id, user_id(context, realm, o->user));
    ListRequest request{
        realm_path(realm, {"users", id, "history"}), {}, "ended session", "This user has no ended sessions on record."};
    return list(context, request, o->paging, ended_columns());
  };
  return c;
}

// "Firefox on Windows"; the caller's own name for the device where there is one.
std::string device_name(const boost::json::value& device) {
  const auto family = text_at(device, "family"), id = text_at(device, "deviceId");
  const auto name = family.empty() ? text_at(device, "browser") : family;
  return id.empty() ? name : name.empty() ? id : id + " (" + name + ")";
}

Command devices_command() {
  auto o = std::make_shared<UserOptions>();
  auto c = of_user("devices", "List the devices of a user: when and from where each was used", o);
  c.description = "To end the sessions of one: curfew sessions revoke --realm REALM --user USER --device KEY.";
  c.example("users devices --realm production jane.doe", "What is jane.doe signed in on?");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(const auto realm, context.realm(o->realm));
    CURFEW_TRY(const auto id, user_id(context, realm, o->user));
    const ListRequest request{
        realm_path(realm, {"users", id, "devices"}), {}, "device", "No device of this user is known."};
    const auto addresses = [](const auto& d) { return joined(array_at(d, "addresses")); };
    return list(context, request, {},
                {{.title = "Device", .text = device_name, .least = 12},
                 {.title = "Kind", .name = "kind", .path = "kind"},
                 {.title = "OS", .name = "os", .path = "os", .spare = 1},
                 {.title = "Browser", .name = "browser", .path = "browser", .spare = 1},
                 {.title = "First Seen", .name = "firstSeen", .kind = Kind::kTime, .path = "firstSeen"},
                 {.title = "Last Seen", .name = "lastSeen", .kind = Kind::kTime, .path = "lastSeen"},
                 {.title = "New", .name = "new", .kind = Kind::kYesNo, .path = "new"},
                 {.title = "Sessions", .name = "sessions", .kind = Kind::kNumber, .path = "sessions.total"},
                 {.name = "regular", .path = "sessions.regular"},
                 {.name = "offline", .path = "sessions.offline"},
                 {.title = "Addresses", .name = "addresses", .text = addresses, .least = 15, .spare = 2},
                 {.title = "Key", .name = "key", .path = "key", .least = 12},
                 {.name = "family", .path = "family"},
                 {.name = "deviceId", .path = "deviceId"}});
  };
  return c;
}

}  // namespace

Result<std::string> user_id(Context& context, const std::string& realm, const std::string& user) {
  auto id = resolve_id(context, realm_path(realm, {"users"}), user, "username", "userId");
  if (!id && id.error().code == ErrorCode::kPermissionDenied) return user;
  return id;
}

std::vector<Column> ended_columns() {
  return {
      {.title = "Ended", .name = "ended", .kind = Kind::kTime, .path = "ended"},
      {.title = "Cause", .name = "cause", .path = "cause"},
      {.title = "By", .name = "actor", .path = "actor.name"},
      {.title = "Reason", .name = "reason", .path = "reason"},
      {.title = "IP Address", .name = "ipAddress", .path = "ipAddress", .least = 15},
      {.title = "Started", .name = "started", .kind = Kind::kTime, .path = "started"},
      {.title = "Last Access", .name = "lastAccess", .kind = Kind::kTime, .path = "lastAccess"},
      {.title = "Type", .name = "type", .kind = Kind::kType, .path = "type"},
      {.title = "Clients", .name = "clients", .text = [](const auto& s) { return joined(array_at(s, "clients")); }},
      {.title = "Id", .name = "id", .kind = Kind::kId, .path = "id", .least = 9},
      {.name = "username", .path = "username"},
      {.name = "revocation", .path = "revocation"},
      {.name = "auditSeq", .path = "auditSeq"},
  };
}

Result<std::string> resolve_id(Context& context, std::string_view list_path, std::string_view name,
                               std::string_view name_member, std::string_view id_member) {
  CURFEW_TRY(auto* api, context.api());
  const auto direct = api->get(client::path_of(list_path, {name}));
  if (direct) {
    const auto id = text_at(direct->body, id_member);
    return id.empty() ? std::string(name) : id;
  }
  // An id has stricter characters than a name: what is no id at all may still be a name.
  if (direct.error().code != ErrorCode::kNotFound && direct.error().code != ErrorCode::kInvalidArgument)
    return tl::unexpected(direct.error());
  client::Fields query{{"search", std::string(name)}, {"limit", "500"}};
  for (;;) {
    CURFEW_TRY(const auto page, api->get(std::string(list_path), query));
    for (const auto& item : array_at(page.body, "items"))
      if (text_at(item, name_member) == name) return text_at(item, id_member);
    const auto next = text_at(page.body, "next");
    if (next.empty() || array_at(page.body, "items").empty()) return tl::unexpected(direct.error());
    query = {{"search", std::string(name)}, {"limit", "500"}, {"cursor", next}};
  }
}

Command users_command() {
  auto c = make_command("users", "List users, their sessions and devices, and how sessions ended");
  c.add(list_command());
  c.add(show_command());
  c.add(user_sessions_command());
  c.add(devices_command());
  c.add(history_command());
  return c;
}

Command clients_command() {
  struct Options {
    std::optional<std::string> realm, search;
    Paging paging;
  };
  auto o = std::make_shared<Options>();
  auto l = make_command("list", "List client applications, with the numbers of their sessions");
  l.uses_server = true;
  l.option("realm", "NAME", &o->realm, "The realm; - (the default) for all.");
  l.option("search", "TEXT", &o->search, "Part of the id or name.");
  o->paging.add_to(l, true);
  l.example("clients list --realm production", "Which applications are people signed in to?");
  l.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(const auto realm, context.realm(o->realm, "-"));
    ListRequest request{realm_path(realm, {"clients"}), {}, "client", "No clients match."};
    if (o->search) request.query.emplace_back("search", *o->search);
    return list(context, request, o->paging,
                {{.title = "Client Id", .name = "clientId", .path = "clientId", .least = 12},
                 {.title = "Name", .name = "name", .path = "name"},
                 {.title = "Regular", .name = "regular", .kind = Kind::kNumber, .path = "sessions.regular"},
                 {.title = "Offline", .name = "offline", .kind = Kind::kNumber, .path = "sessions.offline"},
                 {.title = "Total", .name = "total", .kind = Kind::kNumber, .path = "sessions.total"}});
  };
  auto c = make_command("clients", "List client applications");
  c.add(std::move(l));
  return c;
}

}  // namespace curfew::cli
