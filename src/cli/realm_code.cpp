// curfew realms export, apply, simulate: a realm as a file, and what a policy would do.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>

#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/policy_options.h"
#include "cli/realm_changes.h"
#include "cli/realm_file.h"
#include "cli/revocation.h"
#include "cli/text_width.h"

namespace curfew::cli {

namespace {

using client::Method;

// --- Export
// -------------------------------------------------------------------------------------------------------------------

Status write_whole(const std::string& path, const std::string& text) {
  const std::string partial = path + ".partial";
  std::ofstream file(partial, std::ios::binary | std::ios::trunc);
  if (!file)
    return fail(ErrorCode::kInvalidArgument, "not_written", safe_text(partial) + " can't be written.", "--file");
  file << text;
  file.close();
  if (file && std::rename(partial.c_str(), path.c_str()) == 0) return {};
  unlink(partial.c_str());
  return fail(ErrorCode::kUnavailable, "not_written", safe_text(path) + " can't be written: is the disk full?");
}

// --- Apply
// --------------------------------------------------------------------------------------------------------------------

struct ApplyOptions {
  std::string file;
  std::optional<std::string> realm;
  bool create = false, dry_run = false, yes = false;
};

Result<std::string> read_file(Context& context, const std::string& path) {
  std::string text;
  const auto take = [&](std::istream& in) {
    text.resize(kMostRealmFileBytes + 1);  // one more tells that there is more
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return !in.bad();
  };
  if (path == "-") {
    if (take(context.terminal.in)) return text;
    return invalid("FILE", "standard input can't be read.");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file || !take(file)) return invalid("FILE", safe_text(path) + " can't be read.");
  return text;
}

class Applier {
 public:
  Applier(Context& context, const ApplyOptions& o, RealmFile file, std::string realm)
      : context_(context), o_(o), file_(std::move(file)), name_(std::move(realm)) {}

  Result<int> run() {
    CURFEW_TRY(api_, context_.api());
    CURFEW_TRY_STATUS(look());
    if (o_.dry_run || (changes_.list.empty() && !is_new())) return tell(false);
    if (!o_.yes) {
      if (!context_.terminal.in_tty)
        return fail(ErrorCode::kInvalidArgument, "nobody_to_ask",
                    "applying a file asks first, and standard input is not a terminal: look with --dry-run, then add "
                    "--yes.");
      print_changes(context_.terminal.err);
      CURFEW_TRY(const bool agreed, context_.confirm(is_new() ? "Create realm " + safe_text(name_) + "?"
                                                              : "Make " + counted(count(), "change") + "?"));
      if (!agreed) return left_alone(context_);
    }
    CURFEW_TRY(const bool whole, is_new() ? create() : change());
    CURFEW_TRY(const int status, tell(true));
    return whole ? status : kExitPartly;
  }

 private:
  bool is_new() const { return realm_.is_null(); }
  std::int64_t count() const { return static_cast<std::int64_t>(changes_.list.size()); }

  // How the realm is now, and what the file changes.
  Status look() {
    auto found = api_->get(realm_path(name_));
    const bool none = !found && found.error().code == ErrorCode::kNotFound;
    if (none && !o_.create)
      return fail(ErrorCode::kNotFound, "not_found",
                  "there is no realm " + safe_text(name_) +
                      ": --create makes it, --realm NAME applies the file to another one.");
    if (!found && !none) return tl::unexpected(std::move(found).error());
    if (!none) {
      realm_ = std::move(found->body);
      CURFEW_TRY(auto detection, api_->get(realm_path(name_, {"detection"})));
      detection_ = std::move(detection.body);
    }
    const auto* rules = at(detection_, "rules");
    CURFEW_TRY_STATUS(check_rules(file_, rules != nullptr && rules->is_object() ? &rules->get_object() : nullptr));
    changes_ = changes_of(file_, realm_, detection_);
    return {};
  }

  // What the server refuses, by the line of the file.
  Error told_by_line(Error error) const {
    return error.code == ErrorCode::kInvalidArgument && !error.field.empty() ? file_.wrong(error.field, error.message)
                                                                             : error;
  }

  Status send(Method method, std::string path, boost::json::object body) {
    auto answer = api_->request(method, std::move(path), {}, std::move(body));
    if (!answer) return tl::unexpected(told_by_line(std::move(answer).error()));
    return {};
  }

  // Each gives true when all was done, false when the first half was: the error has been told then.
  Result<bool> change() {
    // A refusal is likelier here than of the policy, which ends sessions: first what can be taken back.
    if (!changes_.detection.empty())
      CURFEW_TRY_STATUS(send(Method::kPut, realm_path(name_, {"detection"}), changes_.detection));
    if (changes_.realm_patch.empty()) return true;
    auto status = send(Method::kPatch, realm_path(name_), changes_.realm_patch);
    if (status) return true;
    if (changes_.detection.empty()) return tl::unexpected(std::move(status).error());
    return half_done("the networks and rules are changed, but name and policy are not", status.error());
  }

  Result<bool> create() {
    auto body = changes_.realm_patch;
    body["name"] = name_;
    CURFEW_TRY_STATUS(send(Method::kPost, std::string(kApi) + "/realms", std::move(body)));
    const auto made = [&]() -> Status {
      CURFEW_TRY(const auto detection, api_->get(realm_path(name_, {"detection"})));
      const auto* rules = at(detection.body, "rules");
      if (rules != nullptr && rules->is_object()) CURFEW_TRY_STATUS(check_rules(file_, &rules->get_object()));
      const auto rest = changes_of(file_, realm_, detection.body);
      return rest.detection.empty() ? Status{} : send(Method::kPut, realm_path(name_, {"detection"}), rest.detection);
    };
    const auto status = made();
    return status ? Result<bool>(true)
                  : half_done("the realm is made, but its networks and rules are not set", status.error());
  }

  bool half_done(std::string_view what, const Error& error) {
    context_.terminal.err << context_.err_style().red("curfew:") << " " << what << ": " << safe_text(error.message)
                          << " Mend it and apply the file again.\n";
    whole_ = false;
    return false;
  }

  // What a stricter policy ends as soon as it is saved.
  void print_simulation(std::ostream& out) {
    const auto* policy = changes_.realm_patch.if_contains("policy");
    if (policy == nullptr || is_new()) return;
    client::Request request{.method = Method::kPost,
                            .path = realm_path(name_, {"policy", "simulation"}),
                            .body = boost::json::object{{"policy", *policy}}};
    request.repeatable = true;
    const auto answer = api_->send(request);
    if (!answer) {
      out << "What the new policy would end is not known: " << safe_text(answer.error().message) << "\n";
      return;
    }
    const auto sessions = number_at(answer->body, "sessions");
    out << (sessions == 0 ? "The new policy ends no session now"
                          : "The new policy ends " + counted(sessions, "session") + " of " +
                                counted(number_at(answer->body, "users"), "user") + " now")
        << ".\n";
  }

  void print_changes(std::ostream& out) {
    if (is_new()) out << "Realm " << safe_text(name_) << " would be created:\n";
    if (!is_new()) out << "Realm " << safe_text(name_) << " would change:\n";
    for (const auto& change : changes_.list) out << "  " << change.text << "\n";
    print_simulation(out);
  }

  Result<int> tell(bool applied) {
    auto& out = context_.terminal.out;
    if (context_.format() != Format::kTable) {
      boost::json::array list;
      for (const auto& change : changes_.list)
        list.push_back({{"field", change.field}, {"text", change.text}, {"from", change.from}, {"to", change.to}});
      if (context_.format() == Format::kCsv) {
        print_rows(context_, list,
                   {{.name = "field", .path = "field"},
                    {.name = "text", .path = "text"},
                    {.name = "from", .path = "from"},
                    {.name = "to", .path = "to"}});
        return kExitDone;
      }
      print_one(
          context_,
          boost::json::object{
              {"realm", name_}, {"created", is_new()}, {"applied", applied && whole_}, {"changes", std::move(list)}},
          {});
      return kExitDone;
    }
    const auto realm = safe_text(name_);
    if (changes_.list.empty() && !is_new()) {
      out << "Realm " << realm << " is as the file says: nothing to change.\n";
    } else if (!applied) {
      print_changes(out);
      out << "Nothing was changed.\n";
    } else if (whole_) {
      out << (is_new() ? "Realm " + realm + " is created.\n"
                       : counted(count(), "change") + " made to realm " + realm + ".\n");
    }
    return kExitDone;
  }

  Context& context_;
  const ApplyOptions& o_;
  const RealmFile file_;
  const std::string name_;
  client::Transport* api_ = nullptr;
  boost::json::value realm_, detection_;  // null: there is none yet
  RealmChanges changes_;
  bool whole_ = true;
};

// --- Simulate
// -----------------------------------------------------------------------------------------------------------------

void print_simulation(Context& context, const boost::json::value& would) {
  auto& out = context.terminal.out;
  const auto sessions = number_at(would, "sessions");
  if (sessions == 0) {
    out << "This policy would end no session now.\n";
    return;
  }
  out << context.style().bold(counted(sessions, "session")) << " of " << counted(number_at(would, "users"), "user")
      << " would end now: " << grouped(number_at(would, "regular")) << " regular, "
      << grouped(number_at(would, "offline")) << " offline.\n";
  std::string causes;
  for (const auto& [member, text] :
       {std::pair{"idle_timeout", "idle for too long"}, std::pair{"max_lifetime", "over the maximum lifetime"},
        std::pair{"concurrent_limit", "over the number of sessions a user may have"}})
    if (const auto number = number_at(would, std::string("causes.") + member); number > 0)
      causes += (causes.empty() ? "" : ", ") + grouped(number) + " " + text;
  if (!causes.empty()) out << "Why: " << causes << ".\n";
  print_clients_and_sample(context, would, sessions, out);
  out << "\nNothing was changed.\n";
}

}  // namespace

Command realms_export_command() {
  struct Options {
    std::string name;
    std::optional<std::string> file;
  };
  auto o = std::make_shared<Options>();
  auto c = make_command("export", "Write a realm's policy, networks and detection rules as TOML",
                        "For `curfew realms apply`: to keep a realm in version control, or to give one the settings of "
                        "another. --output json writes the same as JSON.");
  c.uses_server = true;
  c.argument("REALM", &o->name, "Its name.");
  c.option("file", "FILE", &o->file, "Where to write; standard output otherwise.").file = true;
  c.example("realms export production --file production.toml", "Keep it in a file:");
  c.run = [o](Context& context) -> Result<int> {
    if (context.format() == Format::kCsv)
      return invalid("--output", "a realm is exported as TOML, or with --output json or jsonl as JSON; not as CSV.");
    CURFEW_TRY(auto* api, context.api());
    CURFEW_TRY(const auto realm, api->get(realm_path(o->name)));
    CURFEW_TRY(const auto detection, api->get(realm_path(o->name, {"detection"})));
    std::string text = to_realm_file(realm.body, detection.body);
    if (context.format() != Format::kTable) {
      boost::json::object whole{{"realm", text_at(realm.body, "name")},
                                {"displayName", text_at(realm.body, "displayName")}};
      for (const auto& [body, member] : {std::pair{&realm.body, "policy"}, std::pair{&detection.body, "networks"},
                                         std::pair{&detection.body, "rules"}})
        if (const auto* value = at(*body, member)) whole[member] = *value;
      text = (context.format() == Format::kJson ? pretty_json(whole) : safe_json(whole)) + "\n";
    }
    if (!o->file) {
      context.terminal.out << text;
      return kExitDone;
    }
    CURFEW_TRY_STATUS(write_whole(*o->file, text));
    context.note("Realm " + safe_text(o->name) + " is written to " + safe_text(*o->file) + ".");
    return kExitDone;
  };
  return c;
}

Command realms_apply_command() {
  auto o = std::make_shared<ApplyOptions>();
  auto c = make_command("apply", "Make a realm as a file of `realms export` says",
                        "Says what would change, and asks. What the file leaves out stays as it is; networks, where it "
                        "has them, are all there are. A second time there is nothing to change. A stricter policy ends "
                        "the sessions that are over it within seconds: how many is said before.\n\n"
                        "Exit status: 0 done or nothing to do, 1 failed, 2 usage or a mistake in the file, 3 done in "
                        "part.");
  c.uses_server = true;
  auto& file = c.argument("FILE", &o->file, "The file; - for standard input.");
  file.file = true;
  c.option("realm", "NAME", &o->realm,
           "Apply it to this realm, not to the one that the file names; but for the display name.");
  c.flag("create", &o->create, "Make the realm if there is none.");
  c.flag("dry-run", &o->dry_run, "Only say what would change.");
  c.flag("yes", &o->yes, "Don't ask.").letter = 'y';
  c.example("realms apply production.toml --dry-run", "What would change?");
  c.example("realms apply production.toml --realm staging --create --yes", "Make staging as production is:");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(const auto text, read_file(context, o->file));
    CURFEW_TRY(auto file, parse_realm_file(text, o->file == "-" ? "standard input" : o->file));
    const auto realm = o->realm.value_or(file.realm);
    if (realm.empty() || realm == "-")
      return tl::unexpected(file.wrong("realm", "it names no realm: add realm = \"…\" to it, or give --realm NAME."));
    if (realm != file.realm) file.display_name.reset();  // it is the name of the other one
    return Applier(context, *o, std::move(file), realm).run();
  };
  return c;
}

Command realms_simulate_command() {
  struct Options {
    std::string name;
    PolicyOptions policy;
  };
  auto o = std::make_shared<Options>();
  auto c = make_command("simulate", "Show what a policy would end now, before it is saved",
                        "Limits that are not given stay as they are in the realm. Nothing is changed.");
  c.uses_server = true;
  c.argument("REALM", &o->name, "Its name.");
  o->policy.add_to(c);
  c.example("realms simulate production --idle-timeout PT15M", "Whom would a shorter idle timeout sign out?");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(auto policy, o->policy.body());
    if (policy.empty()) return invalid("", "say which policy to try: --idle-timeout PT15M, for example.");
    CURFEW_TRY(auto* api, context.api());
    client::Request request{.method = Method::kPost,
                            .path = realm_path(o->name, {"policy", "simulation"}),
                            .body = boost::json::object{{"policy", std::move(policy)}}};
    request.repeatable = true;
    CURFEW_TRY(const auto answer, api->send(request));
    if (context.format() == Format::kTable)
      print_simulation(context, answer.body);
    else if (context.format() == Format::kCsv)
      print_rows(context, array_at(answer.body, "sample"), session_columns(true, true));
    else
      print_one(context, answer.body, {});
    return kExitDone;
  };
  return c;
}

}  // namespace curfew::cli
