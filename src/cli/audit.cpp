// curfew audit list, verify, export.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <memory>

#include "cli/commands.h"
#include "cli/filters.h"
#include "cli/json_view.h"
#include "cli/progress.h"
#include "cli/text_width.h"

namespace curfew::cli {

namespace {

struct AuditFilters {
  std::optional<std::string> realm, actor, action, user, session, revocation, from, to, outcome;

  void add_to(Command& command) {
    command.option("realm", "NAME", &realm, "The realm; - (the default) for all, and for records of no realm.");
    command.option("actor", "ID", &actor, "By this operator, key or policy, by its id.");
    command.option("action", "NAME", &action,
                   "Of this action: session.ended, revocation, operator.sign_in, access.denied …");
    command.option("user", "ID", &user, "About this user, by its id.");
    command.option("session", "SESSION", &session, "About this session: regular/9f8b.");
    command.option("revocation", "ID", &revocation, "Of this bulk operation.");
    command.option("from", "TIME", &from, "At or after: 2026-03-01T09:30:00Z, or -PT2H for two hours ago.");
    command.option("to", "TIME", &to, "Before.");
    command.option("outcome", "OUTCOME", &outcome, "With this outcome.").choices = {"success", "partial", "failed",
                                                                                    "denied"};
  }

  Result<client::Fields> query(Time now) {
    if (session) CURFEW_TRY_STATUS(parse_session_name(*session).map([](const auto&) {}));
    if (from) {
      CURFEW_TRY(from, time_option("--from", *from, now));
    }
    if (to) {
      CURFEW_TRY(to, time_option("--to", *to, now));
    }
    client::Fields out;
    const std::pair<const char*, const std::optional<std::string>*> fields[] = {
        {"actor", &actor},           {"action", &action}, {"user", &user}, {"session", &session},
        {"revocation", &revocation}, {"from", &from},     {"to", &to},     {"outcome", &outcome}};
    for (const auto& [name, value] : fields)
      if (value->has_value()) out.emplace_back(name, **value);
    return out;
  }
};

// What the record is about: a session with its user and address, or what an administrator changed.
std::string target_text(const boost::json::value& r) {
  std::string out = text_at(r, "user.username");
  if (const auto ip = text_at(r, "session.ipAddress"); !ip.empty()) out += (out.empty() ? "" : " ") + ip;
  if (const auto id = text_at(r, "session.id"); !id.empty())
    out += (out.empty() ? "" : " ") + text_at(r, "session.type") + "/" + id;
  return out.empty() ? text_at(r, "target") : out;
}

std::vector<Column> audit_columns(bool with_realm) {
  return {
      {.title = "Seq", .name = "seq", .kind = Kind::kNumber, .path = "seq"},
      {.title = "Time", .name = "time", .kind = Kind::kTime, .path = "time"},
      {.title = with_realm ? "Realm" : "", .name = "realm", .path = "realm"},
      {.title = "By", .name = "actor", .path = "actor.name"},
      {.name = "actorId", .path = "actor.id"},
      {.name = "actorIp", .path = "actorIp"},
      {.title = "Action", .name = "action", .path = "action", .least = 8},
      {.title = "Target", .text = target_text, .least = 10},
      {.title = "Result", .name = "outcome", .kind = Kind::kOutcome, .path = "outcome"},
      {.title = "Code", .name = "code", .path = "code"},
      {.title = "Reason", .name = "reason", .path = "reason"},
      {.name = "sessionType", .path = "session.type"},
      {.name = "sessionId", .path = "session.id"},
      {.name = "sessionIpAddress", .path = "session.ipAddress"},
      {.name = "userId", .path = "user.id"},
      {.name = "username", .path = "user.username"},
      {.name = "target", .path = "target"},
      {.name = "revocation", .path = "revocation"},
      {.name = "requestId", .path = "requestId"},
      {.name = "hash", .path = "hash"},
  };
}

Command list_command() {
  struct Options {
    AuditFilters filters;
    Paging paging;
  };
  auto o = std::make_shared<Options>();
  auto c = make_command("list", "List audit records, the newest first");
  c.uses_server = true;
  o->filters.add_to(c);
  o->paging.add_to(c, false);
  c.example("audit list --realm production --action session.ended --from -PT1H",
            "Which sessions ended in the last hour?");
  c.example("audit list --session regular/9f8b", "What happened to this session?");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(const auto realm, context.realm(o->filters.realm, "-"));
    CURFEW_TRY(auto query, o->filters.query(context.terminal.clock.now()));
    return list(context, {realm_path(realm, {"audit"}), std::move(query), "record", "No records match."}, o->paging,
                audit_columns(realm == "-"));
  };
  return c;
}

Command verify_command() {
  auto realm_flag = std::make_shared<std::optional<std::string>>();
  auto c = make_command(
      "verify", "Check the hash chain of the audit log",
      "Walks the whole log and says whether a record was changed, removed or put in. Note the last hash somewhere "
      "else: it proves later that nothing before it was changed.\n\nExit status: 0 whole, 1 broken.");
  c.uses_server = true;
  c.option("realm", "NAME", realm_flag.get(),
           "A realm whose audit log you may read; - (the default) for all. The chain runs over all of them.");
  c.example("audit verify", "Is the log whole?");
  c.run = [realm_flag](Context& context) -> Result<int> {
    CURFEW_TRY(const auto realm, context.realm(*realm_flag, "-"));
    CURFEW_TRY(auto* api, context.api());
    client::Request request{.method = client::Method::kPost, .path = realm_path(realm, {"audit", "verify"})};
    request.repeatable = true;
    CURFEW_TRY(const auto answer, api->send(request));
    const bool whole = is_true(answer.body, "ok");
    if (context.format() == Format::kTable) {
      const auto style = context.style();
      if (whole)
        context.terminal.out << style.green("The audit log is whole: " +
                                            counted(number_at(answer.body, "checked"), "record") + " checked.")
                             << "\n";
      else
        context.terminal.out << style.red("The audit log is broken at record " + text_at(answer.body, "brokenAt") +
                                          ": " + safe_text(text_at(answer.body, "detail")))
                             << "\n";
      context.terminal.out << "Last record " << text_at(answer.body, "last") << ", hash "
                           << safe_text(text_at(answer.body, "hash")) << "\n";
    } else {
      print_one(context, answer.body,
                {{.name = "ok", .path = "ok"},
                 {.name = "checked", .path = "checked"},
                 {.name = "first", .path = "first"},
                 {.name = "last", .path = "last"},
                 {.name = "hash", .path = "hash"},
                 {.name = "brokenAt", .path = "brokenAt"},
                 {.name = "detail", .path = "detail"}});
    }
    return whole ? kExitDone : kExitFailed;
  };
  return c;
}

// The server's bytes go to `out` as they come, but for those that a terminal might obey.
Result<std::int64_t> export_to(Context& context, const client::Request& request, std::ostream& out, bool to_terminal) {
  CURFEW_TRY(auto* api, context.api());
  const InterruptScope interrupts(context.terminal);
  ProgressBar bar(context.terminal, "record", context.shared.quiet || to_terminal);
  std::int64_t lines = 0;
  std::string partial;
  const auto status = api->stream(request, [&](std::string_view chunk) {
    lines += std::count(chunk.begin(), chunk.end(), '\n');
    if (to_terminal) {
      partial += chunk;
      for (auto end = partial.find('\n'); end != std::string::npos; end = partial.find('\n')) {
        out << safe_text(std::string_view(partial).substr(0, end)) << "\n";
        partial.erase(0, end + 1);
      }
    } else {
      out << chunk;
    }
    bar.show({.done = lines});
    return static_cast<bool>(out);
  });
  bar.clear();
  if (!status) return tl::unexpected(status.error());
  out.flush();
  if (!out) return fail(ErrorCode::kUnavailable, "not_written", "the export can't be written: is the disk full?");
  return lines;
}

Command export_command() {
  struct Options {
    AuditFilters filters;
    std::optional<std::string> format, file;
  };
  auto o = std::make_shared<Options>();
  auto c =
      make_command("export", "Export audit records, the oldest first",
                   "Streams any number of records. With --file nothing is left behind when the export is not whole.");
  c.uses_server = true;
  o->filters.add_to(c);
  c.option("format", "FORMAT", &o->format, "JSON lines (the default) or CSV; --output says the same.").choices = {
      "jsonl", "csv"};
  c.option("file", "FILE", &o->file, "Where to write; standard output otherwise.").file = true;
  c.example("audit export --realm production --from 2026-03-01T00:00:00Z --file march.jsonl",
            "All of March and later:");
  c.example("audit export --format csv --action session.ended > ended.csv", "Ended sessions for a spreadsheet:");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(const auto realm, context.realm(o->filters.realm, "-"));
    client::Request request;
    CURFEW_TRY(request.query, o->filters.query(context.terminal.clock.now()));
    request.path = realm_path(realm, {"audit", "export"});
    const std::string format = o->format.value_or(context.format() == Format::kCsv ? "csv" : "jsonl");
    request.query.emplace_back("format", format);
    request.accept = format == "csv" ? "text/csv" : "application/x-ndjson";
    if (!o->file) {
      CURFEW_TRY_STATUS(export_to(context, request, context.terminal.out, context.terminal.out_tty).map([](auto) {}));
      return kExitDone;
    }
    const std::string partial = *o->file + ".partial";
    std::ofstream file(partial, std::ios::binary | std::ios::trunc);
    if (!file)
      return fail(ErrorCode::kInvalidArgument, "not_written", safe_text(partial) + " can't be written.", "--file");
    auto lines = export_to(context, request, file, false);
    file.close();
    if (!lines || !file || std::rename(partial.c_str(), o->file->c_str()) != 0) {
      unlink(partial.c_str());
      if (!lines) return tl::unexpected(lines.error());
      return fail(ErrorCode::kUnavailable, "not_written", safe_text(*o->file) + " can't be written: is the disk full?");
    }
    const auto records = format == "csv" && *lines > 0 ? *lines - 1 : *lines;
    context.note(counted(records, "record") + " written to " + safe_text(*o->file) + ".");
    return kExitDone;
  };
  return c;
}

}  // namespace

Command audit_command() {
  auto c = make_command("audit", "Read, verify and export the audit log");
  c.add(list_command());
  c.add(verify_command());
  c.add(export_command());
  return c;
}

}  // namespace curfew::cli
