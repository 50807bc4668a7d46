#include "cli/revocation.h"

#include <algorithm>
#include <map>
#include <vector>

#include <boost/json/parse.hpp>

#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/progress.h"
#include "cli/text_width.h"
#include "client/sse.h"

namespace curfew::cli {

namespace {

constexpr Duration kPollEvery{500};
constexpr int kMostMissedPolls = 20;  // ten seconds without an answer

bool over(const boost::json::value& revocation) {
  return text_at(revocation, "state") != "running";
}

ProgressCounts counts_of(const boost::json::value& revocation) {
  const auto failed = number_at(revocation, "failed");
  return {number_at(revocation, "revoked") + failed, failed, number_at(revocation, "requested")};
}

class Follower {
 public:
  Follower(Context& context, client::Transport& api, const std::string& realm, boost::json::value revocation)
      : context_(context),
        api_(api),
        path_(realm_path(realm, {"revocations", text_at(revocation, "id")})),
        realm_(realm),
        now_(std::move(revocation)),
        bar_(context.terminal, "session", context.shared.quiet) {}

  Result<boost::json::value> run() {
    told();
    if (!over(now_)) watch_events();
    for (int missed = 0; !over(now_);) {
      if (take_interrupt()) stop();
      if (over(now_)) break;
      if (auto answer = api_.get(path_)) {
        now_ = std::move(answer->body);
        told();
        missed = 0;
      } else if (answer.error().code == ErrorCode::kNotFound || ++missed > kMostMissedPolls) {
        bar_.clear();
        return tl::unexpected(lost(answer.error()));
      }
      if (!over(now_)) context_.terminal.sleep(kPollEvery);
    }
    bar_.clear();
    return std::move(now_);
  }

 private:
  void told() { bar_.show(counts_of(now_)); }

  // Until the end, a break or Ctrl-C. Whatever ends it, what follows asks again.
  void watch_events() {
    client::Request request;
    request.path = path_ + "/events";
    request.accept = "text/event-stream";
    client::SseParser parser;
    const auto on_event = [&](const client::SseEvent& event) {
      boost::system::error_code broken;
      auto value = boost::json::parse(event.data, broken);
      if (!broken && !text_at(value, "state").empty()) now_ = std::move(value);
      told();
      return event.type != "done" && !over(now_);
    };
    (void)api_.stream(request, [&](std::string_view chunk) { return parser.feed(chunk, on_event); });
  }

  bool take_interrupt() {
    return context_.terminal.interrupted != nullptr && context_.terminal.interrupted->exchange(false);
  }

  void stop() {
    bar_.clear();
    context_.note("Stopping; what has been ended stays ended.");
    if (auto answer = api_.request(client::Method::kPost, path_ + "/stop")) now_ = std::move(answer->body);
  }

  Error lost(const Error& why) const {
    Error error = why;
    error.message = "lost sight of the revocation, which may go on (" + why.message +
                    ") See `curfew revocations show --realm " + realm_ + " " + text_at(now_, "id") + "`.";
    return error;
  }

  Context& context_;
  client::Transport& api_;
  const std::string path_, realm_;
  boost::json::value now_;
  ProgressBar bar_;
};

std::vector<Column> failure_columns() {
  return {
      {.title = "Realm", .name = "realm", .path = "realm"},
      {.title = "Username", .name = "username", .path = "username", .least = 8},
      {.title = "IP Address", .name = "ipAddress", .path = "ipAddress", .least = 15},
      {.title = "Type", .name = "type", .kind = Kind::kType, .path = "type"},
      {.title = "Id", .name = "id", .kind = Kind::kId, .path = "id", .least = 9},
      {.title = "Why",
       .name = "code",
       .path = "code",
       .text =
           [](const auto& f) {
             const auto detail = text_at(f, "detail");
             return detail.empty() ? text_at(f, "code") : detail;
           },
       .least = 12},
      {.name = "detail", .path = "detail"},
  };
}

// Why it failed, without when: so that what failed alike is counted together.
std::string reason_of(const boost::json::value& failure) {
  auto reason = text_at(failure, "detail");
  if (reason.empty()) return text_at(failure, "code");
  const auto from = reason.find(" at 2"), to = reason.find(" (", from);
  if (from != std::string::npos && to != std::string::npos) reason.erase(from, to - from);
  return reason;
}

// How many of those listed failed of what, the most first: a thousand lines alike say no more.
void print_reasons(const boost::json::array& failures, std::int64_t failed, std::ostream& out) {
  constexpr std::size_t kReasonsShown = 8;
  std::map<std::string, std::int64_t> counts;
  for (const auto& failure : failures) ++counts[reason_of(failure)];
  std::vector<std::pair<std::string, std::int64_t>> reasons(counts.begin(), counts.end());
  std::sort(reasons.begin(), reasons.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (reasons.size() > kReasonsShown) {
    std::int64_t others = 0;
    for (auto it = reasons.begin() + kReasonsShown - 1; it != reasons.end(); ++it) others += it->second;
    reasons.resize(kReasonsShown - 1);
    reasons.emplace_back("for other reasons", others);
  }
  const auto listed = static_cast<std::int64_t>(failures.size());
  out << (failed > listed ? "\nOf the first " + grouped(listed) + ":\n" : "\n");
  const std::size_t width = grouped(listed).size();
  for (const auto& [reason, count] : reasons) {
    const std::string number = grouped(count);
    out << std::string(2 + width - number.size(), ' ') << number << "  " << safe_text(reason) << "\n";
  }
}

}  // namespace

void print_plan(Context& context, const boost::json::value& plan, std::ostream& out) {
  const auto style = &out == &context.terminal.err ? context.err_style() : context.style();
  const auto matched = number_at(plan, "matched");
  out << style.bold(counted(matched, "session")) << " of " << counted(number_at(plan, "users"), "user")
      << " would end: " << grouped(number_at(plan, "regular")) << " regular, " << grouped(number_at(plan, "offline"))
      << " offline.\n";
  if (const auto kept = number_at(plan, "ownKept"); kept > 0)
    out << "Your own " << (kept == 1 ? "session is" : counted(kept, "session") + " are") << " kept.\n";
  print_clients_and_sample(context, plan, matched, out);
}

void print_clients_and_sample(Context& context, const boost::json::value& answer, std::int64_t sessions,
                              std::ostream& out) {
  constexpr std::size_t kClientsShown = 8;
  const auto& clients = array_at(answer, "clients");
  std::string line;
  for (std::size_t i = 0; i < clients.size() && i < kClientsShown; ++i)
    line += (i == 0 ? "" : ", ") + safe_text(text_at(clients[i], "clientId")) + " " +
            grouped(number_at(clients[i], "sessions"));
  if (clients.size() > kClientsShown) line += " and " + std::to_string(clients.size() - kClientsShown) + " more";
  if (!line.empty()) out << "Clients: " << line << ".\n";

  const auto& sample = array_at(answer, "sample");
  if (sample.empty()) return;
  out << "\n";
  print_table(context, sample, session_columns(true, true), out);
  if (const auto more = sessions - static_cast<std::int64_t>(sample.size()); more > 0)
    out << "and " << grouped(more) << " more.\n";
}

Result<boost::json::value> follow_revocation(Context& context, const std::string& realm,
                                             boost::json::value revocation) {
  CURFEW_TRY(auto* api, context.api());
  return Follower(context, *api, realm, std::move(revocation)).run();
}

int exit_status_of(const boost::json::value& revocation) {
  const auto revoked = number_at(revocation, "revoked"), failed = number_at(revocation, "failed");
  if (text_at(revocation, "state") == "done" && failed == 0) return kExitDone;
  return revoked > 0 ? kExitPartly : kExitFailed;
}

int print_result(Context& context, const boost::json::value& revocation) {
  const int status = exit_status_of(revocation);
  auto& out = context.terminal.out;
  const auto& failures = array_at(revocation, "failures");
  switch (context.format()) {
    case Format::kJson:
      out << pretty_json(revocation) << "\n";
      return status;
    case Format::kJsonLines:
      out << safe_json(revocation) << "\n";
      return status;
    case Format::kCsv:
      print_rows(context, failures, failure_columns());
      return status;
    case Format::kTable:
      break;
  }
  const auto revoked = number_at(revocation, "revoked"), failed = number_at(revocation, "failed"),
             requested = number_at(revocation, "requested");
  const auto style = context.style();
  std::string line = grouped(revoked) + " of " + counted(requested, "session") + " ended";
  if (failed > 0) line += ", " + grouped(failed) + " failed";
  if (text_at(revocation, "state") == "stopped")
    line += "; stopped, " + grouped(std::max<std::int64_t>(0, requested - revoked - failed)) + " left alone";
  if (const auto kept = number_at(revocation, "ownKept"); kept > 0)
    line += "; your own " + counted(kept, "session") + " kept";
  out << (status == kExitDone ? style.green(line) : style.red(line)) << ".\n";
  if (failures.empty()) return status;
  constexpr std::size_t kFailuresShown = 20;
  const std::size_t shown = std::min(failures.size(), kFailuresShown);
  if (shown < failures.size()) print_reasons(failures, failed, out);
  out << "\n";
  print_rows(context, boost::json::array(failures.begin(), failures.begin() + static_cast<std::ptrdiff_t>(shown)),
             failure_columns());
  const auto listed = static_cast<std::int64_t>(failures.size());
  const auto more = std::max(failed, listed) - static_cast<std::int64_t>(shown);
  if (more == 0) return status;
  out << "and " << grouped(more) << " more";
  if (shown < failures.size())
    out << "; curfew revocations show --realm " << safe_text(text_at(revocation, "realm")) << " "
        << safe_text(text_at(revocation, "id")) << " -o csv lists " << (failed > listed ? "the first " : "all ")
        << grouped(listed);
  out << ".\n";
  return status;
}

}  // namespace curfew::cli
