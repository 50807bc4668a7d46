// curfew sessions list, show.
#include <memory>

#include "cli/commands.h"
#include "cli/filters.h"
#include "cli/json_view.h"

namespace curfew::cli {

namespace {

// "Firefox 141 on Windows 11 (desktop)", as far as that is known.
std::string device_text(const boost::json::value& session) {
  const auto browser = text_at(session, "device.browser"), os = text_at(session, "device.os"),
             kind = text_at(session, "device.kind"), family = text_at(session, "device.family");
  std::string out = browser.empty() || os.empty() ? family : browser + " on " + os;
  if (!kind.empty() && kind != "unknown") out += (out.empty() ? "" : " (") + kind + (out.empty() ? "" : ")");
  return out;
}

std::string location_text(const boost::json::value& session) {
  std::string out;
  for (const auto* member : {"location.city", "location.country", "location.network", "location.organization"})
    if (const auto part = text_at(session, member); !part.empty()) out += (out.empty() ? "" : ", ") + part;
  if (is_true(session, "location.anonymizer")) out += std::string(out.empty() ? "" : ", ") + "anonymizer";
  return out;
}

// "high: many_networks, new_network".
std::string signals_text(const boost::json::value& session) {
  const auto rules = joined(array_at(session, "signals"), "rule"), severity = text_at(session, "severity");
  return severity.empty() || rules.empty() ? severity + rules : severity + ": " + rules;
}

std::string reasons_text(const boost::json::value& session) {
  std::string out;
  for (const auto& signal : array_at(session, "signals")) {
    out += (out.empty() ? "" : "; ") + text_at(signal, "reason");
    if (const auto threshold = text_at(signal, "threshold"); !threshold.empty()) out += " (from " + threshold + ")";
  }
  return out;
}

// What each signal rests on, as a table of its own.
void print_evidence(Context& context, const boost::json::value& session) {
  boost::json::array rows;
  for (const auto& signal : array_at(session, "signals"))
    for (const auto& evidence : array_at(signal, "evidence")) {
      auto row = evidence.is_object() ? evidence.get_object() : boost::json::object{};
      row["rule"] = text_at(signal, "rule");
      rows.emplace_back(std::move(row));
    }
  if (rows.empty()) return;
  context.terminal.out << "\n";
  print_table(context, rows,
              {{.title = "Signal", .path = "rule"},
               {.title = "At", .kind = Kind::kTime, .path = "at"},
               {.title = "IP Address", .path = "ipAddress", .least = 15},
               {.title = "Type", .kind = Kind::kType, .path = "type"},
               {.title = "Id", .kind = Kind::kId, .path = "id", .least = 9},
               {.title = "What", .path = "detail", .least = 12}},
              context.terminal.out);
}

std::string client_ids(const boost::json::value& session) {
  return joined(array_at(session, "clients"), "clientId");
}

Command list_command() {
  struct Options {
    std::optional<std::string> realm, sort;
    SessionFilters filters;
    Paging paging;
  };
  auto o = std::make_shared<Options>();
  auto c = make_command(
      "list", "List live sessions",
      "All filters hold together; an option that is repeatable means any of its values. The total is exact. "
      "Without --realm it lists every realm that the key may read.");
  c.uses_server = true;
  c.option("realm", "NAME", &o->realm, "The realm; - (the default) for all.");
  o->filters.add_to(c);
  c.option("sort", "ORDER", &o->sort,
           "The order; a leading - for descending: -severity has the worst first. -lastAccess otherwise.")
      .choices = {"lastAccess", "-lastAccess", "started",    "-started", "username",
                  "-username",  "ipAddress",   "-ipAddress", "severity", "-severity"};
  o->paging.add_to(c, true);
  c.example("sessions list --realm production --search jane", "Who of production is called something like jane?");
  c.example("sessions list --type offline --idle-for P30D --sort lastAccess",
            "Offline sessions that nobody has used for a month, the oldest first:");
  c.example("sessions list --realm production --user jane.doe --ip-not 10.20.0.0/16",
            "Sessions of jane.doe from outside the office:");
  c.example("sessions list --realm production --signal any --network-not Corporate --sort -severity",
            "What is suspicious and not from the office, the worst first?");
  c.example("sessions list --all-pages -o csv > sessions.csv", "Everything, for a spreadsheet:");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY_STATUS(o->filters.settle(context.terminal.clock.now()));
    CURFEW_TRY(const auto realm, context.realm(o->realm, "-"));
    ListRequest request{realm_path(realm, {"sessions"}), {}, "session", "No sessions match."};
    o->filters.append_to(request.query);
    if (o->sort) request.query.emplace_back("sort", *o->sort);
    return list(context, request, o->paging, session_columns(realm == "-", true));
  };
  return c;
}

Command show_command() {
  struct Options {
    std::optional<std::string> realm;
    std::string session;
  };
  auto o = std::make_shared<Options>();
  auto c = make_command("show", "Show one live session",
                        "With its device, location and signals. A session that has ended is told with when and why.");
  c.uses_server = true;
  c.option("realm", "NAME", &o->realm, "The realm.");
  c.argument("SESSION", &o->session, "Its type and id, such as regular/9f8b.");
  c.example("sessions show --realm production regular/9f8b", "Where is this session used, and on what?");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(const auto name, parse_session_name(o->session));
    CURFEW_TRY(const auto realm, context.realm(o->realm));
    CURFEW_TRY(auto* api, context.api());
    CURFEW_TRY(const auto answer, api->get(realm_path(realm, {"sessions", name.type, name.id})));
    auto columns = session_columns(true, true);
    columns.push_back({.title = "Email", .name = "email", .path = "email"});
    columns.push_back({.title = "User Id", .path = "userId"});
    columns.push_back({.title = "Device Key", .path = "device.key"});
    columns.push_back({.title = "Location", .text = location_text});
    columns.push_back({.title = "Reasons", .text = reasons_text});
    columns.push_back({.title = "Expires", .kind = Kind::kTime, .path = "expires"});
    columns.push_back({.title = "User Agent", .path = "userAgent"});
    print_one(context, answer.body, columns);
    if (context.format() == Format::kTable) print_evidence(context, answer.body);
    return kExitDone;
  };
  return c;
}

}  // namespace

std::vector<Column> session_columns(bool with_realm, bool with_user) {
  std::vector<Column> columns;
  columns.push_back({.title = with_realm ? "Realm" : "", .name = "realm", .path = "realm"});
  columns.push_back(
      {.title = with_user ? "Username" : "", .name = "username", .path = "username", .text = [](const auto& s) {
         return text_at(s, "username") + (is_true(s, "own") ? " (you)" : "");
       }});
  columns.back().least = 8;
  columns.push_back({.name = "userId", .path = "userId"});
  columns.push_back({.title = "IP Address", .name = "ipAddress", .path = "ipAddress", .least = 15});
  columns.push_back({.title = "Started", .name = "started", .kind = Kind::kTime, .path = "started"});
  columns.push_back({.title = "Last Access", .name = "lastAccess", .kind = Kind::kTime, .path = "lastAccess"});
  columns.push_back({.title = "Type", .name = "type", .kind = Kind::kType, .path = "type"});
  columns.push_back({.title = "Clients", .name = "clients", .text = client_ids});
  columns.push_back({.title = "Signals", .kind = Kind::kSeverity, .text = signals_text, .least = 12, .spare = 1});
  columns.push_back({.title = "Device", .text = device_text, .least = 12, .spare = 2});
  columns.push_back({.title = "Remember Me", .name = "rememberMe", .kind = Kind::kYesNo, .path = "rememberMe"});
  if (with_user) columns.back().title.clear();
  columns.push_back({.title = "Id", .name = "id", .kind = Kind::kId, .path = "id", .least = 9});
  columns.push_back({.name = "expires", .path = "expires"});
  columns.push_back({.name = "userAgent", .path = "userAgent"});
  columns.push_back({.name = "deviceId", .path = "deviceId"});
  columns.push_back({.name = "device", .path = "device.key"});
  columns.push_back({.name = "deviceKind", .path = "device.kind"});
  columns.push_back({.name = "os", .path = "device.os"});
  columns.push_back({.name = "browser", .path = "device.browser"});
  for (const auto* member : {"country", "city", "asn", "organization", "network", "anonymizer"})
    columns.push_back({.name = member, .path = std::string("location.") + member});
  columns.push_back({.name = "severity", .path = "severity"});
  columns.push_back({.name = "signals", .text = [](const auto& s) { return joined(array_at(s, "signals"), "rule"); }});
  return columns;
}

Command sessions_command() {
  auto c = make_command("sessions", "List, inspect, watch and end live sessions");
  c.add(list_command());
  c.add(show_command());
  c.add(sessions_related_command());
  c.add(sessions_revoke_command());
  c.add(sessions_watch_command());
  return c;
}

}  // namespace curfew::cli
