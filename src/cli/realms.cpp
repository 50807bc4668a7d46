// curfew realms list, show, create, update, delete; curfew stats. The realm as a file: realm_code.cpp.
#include <memory>

#include <boost/json/object.hpp>

#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/policy_options.h"
#include "cli/text_width.h"

namespace curfew::cli {

namespace {

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

// "desktop 7, mobile 2": the kinds that there are.
std::string devices_text(const boost::json::value& stats) {
  const auto* devices = at(stats, "devices");
  std::string out;
  if (devices == nullptr || !devices->is_object()) return out;
  for (const auto& [kind, count] : devices->get_object())
    if (const auto number = number_at(count, ""); number > 0)
      out += (out.empty() ? "" : ", ") + safe_text(std::string_view(kind.data(), kind.size())) + " " + grouped(number);
  return out;
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
  c.add(realms_export_command());
  c.add(realms_apply_command());
  c.add(realms_simulate_command());
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
                           << grouped(number_at(s, "sessions.offline")) << " offline.\n";
      if (const auto devices = devices_text(s); !devices.empty())
        context.terminal.out << "Devices: " << devices << ".\n";
      context.terminal.out << "\n";
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
