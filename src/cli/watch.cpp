// curfew sessions watch: live changes, followed through broken connections.
#include <algorithm>
#include <memory>

#include <boost/json/parse.hpp>

#include "cli/commands.h"
#include "cli/csv.h"
#include "cli/filters.h"
#include "cli/json_view.h"
#include "cli/text_width.h"
#include "cli/watch_matches.h"
#include "cli/when.h"
#include "client/sse.h"

namespace curfew::cli {

namespace {

constexpr Duration kFirstWait{1000}, kLongestWait{30'000};

struct Options {
  std::optional<std::string> realm, since;
  bool touches = false;
  DetectionFilters filters;
};

bool worth_another_try(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kDeadlineExceeded ||
         error.code == ErrorCode::kResourceExhausted || error.code == ErrorCode::kInternal;
}

class Watcher {
 public:
  // `matches` is null where everything is shown.
  Watcher(Context& context, client::Transport& api, const Options& o, const std::string& realm, WatchMatches* matches)
      : context_(context), api_(api), o_(o), path_(realm_path(realm, {"events"})), matches_(matches) {}

  Result<int> run() {
    if (matches_ != nullptr) CURFEW_TRY_STATUS(matches_->load());
    if (context_.format() == Format::kCsv)
      context_.terminal.out << csv_line({"time", "event", "realm", "type", "id", "username", "ipAddress", "cause",
                                         "severity", "reasons"})
                            << std::flush;
    const InterruptScope interrupts(context_.terminal);
    std::string last = o_.since.value_or("");
    for (Duration wait = kFirstWait;;) {
      client::Request request;
      request.path = path_;
      request.accept = "text/event-stream";
      if (!last.empty()) request.headers.emplace_back("Last-Event-ID", last);
      client::SseParser parser;
      bool heard = false;
      std::optional<Error> refused;
      const auto status = api_.stream(request, [&](std::string_view chunk) {
        return parser.feed(chunk, [&](const client::SseEvent& event) {
          heard = true;
          if (auto taken = take(event); !taken) refused = std::move(taken).error();
          return !refused && static_cast<bool>(context_.terminal.out);
        });
      });
      if (refused) return tl::unexpected(std::move(*refused));
      if (!parser.last_id().empty()) last = parser.last_id();
      if (interrupted() || (!status && status.error().code == ErrorCode::kCancelled)) return kExitDone;
      if (!context_.terminal.out) return kExitDone;  // the reader has gone, as `| head` does
      if (!status && !worth_another_try(status.error())) return tl::unexpected(status.error());
      if (heard) wait = kFirstWait;
      if (parser.overflowed())
        return fail(ErrorCode::kTooLarge, "event_too_large", "the server sent an event of more than 1 MiB.");
      context_.note("Live updates paused" + (status ? std::string() : " (" + safe_text(status.error().message) + ")") +
                    ", connecting again.");
      context_.terminal.sleep(std::max(wait, parser.retry().value_or(Duration{0})));
      if (interrupted()) return kExitDone;
      wait = std::min(Duration{wait.ms * 2}, kLongestWait);
    }
  }

 private:
  bool interrupted() const { return context_.terminal.interrupted != nullptr && context_.terminal.interrupted->load(); }

  Status take(const client::SseEvent& event) {
    if (event.type == "reset") {
      context_.note("Some events were missed; `curfew sessions list` shows how it is now.");
      return matches_ == nullptr ? Status{} : matches_->load();
    }
    const bool signal = event.type == "signal.raised";
    if (!signal && !event.type.starts_with("session.")) return {};
    boost::system::error_code broken;
    const auto value = boost::json::parse(event.data, broken);
    if (broken || !value.is_object()) return {};
    if (matches_ != nullptr) {
      CURFEW_TRY(const bool wanted, matches_->wants(event.type, value));
      if (!wanted) return {};
    }
    if (event.type == "session.touched" && !o_.touches) return {};
    if (context_.format() == Format::kJson || context_.format() == Format::kJsonLines) {
      boost::json::object line{{"event", event.type}};
      for (const auto& [name, member] : value.get_object()) line[name] = member;
      context_.terminal.out << safe_json(line) << "\n" << std::flush;
    } else if (signal) {
      print_signal(value);
    } else {
      print_session(event.type.substr(std::string_view("session.").size()), value);
    }
    return {};
  }

  void print_session(const std::string& verb, const boost::json::value& value) {
    auto& out = context_.terminal.out;
    const auto either = [&](const char* here, const char* inside) {
      const auto text = text_at(value, here);
      return safe_text(text.empty() ? text_at(value, inside) : text);
    };
    const auto username = either("username", "session.username"), ip = either("ipAddress", "session.ipAddress");
    const auto type = safe_text(text_at(value, "type")), id = safe_text(text_at(value, "id")),
               realm = safe_text(text_at(value, "realm"));
    const auto cause = safe_text(text_at(value, "cause"));
    // A touch is as new as its last access.
    const auto time = either("time", "lastAccess");
    if (context_.format() == Format::kCsv) {
      out << csv_line({time, verb, realm, type, id, username, ip, cause, "", ""}) << std::flush;
      return;
    }
    const auto style = context_.style();
    std::string line = cli::shown_time(time, context_.terminal.clock.now(), true);
    const auto shown = pad_right(safe_text(verb), 8);
    line += "  " + (verb == "ended" ? style.red(shown) : verb == "started" ? style.green(shown) : shown) + realm + "  ";
    line += (type == "offline" ? style.orange(type) : style.blue(type)) + "/" + id;
    for (const auto& part : {username, ip, cause})
      if (!part.empty()) line += "  " + part;
    out << line << "\n" << std::flush;
  }

  void print_signal(const boost::json::value& value) {
    const auto realm = safe_text(text_at(value, "realm")), username = safe_text(text_at(value, "username")),
               severity = safe_text(text_at(value, "severity"));
    std::string reasons, since;
    for (const auto& signal : array_at(value, "signals")) {
      reasons += (reasons.empty() ? "" : "; ") + safe_text(text_at(signal, "reason"));
      since = std::max(since, text_at(signal, "since"));
    }
    if (context_.format() == Format::kCsv) {
      context_.terminal.out << csv_line(
                                   {safe_text(since), "signal", realm, "", "", username, "", "", severity, reasons})
                            << std::flush;
      return;
    }
    const auto style = context_.style();
    const auto shown = pad_right("signal", 8);
    context_.terminal.out << cli::shown_time(since, context_.terminal.clock.now(), true) << "  "
                          << (severity == "high" ? style.red(shown) : style.orange(shown)) << realm << "  " << severity
                          << "  " << username << "  " << reasons << "\n"
                          << std::flush;
  }

  Context& context_;
  client::Transport& api_;
  const Options& o_;
  const std::string path_;
  WatchMatches* const matches_;
};

}  // namespace

Command sessions_watch_command() {
  auto o = std::make_shared<Options>();
  auto c = make_command("watch", "Show sessions as they start and end, and signals, live",
                        "Goes on where it stopped when the connection breaks; if events were missed meanwhile, it says "
                        "so. Ends with Ctrl-C.\n\n"
                        "Signals are shown as they are raised. With filters it shows the sessions that matched when it "
                        "began, when they started or when a signal was raised, and the signals of their users.");
  c.uses_server = true;
  c.option("realm", "NAME", &o->realm, "The realm; - (the default) for all.");
  c.flag("touches", &o->touches, "Show every use of a session as well.");
  c.option("since", "EVENT", &o->since, "Begin after this event, by its id.");
  o->filters.add_to(c);
  c.example("sessions watch --realm production", "What is happening now?");
  c.example("sessions watch --realm production --signal high --signal token_replay", "Only what is suspicious:");
  c.example("sessions watch -o jsonl | jq -r 'select(.event==\"session.ended\").id'",
            "The ids of sessions as they end:");
  c.run = [o](Context& context) -> Result<int> {
    CURFEW_TRY_STATUS(o->filters.check());
    if (!o->filters.signals.empty() && o->filters.signals.front() == "idle")
      return invalid("--signal",
                     "--signal idle can't be watched, for time raises it and no event: `curfew sessions "
                     "list --signal idle` shows those that are idle.");
    CURFEW_TRY(const auto realm, context.realm(o->realm, "-"));
    CURFEW_TRY(auto* api, context.api());
    if (o->filters.empty()) return Watcher(context, *api, *o, realm, nullptr).run();
    CURFEW_TRY(auto options, context.connection());
    CURFEW_TRY(const auto lookups, context.connect(std::move(options)));
    WatchMatches matches(*lookups, o->filters, realm);
    return Watcher(context, *api, *o, realm, &matches).run();
  };
  return c;
}

}  // namespace curfew::cli
