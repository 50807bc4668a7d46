// curfew login; curfew profile list, set, use, remove.
#include <unistd.h>

#include <fstream>
#include <memory>

#include <boost/json/object.hpp>

#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/text_width.h"
#include "client/url.h"

namespace curfew::cli {

namespace {

struct Options {
  std::string name;
  std::optional<std::string> server, ca_file, realm, key_file, username;
  bool plain_http = false, no_plain_http = false, make_default = false, password_stdin = false;
};

void add_profile_options(Command& c, Options& o) {
  c.option("server", "URL", &o.server, "The server's address.");
  c.option("ca-file", "FILE", &o.ca_file, "PEM file of the authority to trust; empty: the system's.").file = true;
  c.option("realm", "NAME", &o.realm, "The realm that commands take where --realm is not given; empty: none.");
  c.option("api-key-file", "FILE", &o.key_file,
           "Where the API key is read from; - for standard input. Keys are never options.")
      .file = true;
  c.flag("plain-http", &o.plain_http, "Send the key without TLS to a server that is not on this machine.");
}

Result<std::string> key_from(Context& context, const std::string& file) {
  std::string key;
  if (file == "-") {
    std::getline(context.terminal.in, key);
  } else {
    std::ifstream in(file);
    if (!in) return invalid("--api-key-file", safe_text(file) + " can't be read.");
    std::getline(in, key);
  }
  while (!key.empty() && (key.back() == '\r' || key.back() == ' ')) key.pop_back();
  if (key.empty()) return invalid("--api-key-file", "no API key was given.");
  CURFEW_TRY_STATUS(client::check_key(key));
  return key;
}

// What the options say, put over what the profile held.
Status apply(Context& context, const Options& o, Profile& profile) {
  if (o.server) {
    CURFEW_TRY(const auto url, client::parse_server_url(*o.server));
    // A key belongs to the server that made it.
    if (url.base != profile.server) profile.api_key.clear();
    profile.server = url.base;
  }
  if (o.ca_file) profile.ca_file = *o.ca_file;
  if (o.realm) profile.realm = *o.realm;
  if (o.plain_http) profile.plain_http = true;
  if (o.no_plain_http) profile.plain_http = false;
  if (o.key_file) {
    CURFEW_TRY(profile.api_key, key_from(context, *o.key_file));
  }
  return {};
}

client::ClientOptions options_of(Context& context, const Profile& profile) {
  client::ClientOptions options;
  options.server = profile.server;
  options.api_key = profile.api_key;
  options.ca_file = profile.ca_file;
  options.allow_plain_http = profile.plain_http;
  options.pause = context.terminal.sleep;
  return options;
}

Status save(Context& context, const std::string& name, Profile profile, bool make_default) {
  const auto path = profiles_path(context.terminal);
  CURFEW_TRY(auto profiles, read_profiles(path));
  if (make_default || profiles.fallback.empty()) profiles.fallback = name;
  profiles.by_name[name] = std::move(profile);
  return write_profiles(path, profiles);
}

std::string host_name() {
  char text[256] = {};
  return gethostname(text, sizeof text - 1) == 0 ? text : "unknown";
}

// Signs in with the operator's password, makes a key with the operator's own grants, and signs out again.
Result<std::string> key_by_password(Context& context, const Profile& profile, const Options& o) {
  std::string password;
  if (o.password_stdin) {
    std::getline(context.terminal.in, password);
    if (password.ends_with('\r')) password.pop_back();
  } else if (context.terminal.read_secret) {
    CURFEW_TRY(password, context.terminal.read_secret("Password of " + safe_text(*o.username) + ": "));
  }
  auto options = options_of(context, profile);
  // The password is as much worth as a key: the same care for where it goes in the clear.
  CURFEW_TRY(const auto url, client::parse_server_url(profile.server));
  if (!url.tls && !url.loopback && !profile.plain_http)
    return invalid("--server", "the password is not sent to " + url.base +
                                   " without TLS: use https, or allow it with --plain-http.");
  options.api_key.clear();
  CURFEW_TRY(auto transport, context.connect(std::move(options)));
  const auto signed_in = transport->request(client::Method::kPost, "/api/v1/login", {},
                                            boost::json::object{{"username", *o.username}, {"password", password}});
  // Not kUnauthenticated: the advice that goes with it is to sign in.
  if (!signed_in && signed_in.error().code == ErrorCode::kUnauthenticated)
    return fail(ErrorCode::kPermissionDenied, signed_in.error().reason, signed_in.error().message);
  if (!signed_in) return tl::unexpected(signed_in.error());
  const auto cookie = signed_in->header("set-cookie");
  const client::Fields proof{{"Cookie", std::string(cookie.substr(0, cookie.find(';')))},
                             {"X-CSRF-Token", text_at(signed_in->body, "csrfToken")}};

  boost::json::object body{
      {"name", "cli " + *o.username + "@" + host_name() + " " + random_token(context.terminal.random, 6)}};
  if (const auto* grants = at(signed_in->body, "grants")) body["grants"] = *grants;
  if (const auto* own = at(signed_in->body, "ownUser"); own != nullptr && own->is_object()) body["ownUser"] = *own;
  client::Request make{
      .method = client::Method::kPost, .path = "/api/v1/keys", .body = std::move(body), .headers = proof};
  auto made = transport->send(make);
  client::Request leave{.method = client::Method::kPost, .path = "/api/v1/logout", .headers = proof};
  (void)transport->send(leave);  // the sign-in ends by itself too
  if (!made && made.error().code == ErrorCode::kPermissionDenied)
    return fail(ErrorCode::kPermissionDenied, made.error().reason,
                "only administrators can make API keys; ask one for a key and give it with --api-key-file. (" +
                    made.error().message + ")");
  if (!made) return tl::unexpected(std::move(made).error());
  return text_at(made->body, "key");
}

Result<int> login(Context& context, const Options& o) {
  CURFEW_TRY_STATUS(check_profile_name(o.name));
  CURFEW_TRY(auto profiles, read_profiles(profiles_path(context.terminal)));
  Profile profile = profiles.by_name[o.name];
  CURFEW_TRY_STATUS(apply(context, o, profile));
  if (profile.server.empty()) {
    const auto server = context.terminal.env("CURFEW_SERVER");
    profile.server = server && !server->empty() ? *server : "http://127.0.0.1:8080";
  }
  if (o.username) {
    CURFEW_TRY(profile.api_key, key_by_password(context, profile, o));
  } else if (!o.key_file) {
    if (!context.terminal.read_secret)
      return invalid("--api-key-file", "there is no terminal to ask for the key: use --api-key-file.");
    CURFEW_TRY(profile.api_key, context.terminal.read_secret("API key for " + profile.server + ": "));
    if (profile.api_key.empty())
      return invalid("--api-key-file", "no API key was given. --username NAME signs in with a password instead.");
  }
  CURFEW_TRY(auto transport, context.connect(options_of(context, profile)));
  CURFEW_TRY(const auto me, transport->get("/api/v1/me"));
  CURFEW_TRY_STATUS(save(context, o.name, profile, o.make_default));
  context.note("Signed in to " + profile.server + " as " + safe_text(text_at(me.body, "name")) +
               "; kept as profile \"" + o.name + "\" in " + profiles_path(context.terminal) + ".");
  return kExitDone;
}

Command profile_list_command() {
  auto c = make_command("list", "List profiles; keys are not shown");
  c.example("profile list", "Which servers do I know?");
  c.run = [](Context& context) -> Result<int> {
    CURFEW_TRY(const auto profiles, read_profiles(profiles_path(context.terminal)));
    boost::json::array rows;
    for (const auto& [name, p] : profiles.by_name)
      rows.push_back({{"name", name},
                      {"server", p.server},
                      {"realm", p.realm},
                      {"key", !p.api_key.empty()},
                      {"default", name == profiles.fallback}});
    if (rows.empty())
      context.note("There are no profiles; `curfew login` makes one.");
    else
      print_rows(context, rows,
                 {{.title = "Name", .path = "name"},
                  {.title = "Server", .path = "server"},
                  {.title = "Realm", .path = "realm"},
                  {.title = "Key", .kind = Kind::kYesNo, .path = "key"},
                  {.title = "Default", .kind = Kind::kYesNo, .path = "default"}});
    return kExitDone;
  };
  return c;
}

Command profile_set_command() {
  auto o = std::make_shared<Options>();
  auto c = make_command("set", "Create or change a profile",
                        "What is not given stays as it is. Nothing is asked of the server; `curfew login` is.");
  c.argument("NAME", &o->name, "The profile's name.");
  add_profile_options(c, *o);
  c.flag("no-plain-http", &o->no_plain_http, "Take --plain-http back.");
  c.flag("default", &o->make_default, "Use this profile where none is named.");
  c.example("profile set production --server https://curfew.example.com --api-key-file key.txt --default",
            "A profile, its key from a file:");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY_STATUS(check_profile_name(o->name));
    CURFEW_TRY(auto profiles, read_profiles(profiles_path(context.terminal)));
    Profile profile = profiles.by_name[o->name];
    CURFEW_TRY_STATUS(apply(context, *o, profile));
    if (profile.server.empty()) return invalid("--server", "a profile needs its server's address: --server URL.");
    CURFEW_TRY_STATUS(save(context, o->name, profile, o->make_default));
    context.note("Profile \"" + o->name + "\" is kept in " + profiles_path(context.terminal) + ".");
    return kExitDone;
  };
  return c;
}

// use and remove: one name, one change.
Command profile_change_command(std::string name, std::string summary,
                               std::function<void(Profiles&, const std::string&)> change) {
  auto o = std::make_shared<std::string>();
  auto c = make_command(std::move(name), std::move(summary));
  c.argument("NAME", o.get(), "The profile's name.");
  c.example("profile " + c.name + " staging", c.summary + ":");
  c.run = [o, change = std::move(change)](Context& context) -> Result<int> {
    const auto path = profiles_path(context.terminal);
    CURFEW_TRY(auto profiles, read_profiles(path));
    if (!profiles.by_name.contains(*o))
      return invalid("NAME",
                     "there is no profile \"" + safe_text(*o) + "\"; `curfew profile list` shows those there are.");
    change(profiles, *o);
    CURFEW_TRY_STATUS(write_profiles(path, profiles));
    return kExitDone;
  };
  return c;
}

}  // namespace

Command login_command() {
  auto o = std::make_shared<Options>();
  o->name = "default";
  auto c = make_command(
      "login", "Sign in to a server and keep the key in a profile",
      "Asks for an API key, tries it, and keeps it in a profile that only you can read. With --username it asks for an "
      "operator's password instead, makes a key with this operator's own permissions, and keeps that; the password is "
      "kept nowhere.");
  c.option("profile", "NAME", &o->name, "The profile's name; \"default\" otherwise.");
  add_profile_options(c, *o);
  c.option("username", "NAME", &o->username,
           "Sign in as this operator, with a password. Needs the right to make keys.");
  c.flag("password-stdin", &o->password_stdin, "Read the password from standard input instead of asking.");
  c.flag("default", &o->make_default, "Use this profile where none is named.");
  c.example("login --server https://curfew.example.com", "Keep a key that an administrator gave you:");
  c.example("login --username admin", "Sign in to the server on this machine with a password:");
  c.run = [o](Context& context) -> Result<int> { return login(context, *o); };
  return c;
}

Command profile_command() {
  auto c = make_command("profile", "Manage profiles: servers that one works with, and their keys");
  c.add(profile_list_command());
  c.add(profile_set_command());
  c.add(profile_change_command("use", "Make a profile the default",
                               [](Profiles& p, const std::string& name) { p.fallback = name; }));
  c.add(profile_change_command("remove", "Remove a profile and its key", [](Profiles& p, const std::string& name) {
    p.by_name.erase(name);
    if (p.fallback == name) p.fallback.clear();
  }));
  return c;
}

}  // namespace curfew::cli
