// curfew revocations list, show, stop; curfew ingest; curfew me.
#include <fstream>
#include <memory>

#include "base/limits.h"
#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/progress.h"
#include "cli/revocation.h"
#include "cli/text_width.h"

namespace curfew::cli {

namespace {

struct RevocationOptions {
  std::optional<std::string> realm;
  std::string id;
  bool follow = false;
};

std::vector<Column> revocation_columns() {
  return {
      {.title = "Started", .name = "startedAt", .kind = Kind::kTime, .path = "startedAt"},
      {.title = "Realm", .name = "realm", .path = "realm"},
      {.title = "State", .name = "state", .kind = Kind::kOutcome, .path = "state"},
      {.title = "Requested", .name = "requested", .kind = Kind::kNumber, .path = "requested"},
      {.title = "Ended", .name = "revoked", .kind = Kind::kNumber, .path = "revoked"},
      {.title = "Failed", .name = "failed", .kind = Kind::kNumber, .path = "failed"},
      {.title = "By", .name = "actor", .path = "actor.name"},
      {.title = "Reason", .name = "reason", .path = "reason"},
      {.title = "Id", .name = "id", .kind = Kind::kId, .path = "id", .least = 9},
      {.name = "finishedAt", .path = "finishedAt"},
  };
}

Command revocations_list_command() {
  struct Options {
    std::optional<std::string> realm;
    Paging paging;
  };
  auto o = std::make_shared<Options>();
  auto c = make_command("list", "List recent revocations, the newest first");
  c.uses_server = true;
  c.option("realm", "NAME", &o->realm, "The realm; - (the default) for all.");
  o->paging.add_to(c, true);
  c.example("revocations list --realm production", "Who ended many sessions lately?");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(const auto realm, context.realm(o->realm, "-"));
    return list(context, {realm_path(realm, {"revocations"}), {}, "revocation", "There are none."}, o->paging,
                revocation_columns());
  };
  return c;
}

Command revocation_command(const std::string& name, const std::string& summary,
                           const std::shared_ptr<RevocationOptions>& o) {
  auto c = make_command(name, summary);
  c.uses_server = true;
  c.option("realm", "NAME", &o->realm, "The realm that it was asked for; - (the default) for all.");
  c.argument("ID", &o->id, "The revocation's id.");
  return c;
}

Command revocations_show_command() {
  auto o = std::make_shared<RevocationOptions>();
  auto c = revocation_command("show", "Show the progress or result of a revocation", o);
  c.flag("follow", &o->follow, "Follow it until it is over; Ctrl-C stops it.");
  c.example("revocations show --realm production 01J8Z3", "How far is it?");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(const auto realm, context.realm(o->realm, "-"));
    CURFEW_TRY(auto* api, context.api());
    CURFEW_TRY(auto answer, api->get(realm_path(realm, {"revocations", o->id})));
    if (o->follow) {
      const InterruptScope interrupts(context.terminal);
      CURFEW_TRY(const auto result, follow_revocation(context, realm, std::move(answer.body)));
      return print_result(context, result);
    }
    if (context.format() == Format::kTable)
      print_one(context, answer.body, revocation_columns());
    else
      print_result(context, answer.body);
    return kExitDone;
  };
  return c;
}

Command revocations_stop_command() {
  auto o = std::make_shared<RevocationOptions>();
  auto c = revocation_command("stop", "Stop a revocation that is running", o);
  c.description = "What has been ended stays ended.";
  c.example("revocations stop --realm production 01J8Z3", "Stop it:");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(const auto realm, context.realm(o->realm, "-"));
    CURFEW_TRY(auto* api, context.api());
    CURFEW_TRY(const auto answer,
               api->request(client::Method::kPost, realm_path(realm, {"revocations", o->id, "stop"})));
    if (context.format() == Format::kTable)
      print_one(context, answer.body, revocation_columns());
    else
      print_result(context, answer.body);
    return kExitDone;
  };
  return c;
}

// Pieces of the input that end with a line, and how many lines went. A line over the server's limit is found here, with
// its number, before anything is sent in vain.
class LineSource {
 public:
  LineSource(std::istream& in, ProgressBar& bar) : in_(in), bar_(bar) {}

  Result<std::string> next() {
    constexpr std::size_t kPiece = 64 * 1024;
    std::string piece;
    for (std::string line; piece.size() < kPiece && std::getline(in_, line);) {
      ++lines_;
      if (line.size() > limits::kIngestLine)
        return fail(ErrorCode::kTooLarge, "line_too_long",
                    "line " + grouped(lines_) + " is longer than 64 KiB; lines before it may have taken effect.");
      piece += line;
      piece += '\n';
    }
    if (in_.bad())
      return fail(ErrorCode::kUnavailable, "not_read",
                  "the input can't be read to its end; lines before it may have taken effect.");
    bar_.show({.done = lines_});
    return piece;
  }

 private:
  std::istream& in_;
  ProgressBar& bar_;
  std::int64_t lines_ = 0;
};

int print_ingested(Context& context, const boost::json::value& result) {
  const auto accepted = number_at(result, "accepted"), refused = number_at(result, "refused");
  const auto& refusals = array_at(result, "refusals");
  const std::vector<Column> columns{{.title = "Line", .name = "line", .kind = Kind::kNumber, .path = "line"},
                                    {.title = "Code", .name = "code", .path = "code", .least = 12},
                                    {.title = "Why", .name = "detail", .path = "detail", .least = 12}};
  if (context.format() == Format::kTable) {
    const auto style = context.style();
    const std::string line = counted(accepted, "operation") + " accepted, " + grouped(refused) + " refused.";
    context.terminal.out << (refused == 0 ? style.green(line) : style.red(line)) << "\n";
    if (!refusals.empty()) context.terminal.out << "\n";
    if (!refusals.empty()) print_rows(context, refusals, columns);
    if (const auto more = refused - static_cast<std::int64_t>(refusals.size()); more > 0)
      context.terminal.out << "and " << grouped(more) << " more.\n";
  } else if (context.format() == Format::kCsv) {
    print_rows(context, refusals, columns);
  } else {
    print_one(context, result, {});
  }
  return refused == 0 ? kExitDone : accepted > 0 ? kExitPartly : kExitFailed;
}

}  // namespace

Command revocations_command() {
  auto c = make_command("revocations", "Look at bulk operations, and stop those that are running");
  c.add(revocations_list_command());
  c.add(revocations_show_command());
  c.add(revocations_stop_command());
  return c;
}

Command ingest_command() {
  struct Options {
    std::optional<std::string> realm;
    std::string file;
  };
  auto o = std::make_shared<Options>();
  auto c =
      make_command("ingest", "Tell the server of sessions: an operation a line",
                   "Sends JSON lines: {\"op\":\"start\",\"type\":\"regular\",\"id\":...}, or op touch, client, end. "
                   "Any number of them, "
                   "in the memory of a few. A refused line does not stop the others. Sending a file again is safe.\n\n"
                   "Exit status: 0 all accepted, 1 none, 2 usage, 3 some refused.");
  c.uses_server = true;
  c.option("realm", "NAME", &o->realm, "The realm.");
  c.argument("FILE", &o->file, "The file; - for standard input.").file = true;
  c.example("ingest --realm production sessions.jsonl", "Load sessions from a file:");
  c.example("ingest --realm production -", "Take them from another program:");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY(const auto realm, context.realm(o->realm));
    std::ifstream file;
    if (o->file != "-") {
      file.open(o->file, std::ios::binary);
      if (!file || file.peek() == std::char_traits<char>::eof())
        if (!file.eof()) return invalid("FILE", safe_text(o->file) + " can't be read.");
      file.clear();
    }
    CURFEW_TRY(auto* api, context.api());
    ProgressBar bar(context.terminal, "line", context.shared.quiet);
    LineSource source(o->file == "-" ? context.terminal.in : file, bar);
    client::Request request{.method = client::Method::kPost, .path = realm_path(realm, {"ingest"})};
    auto answer = api->upload(request, [&source] { return source.next(); });
    bar.clear();
    if (!answer) return tl::unexpected(std::move(answer).error());
    return print_ingested(context, answer->body);
  };
  return c;
}

Command me_command() {
  auto c = make_command("me", "Show who the key is and what it may do");
  c.uses_server = true;
  c.example("me", "Is the connection right, and which permissions has the key?");
  c.run = [](Context& context) -> Result<int> {
    CURFEW_TRY(auto* api, context.api());
    CURFEW_TRY(const auto answer, api->get("/api/v1/me"));
    const auto& me = answer.body;
    print_one(context, me,
              {{.title = "Name", .name = "name", .path = "name"},
               {.title = "Kind", .name = "kind", .path = "kind"},
               {.title = "Id", .name = "id", .path = "id"},
               {.title = "Administrator", .name = "administrator", .kind = Kind::kYesNo, .path = "administrator"},
               {.title = "Grants", .name = "grants", .text = grants_text},
               {.title = "Own User", .name = "ownUser", .text = [](const auto& m) {
                  const auto user = text_at(m, "ownUser.userId");
                  return user.empty() ? user : text_at(m, "ownUser.realm") + "/" + user;
                }}});
    if (context.format() != Format::kTable || array_at(me, "realms").empty()) return kExitDone;
    context.terminal.out << "\n";
    print_rows(context, array_at(me, "realms"),
               {{.title = "Realm", .path = "name", .least = 8},
                {.title = "Permissions",
                 .text = [](const auto& r) { return joined(array_at(r, "permissions")); },
                 .least = 12}});
    return kExitDone;
  };
  return c;
}

}  // namespace curfew::cli
