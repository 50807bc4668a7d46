// curfew keys, curfew operators: who may use the server.
#include <memory>

#include <boost/json/array.hpp>

#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/text_width.h"

namespace curfew::cli {

namespace {

constexpr std::string_view kPermissions =
    "SESSIONS:READ, SESSIONS:DELETE, SESSIONS:WRITE, SESSIONS:CHECK, USERS:READ, AUDIT:READ, POLICIES:WRITE, ADMIN:*";

// What keys and operators have in common, and in what they differ.
struct Sort {
  std::string plural, noun, name_member, path;
};
const Sort kKeys{"keys", "API key", "name", "/api/v1/keys"};
const Sort kOperators{"operators", "operator", "username", "/api/v1/operators"};

std::string own_user_text(const boost::json::value& item) {
  const auto user = text_at(item, "ownUser.userId");
  return user.empty() ? user : text_at(item, "ownUser.realm") + "/" + user;
}

std::vector<Column> columns_of(const Sort& sort) {
  const bool key = &sort == &kKeys;
  std::vector<Column> columns;
  columns.push_back(
      {.title = key ? "Name" : "Username", .name = sort.name_member, .path = sort.name_member, .least = 8});
  if (!key) columns.push_back({.title = "Display Name", .name = "displayName", .path = "displayName"});
  columns.push_back({.title = "Id", .name = "id", .kind = Kind::kId, .path = "id", .least = 9});
  columns.push_back({.title = "Grants", .name = "grants", .text = grants_text, .least = 12});
  columns.push_back({.title = "Own User", .name = "ownUser", .text = own_user_text});
  if (!key) columns.push_back({.title = "Disabled", .name = "disabled", .kind = Kind::kYesNo, .path = "disabled"});
  columns.push_back({.title = "Created", .name = "createdAt", .kind = Kind::kTime, .path = "createdAt"});
  if (key) columns.push_back({.title = "Expires", .name = "expiresAt", .kind = Kind::kTime, .path = "expiresAt"});
  return columns;
}

struct ChangeOptions {
  std::string name;
  std::vector<std::string> grants;
  std::optional<std::string> new_name, display_name, own_user, expires;
  bool enable = false, disable = false, password = false, password_stdin = false;
};

void add_access_options(Command& c, ChangeOptions& o, bool key) {
  c.option("grant", "REALM=PERMISSIONS", &o.grants,
           "Permissions in a realm, or in all (-): production=SESSIONS:READ,SESSIONS:DELETE. There are " +
               std::string(kPermissions) + ".");
  c.option("own-user", "REALM/USER", &o.own_user,
           "The user whose sessions are this one's own, and are kept in revocations; none: nobody.");
  if (key)
    c.option("expires", "TIME", &o.expires, "Until when it is good: 2027-01-01T00:00:00Z, or P90D from now; never.");
  else
    c.option("display-name", "TEXT", &o.display_name, "The operator's name for people.");
}

// "never", a time, or a duration from now.
Result<boost::json::value> expiry(std::string_view text, Time now) {
  if (text == "never") return boost::json::value(nullptr);
  if (const auto from_now = parse_duration(text); from_now && now.ms + from_now->ms <= kMaxTime.ms)
    return boost::json::value(format_time(now + *from_now));
  if (parse_time(text)) return boost::json::value(text);
  return invalid("--expires",
                 "--expires takes a time such as 2027-01-01T00:00:00Z, a duration from now such as P90D, or never.");
}

// The members that creation and change have in common, where they were given.
Status put_access(boost::json::object& body, const ChangeOptions& o, Time now) {
  if (!o.grants.empty()) {
    CURFEW_TRY(body["grants"], parse_grants(o.grants));
  }
  if (o.own_user) {
    CURFEW_TRY(body["ownUser"], parse_own_user(*o.own_user));
  }
  if (o.expires) {
    CURFEW_TRY(body["expiresAt"], expiry(*o.expires, now));
  }
  if (o.display_name) body["displayName"] = *o.display_name;
  if (o.enable && o.disable) return invalid("--enable", "--enable and --disable don't go together.");
  if (o.enable || o.disable) body["disabled"] = o.disable;
  return {};
}

// From standard input, or asked for twice without echo. Never an option's value: those are in the list of processes.
Result<std::string> new_password(Context& context, bool from_stdin) {
  std::string password;
  if (from_stdin) {
    if (!std::getline(context.terminal.in, password))
      return invalid("--password-stdin", "standard input holds no password.");
    if (password.ends_with('\r')) password.pop_back();
    return password;
  }
  if (!context.terminal.read_secret)
    return invalid("--password-stdin", "there is no terminal to ask for the password: use --password-stdin.");
  CURFEW_TRY(password, context.terminal.read_secret("New password: "));
  CURFEW_TRY(const auto again, context.terminal.read_secret("Once more: "));
  if (password != again) return invalid("password", "the two passwords are not the same.");
  return password;
}

Command list_command(const Sort& sort) {
  struct Options {
    std::optional<std::string> search;
    Paging paging;
  };
  auto o = std::make_shared<Options>();
  auto c = make_command("list", "List " + std::string(&sort == &kKeys ? "API keys" : "operators"));
  c.uses_server = true;
  c.option("search", "TEXT", &o->search, "Part of the name.");
  o->paging.add_to(c, true);
  c.example(sort.plural + " list", "Who may use the server?");
  c.run = [o, &sort](Context& context) -> Result<int> {
    ListRequest request{sort.path, {}, sort.noun, "There are none."};
    if (o->search) request.query.emplace_back("search", *o->search);
    return list(context, request, o->paging, columns_of(sort));
  };
  return c;
}

Command delete_command(const Sort& sort) {
  struct Options {
    std::string name;
    bool yes = false;
  };
  auto o = std::make_shared<Options>();
  auto c = make_command("delete", "Delete an " + sort.noun, "It can't be used from then on.");
  c.uses_server = true;
  c.argument("NAME", &o->name, "Its name or id.");
  c.flag("yes", &o->yes, "Don't ask.").letter = 'y';
  c.example(sort.plural + " delete " + (&sort == &kKeys ? "ingest" : "alex"), "Delete one:");
  c.run = [o, &sort](Context& context) -> Result<int> {
    CURFEW_TRY(const auto id, resolve_id(context, sort.path, o->name, sort.name_member, "id"));
    if (!o->yes) {
      CURFEW_TRY(const bool agreed,
                 context.confirm("Delete " + sort.noun + " " + safe_text(o->name) + " (" + safe_text(id) + ")?"));
      if (!agreed) return left_alone(context);
    }
    CURFEW_TRY(auto* api, context.api());
    CURFEW_TRY_STATUS(api->request(client::Method::kDelete, client::path_of(sort.path, {id})).map([](const auto&) {}));
    context.note("The " + sort.noun + " " + safe_text(o->name) + " is deleted.");
    return kExitDone;
  };
  return c;
}

Command update_command(const Sort& sort) {
  const bool key = &sort == &kKeys;
  auto o = std::make_shared<ChangeOptions>();
  auto c = make_command("update", "Change an " + sort.noun,
                        "What is not given stays as it is; --grant replaces all grants.");
  c.uses_server = true;
  c.argument("NAME", &o->name, "Its name or id.");
  c.option(sort.name_member, "TEXT", &o->new_name, "A new name.");
  add_access_options(c, *o, key);
  if (!key) {
    c.flag("enable", &o->enable, "Let the operator sign in.");
    c.flag("disable", &o->disable, "End the operator's sign-ins and refuse new ones.");
    c.flag("password", &o->password, "Ask for a new password; it ends the operator's sign-ins.");
    c.flag("password-stdin", &o->password_stdin, "Read the new password from standard input.");
  }
  if (key)
    c.example("keys update ingest --expires P90D", "Let it end in ninety days:");
  else
    c.example("operators update alex --disable", "Refuse this operator from now on:");
  c.run = [o, &sort](Context& context) -> Result<int> {
    boost::json::object body;
    CURFEW_TRY_STATUS(put_access(body, *o, context.terminal.clock.now()));
    if (o->new_name) body[sort.name_member] = *o->new_name;
    if (o->password || o->password_stdin) {
      CURFEW_TRY(body["password"], new_password(context, o->password_stdin));
    }
    if (body.empty()) return invalid("", "say what to change; --help lists what can be.");
    CURFEW_TRY(const auto id, resolve_id(context, sort.path, o->name, sort.name_member, "id"));
    CURFEW_TRY(auto* api, context.api());
    CURFEW_TRY(const auto answer,
               api->request(client::Method::kPatch, client::path_of(sort.path, {id}), {}, std::move(body)));
    print_one(context, answer.body, columns_of(sort));
    return kExitDone;
  };
  return c;
}

Command create_key_command() {
  auto o = std::make_shared<ChangeOptions>();
  auto c = make_command("create", "Create an API key", "Prints the key on standard output; it is shown this once.");
  c.uses_server = true;
  c.argument("NAME", &o->name, "Its name.");
  add_access_options(c, *o, true);
  c.options.front().required = true;
  c.example("keys create ingest --grant production=SESSIONS:WRITE > ingest.key",
            "A key that may tell of sessions, kept in a file:");
  c.run = [o](Context& context) -> Result<int> {
    boost::json::object body{{"name", o->name}};
    CURFEW_TRY_STATUS(put_access(body, *o, context.terminal.clock.now()));
    CURFEW_TRY(auto* api, context.api());
    CURFEW_TRY(const auto answer, api->request(client::Method::kPost, kKeys.path, {}, std::move(body)));
    if (context.format() != Format::kTable) {
      auto columns = columns_of(kKeys);
      columns.push_back({.name = "key", .path = "key"});
      print_one(context, answer.body, columns);
      return kExitDone;
    }
    context.note("The key " + safe_text(o->name) + " (" + safe_text(text_at(answer.body, "id")) +
                 ") is made. It is shown this once:");
    context.terminal.out << safe_text(text_at(answer.body, "key")) << "\n";
    return kExitDone;
  };
  return c;
}

Command create_operator_command() {
  auto o = std::make_shared<ChangeOptions>();
  auto c = make_command("create", "Create an operator who signs in with a password",
                        "Asks for the password: 12 to 1,024 bytes.");
  c.uses_server = true;
  c.argument("USERNAME", &o->name, "What the operator signs in with.");
  add_access_options(c, *o, false);
  c.flag("password-stdin", &o->password_stdin, "Read the password from standard input instead of asking.");
  c.example("operators create alex --grant production=SESSIONS:READ,SESSIONS:DELETE,USERS:READ",
            "Somebody who watches over production:");
  c.run = [o](Context& context) -> Result<int> {
    boost::json::object body{{"username", o->name}, {"grants", boost::json::array{}}};
    CURFEW_TRY_STATUS(put_access(body, *o, context.terminal.clock.now()));
    CURFEW_TRY(body["password"], new_password(context, o->password_stdin));
    CURFEW_TRY(auto* api, context.api());
    CURFEW_TRY(const auto answer, api->request(client::Method::kPost, kOperators.path, {}, std::move(body)));
    print_one(context, answer.body, columns_of(kOperators));
    return kExitDone;
  };
  return c;
}

}  // namespace

Result<boost::json::array> parse_grants(const std::vector<std::string>& texts) {
  boost::json::array grants;
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    boost::json::array permissions;
    for (std::size_t from = equals == std::string::npos ? text.size() : equals + 1; from < text.size();) {
      const auto comma = std::min(text.find(',', from), text.size());
      if (comma > from) permissions.emplace_back(text.substr(from, comma - from));
      from = comma + 1;
    }
    if (equals == 0 || permissions.empty())
      return invalid(
          "--grant",
          "--grant takes a realm and its permissions, such as production=SESSIONS:READ,SESSIONS:DELETE, not \"" +
              safe_text(text) + "\".");
    grants.push_back({{"realm", text.substr(0, equals)}, {"permissions", std::move(permissions)}});
  }
  return grants;
}

std::string grants_text(const boost::json::value& item) {
  std::string out;
  for (const auto& grant : array_at(item, "grants")) {
    std::string permissions;
    for (const auto& p : array_at(grant, "permissions"))
      permissions += (permissions.empty() ? "" : ",") + text_at(p, "");
    out += (out.empty() ? "" : " ") + text_at(grant, "realm") + "=" + permissions;
  }
  return out;
}

Result<boost::json::value> parse_own_user(std::string_view text) {
  if (text == "none") return boost::json::value(nullptr);
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size())
    return invalid("--own-user", "--own-user takes a realm and a user's id, such as production/4711, or none.");
  boost::json::object user;
  user["realm"] = std::string(text.substr(0, slash));
  user["userId"] = std::string(text.substr(slash + 1));
  return boost::json::value(std::move(user));
}

Command keys_command() {
  auto c = make_command("keys", "Manage API keys");
  c.add(list_command(kKeys));
  c.add(create_key_command());
  c.add(update_command(kKeys));
  c.add(delete_command(kKeys));
  return c;
}

Command operators_command() {
  auto c = make_command("operators", "Manage operators: people who sign in to the console");
  c.add(list_command(kOperators));
  c.add(create_operator_command());
  c.add(update_command(kOperators));
  c.add(delete_command(kOperators));
  return c;
}

}  // namespace curfew::cli
