// curfew realms list, show, create, update, delete; curfew stats.
#include <charconv>
#include <memory>

#include <boost/json/object.hpp>

#include "cli/commands.h"
#include "cli/filters.h"
#include "cli/json_view.h"
#include "cli/text_width.h"

namespace curfew::cli {

namespace {

// A policy's members as options; "none" removes a limit.
struct PolicyOptions {
  std::optional<std::string> idle_timeout, max_lifetime, remember_me_idle_timeout, remember_me_max_lifetime,
      offline_idle_timeout, offline_max_lifetime, max_sessions_per_user, session_limit_action;

  void add_to(Command& command) {
    command.option("idle-timeout", "DURATION", &idle_timeout,
                   "End a regular session that is not used for so long: PT30M; none: never.");
    command.option("max-lifetime", "DURATION", &max_lifetime,
                   "End a regular session this long after its start; none: never.");
    command.option("remember-me-idle-timeout", "DURATION", &remember_me_idle_timeout,
                   "Instead of --idle-timeout, with remember-me; none: the same.");
    command.option("remember-me-max-lifetime", "DURATION", &remember_me_max_lifetime,
                   "Instead of --max-lifetime, with remember-me; none: the same.");
    command.option("offline-idle-timeout", "DURATION", &offline_idle_timeout,
                   "End an offline session that is not used for so long; none: never.");
    command.option("offline-max-lifetime", "DURATION", &offline_max_lifetime,
                   "End an offline session this long after its start; none: never.");
    command.option("max-sessions-per-user", "N", &max_sessions_per_user,
                   "Regular sessions that a user may have at once, 1 to 10,000; none: any number.");
    command.option("session-limit-action", "ACTION", &session_limit_action, "Which session makes room for a new one.")
        .choices = {"end_oldest", "end_least_recently_used"};
  }

  // The API's PolicyChange; empty when nothing was given.
  Result<boost::json::object> body() const {
    boost::json::object out;
    const std::tuple<const char*, const char*, const std::optional<std::string>*> durations[] = {
        {"--idle-timeout", "idleTimeout", &idle_timeout},
        {"--max-lifetime", "maxLifetime", &max_lifetime},
        {"--remember-me-idle-timeout", "rememberMeIdleTimeout", &remember_me_idle_timeout},
        {"--remember-me-max-lifetime", "rememberMeMaxLifetime", &remember_me_max_lifetime},
        {"--offline-idle-timeout", "offlineIdleTimeout", &offline_idle_timeout},
        {"--offline-max-lifetime", "offlineMaxLifetime", &offline_max_lifetime}};
    for (const auto& [option, member, value] : durations) {
      if (!*value) continue;
      if (**value == "none") {
        out[member] = nullptr;
        continue;
      }
      CURFEW_TRY_STATUS(check_duration(option, **value));
      out[member] = **value;
    }
    if (max_sessions_per_user) {
      std::int64_t number = 0;
      const auto& text = *max_sessions_per_user;
      const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
      const bool is_number = bad == std::errc{} && end == text.data() + text.size() && number >= 1 && number <= 10'000;
      if (text != "none" && !is_number)
        return invalid("--max-sessions-per-user", "--max-sessions-per-user takes a number from 1 to 10,000, or none.");
      out["maxSessionsPerUser"] = text == "none" ? boost::json::value(nullptr) : boost::json::value(number);
    }
    if (session_limit_action) out["sessionLimitAction"] = *session_limit_action;
    return out;
  }
};

std::string realms_path() {
  return std::string(kApi) + "/realms";
}

Column limit_column(std::string title, std::string member) {
  Column column{.title = std::move(title), .name = member, .path = "policy." + member};
  column.text = [path = column.path](const auto& realm) {
    const auto text = text_at(realm, path);
    return text.empty() ? "none" : text;
  };
  return column;
}

std::vector<Column> realm_detail_columns() {
  auto columns = realm_columns();
  columns.push_back(limit_column("Max Lifetime", "maxLifetime"));
  columns.push_back(limit_column("Remember Me Idle Timeout", "rememberMeIdleTimeout"));
  columns.push_back(limit_column("Remember Me Max Lifetime", "rememberMeMaxLifetime"));
  columns.push_back(limit_column("Offline Idle Timeout", "offlineIdleTimeout"));
  columns.push_back(limit_column("Offline Max Lifetime", "offlineMaxLifetime"));
  columns.push_back(limit_column("Session Limit Action", "sessionLimitAction"));
  columns.push_back({.title = "Created", .name = "createdAt", .kind = Kind::kTime, .path = "createdAt"});
  return columns;
}

Command list_command() {
  struct Options {
    std::optional<std::string> search;
    Paging paging;
  };
  auto o = std::make_shared<Options>();
  auto c = make_command("list", "List the realms in which the key holds a permission");
  c.uses_server = true;
  c.option("search", "TEXT", &o->search, "Part of the name.");
  o->paging.add_to(c, true);
  c.example("realms list", "Which realms are there, and how many sessions have they?");
  c.run = [o](Context& context) -> Result<int> {
    ListRequest request{realms_path(), {}, "realm", "No realms match."};
    if (o->search) request.query.emplace_back("search", *o->search);
    return list(context, request, o->paging, realm_columns());
  };
  return c;
}

Command show_command() {
  auto name = std::make_shared<std::string>();
  auto c = make_command("show", "Show one realm and its policy");
  c.uses_server = true;
  c.argument("REALM", name.get(), "Its name.");
  c.example("realms show production", "When do sessions of production end by themselves?");
  c.run = [name](Context& context) -> Result<int> {
    CURFEW_TRY(auto* api, context.api());
    CURFEW_TRY(const auto answer, api->get(realm_path(*name)));
    print_one(context, answer.body, realm_detail_columns());
    return kExitDone;
  };
  return c;
}

struct ChangeOptions {
  std::string name;
  std::optional<std::string> display_name;
  PolicyOptions policy;
};

Command change_command(bool create) {
  auto o = std::make_shared<ChangeOptions>();
  auto c = create ? make_command("create", "Create a realm")
                  : make_command("update", "Change a realm's display name or policy",
                                 "What is not given stays as it is. A stricter policy ends the sessions that are over "
                                 "it within seconds.");
  c.uses_server = true;
  c.argument("REALM", &o->name, create ? "Its name: letters, digits, dots, underscores and hyphens." : "Its name.");
  c.option("display-name", "TEXT", &o->display_name, "Its name for people.");
  o->policy.add_to(c);
  if (create)
    c.example("realms create production --display-name Production --idle-timeout PT30M --max-lifetime PT12H",
              "A realm whose sessions end by themselves:");
  else
    c.example("realms update production --idle-timeout PT15M --max-sessions-per-user none", "Change two limits:");
  c.run = [o, create](Context& context) -> Result<int> {
    boost::json::object body;
    if (create) body["name"] = o->name;
    if (o->display_name) body["displayName"] = *o->display_name;
    CURFEW_TRY(auto policy, o->policy.body());
    if (!policy.empty()) body["policy"] = std::move(policy);
    if (body.empty()) return invalid("", "say what to change: --display-name, or one of the policy's options.");
    CURFEW_TRY(auto* api, context.api());
    CURFEW_TRY(const auto answer, create
                                      ? api->request(client::Method::kPost, realms_path(), {}, std::move(body))
                                      : api->request(client::Method::kPatch, realm_path(o->name), {}, std::move(body)));
    print_one(context, answer.body, realm_detail_columns());
    return kExitDone;
  };
  return c;
}

Command delete_command() {
  struct Options {
    std::string name;
    bool yes = false;
  };
  auto o = std::make_shared<Options>();
  auto c = make_command("delete", "Delete a realm and end all its sessions",
                        "Asks for the realm's name. Its audit records stay.");
  c.uses_server = true;
  c.argument("REALM", &o->name, "Its name.");
  c.flag("yes", &o->yes, "Don't ask.").letter = 'y';
  c.example("realms delete staging", "Delete a realm:");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(auto* api, context.api());
    if (!o->yes) {
      CURFEW_TRY(const auto realm, api->get(realm_path(o->name)));
      context.terminal.err << "This deletes realm " << safe_text(o->name) << " and ends its "
                           << counted(number_at(realm.body, "sessions.total"), "session") << ".\n";
      CURFEW_TRY(const bool agreed, context.confirm_by_typing("It can't be undone.", o->name));
      if (!agreed) return left_alone(context);
    }
    CURFEW_TRY_STATUS(api->request(client::Method::kDelete, realm_path(o->name)).map([](const auto&) {}));
    context.note("Realm " + safe_text(o->name) + " is deleted.");
    return kExitDone;
  };
  return c;
}

}  // namespace

std::vector<Column> realm_columns() {
  return {
      {.title = "Name", .name = "name", .path = "name", .least = 8},
      {.title = "Display Name", .name = "displayName", .path = "displayName"},
      {.title = "Regular", .name = "regular", .kind = Kind::kNumber, .path = "sessions.regular"},
      {.title = "Offline", .name = "offline", .kind = Kind::kNumber, .path = "sessions.offline"},
      {.title = "Users", .name = "users", .kind = Kind::kNumber, .path = "users"},
      limit_column("Idle Timeout", "idleTimeout"),
      limit_column("Max Per User", "maxSessionsPerUser"),
  };
}

Command realms_command() {
  auto c = make_command("realms", "Manage realms and the policies that end their sessions");
  c.add(list_command());
  c.add(show_command());
  c.add(change_command(true));
  c.add(change_command(false));
  c.add(delete_command());
  return c;
}

Command stats_command() {
  auto realm_flag = std::make_shared<std::optional<std::string>>();
  auto c = make_command("stats", "Show how many sessions there are, by kind and client");
  c.uses_server = true;
  c.option("realm", "NAME", realm_flag.get(), "The realm; - (the default) for all.");
  c.example("stats --realm production", "How busy is production?");
  c.run = [realm_flag](Context& context) -> Result<int> {
    CURFEW_TRY(const auto realm, context.realm(*realm_flag, "-"));
    CURFEW_TRY(auto* api, context.api());
    CURFEW_TRY(const auto answer, api->get(realm_path(realm, {"stats"})));
    const std::vector<Column> clients{
        {.title = "Client Id", .name = "clientId", .path = "clientId", .least = 12},
        {.title = "Regular", .name = "regular", .kind = Kind::kNumber, .path = "sessions.regular"},
        {.title = "Offline", .name = "offline", .kind = Kind::kNumber, .path = "sessions.offline"},
        {.title = "Total", .name = "total", .kind = Kind::kNumber, .path = "sessions.total"}};
    if (context.format() == Format::kTable) {
      const auto& s = answer.body;
      context.terminal.out << counted(number_at(s, "sessions.total"), "session") << " of "
                           << counted(number_at(s, "users"), "user") << ": "
                           << grouped(number_at(s, "sessions.regular")) << " regular, "
                           << grouped(number_at(s, "sessions.offline")) << " offline.\n\n";
    }
    if (context.format() == Format::kTable || context.format() == Format::kCsv)
      print_rows(context, array_at(answer.body, "clients"), clients);
    else
      print_one(context, answer.body, {});
    return kExitDone;
  };
  return c;
}

}  // namespace curfew::cli
