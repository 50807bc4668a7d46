// curfew sessions revoke.
#include <algorithm>
#include <memory>

#include <boost/json/serialize.hpp>

#include "base/limits.h"
#include "cli/commands.h"
#include "cli/filters.h"
#include "cli/json_view.h"
#include "cli/revocation.h"
#include "cli/text_width.h"

namespace curfew::cli {

namespace {

struct Options {
  std::string realm;
  std::vector<std::string> sessions, ids;
  SessionFilters filters;
  bool all = false, dry_run = false, yes = false, include_own = false;
  std::optional<std::string> reason, plan;
};

// "-" among the names stands for those on standard input, a line each.
Result<std::vector<std::string>> session_names(const Options& o, Terminal& terminal) {
  std::vector<std::string> names;
  for (const auto* list : {&o.sessions, &o.ids})
    for (const auto& name : *list) {
      if (name != "-") {
        names.push_back(name);
        continue;
      }
      for (std::string line; std::getline(terminal.in, line);) {
        while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
        if (!line.empty()) names.push_back(line);
        if (names.size() > limits::kSessionsPerRevocation) break;
      }
    }
  if (names.size() > limits::kSessionsPerRevocation)
    return invalid("SESSION", "at most " + grouped(limits::kSessionsPerRevocation) +
                                  " sessions can be named at once; filters have no limit.");
  return names;
}

// What to end, as the API's RevocationRequest without plan.
Result<boost::json::object> body_of(Options& o, Terminal& terminal) {
  CURFEW_TRY_STATUS(o.filters.settle(terminal.clock.now()));
  const bool named = !o.sessions.empty() || !o.ids.empty();
  auto others = o.filters;
  others.type.reset();
  if (o.all && !others.empty())
    return invalid("--all",
                   "--all ends every session; leave it out to end those that match the filters (--type may stay).");
  if (named && (o.all || !o.filters.empty()))
    return invalid("SESSION",
                   "sessions that are named one by one don't go with --all or filters: give one or the other.");
  if (!named && !o.all && o.filters.empty())
    return invalid("", "say what to end: sessions by name (regular/9f8b), filters such as --user jane.doe, or --all.");
  if (named && o.realm == "-")
    return invalid("--realm", "sessions that are named one by one are of one realm: name it with --realm.");
  if (o.reason && o.reason->size() > limits::kReason)
    return invalid("--reason", "--reason takes at most " + std::to_string(limits::kReason) + " bytes.");

  boost::json::object body;
  if (named) {
    CURFEW_TRY(const auto names, session_names(o, terminal));
    if (names.empty()) return invalid("SESSION", "no session was named on standard input.");
    auto& list = body["sessions"].emplace_array();
    for (const auto& text : names) {
      CURFEW_TRY(const auto name, parse_session_name(text));
      list.push_back({{"type", name.type}, {"id", name.id}});
    }
  } else if (o.all) {
    body["all"] = true;
    if (o.filters.type) body["types"] = boost::json::array{*o.filters.type};
  } else {
    body["filter"] = o.filters.body();
  }
  if (o.include_own) body["keepOwn"] = false;
  if (o.reason) body["reason"] = *o.reason;
  return body;
}

class Revoker {
 public:
  Revoker(Context& context, Options& o, boost::json::object body)
      : context_(context), o_(o), body_(std::move(body)), path_(realm_path(o.realm, {"revocations"})) {}

  Result<int> run() {
    if (o_.dry_run) return dry_run();
    if (o_.plan) body_["plan"] = *o_.plan;
    if (o_.yes) return act();
    if (!context_.terminal.in_tty)
      return fail(
          ErrorCode::kInvalidArgument, "nobody_to_ask",
          "ending sessions asks first, and standard input is not a terminal: look with --dry-run, then add --yes.");
    for (;;) {
      CURFEW_TRY(const auto plan, fetch_plan());
      if (number_at(plan, "matched") == 0) {
        print_plan(context_, plan, context_.terminal.err);
        context_.note("There is nothing to end.");
        return kExitDone;
      }
      CURFEW_TRY(const bool agreed, ask(plan));
      if (!agreed) return left_alone(context_);
      // Whoever typed the realm's name agreed to all of it, those included who have come since.
      if (!o_.plan && !o_.all) body_["plan"] = text_at(plan, "plan");
      auto status = act();
      // The set moved between question and answer: what was agreed to is no longer what would be done.
      if (status || status.error().reason != "plan_drifted" || o_.plan) return status;
      context_.note("\nOther sessions match now than when you were asked; nothing was ended. As it is now:");
      body_.erase("plan");
    }
  }

 private:
  Result<boost::json::value> fetch_plan() {
    CURFEW_TRY(auto* api, context_.api());
    client::Request request{
        .method = client::Method::kPost, .path = path_, .query = {{"dryRun", "true"}}, .body = body_};
    request.repeatable = true;
    CURFEW_TRY(auto answer, api->send(request));
    return std::move(answer.body);
  }

  Result<int> dry_run() {
    CURFEW_TRY(const auto plan, fetch_plan());
    auto& out = context_.terminal.out;
    switch (context_.format()) {
      case Format::kJson:
        out << pretty_json(plan) << "\n";
        break;
      case Format::kJsonLines:
        out << safe_json(plan) << "\n";
        break;
      case Format::kCsv:
        print_rows(context_, array_at(plan, "sample"), session_columns(true, true));
        break;
      case Format::kTable:
        print_plan(context_, plan, out);
        out << "\nNothing was ended. To end exactly these, repeat it with --plan " << safe_text(text_at(plan, "plan"))
            << "\n";
    }
    return kExitDone;
  }

  Result<bool> ask(const boost::json::value& plan) {
    auto& err = context_.terminal.err;
    const auto style = context_.err_style();
    const auto where = o_.realm == "-" ? "all realms" : "realm " + o_.realm;
    err << "In " << style.bold(where) << ":\n";
    print_plan(context_, plan, err);
    err << "\n";
    if (!o_.all) return context_.confirm("End " + counted(number_at(plan, "matched"), "session") + "?");
    err << style.red("Everybody whose session ends must sign in again.") << "\n";
    return context_.confirm_by_typing("This ends every session of " + where + ".",
                                      o_.realm == "-" ? "all realms" : o_.realm);
  }

  Result<int> act() {
    CURFEW_TRY(auto* api, context_.api());
    client::Request request{.method = client::Method::kPost, .path = path_, .body = body_};
    request.headers.emplace_back("Idempotency-Key", random_uuid(context_.terminal.random));
    request.repeatable = true;  // thanks to the key
    const InterruptScope interrupts(context_.terminal);
    auto answer = api->send(request);
    if (!answer && answer.error().code == ErrorCode::kCancelled)
      return fail(ErrorCode::kCancelled, "interrupted",
                  "interrupted while the server was being asked; it may have begun: `curfew revocations list --realm " +
                      o_.realm + "` tells.");
    if (!answer) return tl::unexpected(std::move(answer).error());
    CURFEW_TRY(const auto result, follow_revocation(context_, o_.realm, std::move(answer->body)));
    return print_result(context_, result);
  }

  Context& context_;
  Options& o_;
  boost::json::object body_;
  const std::string path_;
};

}  // namespace

int left_alone(Context& context) {
  context.note("Nothing was done.");
  return kExitFailed;
}

Command sessions_revoke_command() {
  auto o = std::make_shared<Options>();
  auto c = make_command(
      "revoke", "End sessions: named ones, those that match filters, or all of a realm",
      "Asks before it acts, showing how many sessions of how many users would end and a sample of them, and acts on "
      "exactly these: if other sessions match by then, it asks again. With --yes it acts at once on whatever matches. "
      "Each session is ended by itself, at once and for good, with its own record in the audit log. Your own sessions "
      "are kept.\n\nCtrl-C stops a revocation that is running; what has been ended stays ended.\n\n"
      "Exit status: 0 all ended, 1 failed, 2 usage, 3 some ended.");
  c.uses_server = true;
  c.option("realm", "NAME", &o->realm,
           "The realm; - for all. It is never taken from the environment or a profile here.")
      .required = true;
  c.option("id", "SESSION", &o->ids, "A session by its type and id, as the argument.");
  o->filters.add_to(c);
  c.flag("all", &o->all, "Every session of the realm; with --type, every one of this kind. Asks for the realm's name.");
  c.flag("include-own", &o->include_own, "End your own sessions too.");
  c.option("reason", "TEXT", &o->reason, "Why, for the audit log: a ticket, say.");
  c.flag("dry-run", &o->dry_run, "Only show what would end.");
  c.option("plan", "TEXT", &o->plan, "Of a dry run: refuse if other sessions match now than did then.");
  auto& yes = c.flag("yes", &o->yes, "Don't ask.");
  yes.letter = 'y';
  auto& argument = c.argument("SESSION", &o->sessions,
                              "Its type and id, such as regular/9f8b; - reads them from standard input, a line each.");
  argument.required = false;
  c.example("sessions revoke --realm production --user jane.doe --ip-not 10.20.0.0/16 --reason INC-4711",
            "End the sessions of jane.doe that are not from the office:");
  c.example("sessions revoke --realm production regular/9f8b offline/9f8b", "End two sessions:");
  c.example("sessions revoke --realm production --type offline --idle-for P90D --dry-run", "What would end?");
  c.example("sessions revoke --realm production --all --reason \"key compromise\"", "End everything in a realm:");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(auto body, body_of(*o, context.terminal));
    return Revoker(context, *o, std::move(body)).run();
  };
  return c;
}

}  // namespace curfew::cli
