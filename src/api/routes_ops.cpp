// Health, metrics and the documentation: open to anybody, so they name no realm, user or session.
#include <fmt/format.h>

#include <array>
#include <utility>

#include "api/assets.h"
#include "api/json_out.h"
#include "api/services.h"
#include "http/static_files.h"

namespace curfew::api {
namespace {

using http::Method;

constexpr std::string_view kDocsPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

Result<http::Response> livez(Services&, const Call&) {
  return json_response(200, R"({"status":"ok","version":")" CURFEW_VERSION R"("})");
}

Result<http::Response> readyz(Services& services, const Call&) {
  const bool draining = services.options.draining && services.options.draining();
  const bool ready = services.engine.ready();
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("status", std::string_view(draining ? "draining" : ready ? "ok" : "degraded"));
  json.field("version", std::string_view(CURFEW_VERSION)).key("checks").begin_object();
  json.field("engine", std::string_view(ready ? "ok" : "not open, or the ledger can't write"))
      .end_object()
      .end_object();
  http::Response response = json_response(ready && !draining ? 200 : 503, std::move(body));
  if (response.status == 503) response.headers.push_back({"Retry-After", "1"});
  return response;
}

class Metrics {
 public:
  void add(std::string_view type, std::string_view name, std::string_view help, std::uint64_t value) {
    begin(type, name, help);
    fmt::format_to(std::back_inserter(out_), "{} {}\n", name, value);
  }
  void begin(std::string_view type, std::string_view name, std::string_view help) {
    fmt::format_to(std::back_inserter(out_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }
  std::string take() { return std::move(out_); }
  std::string& text() { return out_; }

 private:
  std::string out_;
};

void add_sessions(Services& services, Metrics& metrics) {
  const auto realms = services.engine.realms();
  std::vector<session::RealmId> ids;
  for (const engine::Realm* realm : realms->all()) ids.push_back(realm->id);
  index::Filter offline;
  offline.type = session::SessionType::kOffline;
  std::uint64_t total = 0, of_them = 0, memory = 0;
  std::array<std::uint64_t, signal::kRules> findings{};
  signal::SeverityCounts attention;
  {
    const index::Index& index = services.engine.index();
    const index::Index::ReadLock lock(index);
    for (const session::RealmId id : ids) total += index.size(id);
    of_them = index.count(ids, offline);
    memory = index.memory_bytes();
    findings = services.engine.watch().rule_counts();
    attention = services.engine.watch().counts(ids);
  }
  metrics.begin("gauge", "curfew_sessions", "Live sessions.");
  fmt::format_to(std::back_inserter(metrics.text()),
                 "curfew_sessions{{type=\"regular\"}} {}\ncurfew_sessions{{type=\"offline\"}} {}\n", total - of_them,
                 of_them);
  metrics.add("gauge", "curfew_realms", "Realms.", ids.size());
  metrics.add("gauge", "curfew_index_bytes", "Estimated memory of the index.", memory);
  metrics.begin("gauge", "curfew_findings", "Users with a finding of the rule.");
  for (std::size_t i = 0; i < signal::kRules; ++i)
    // Nobody holds findings of being idle: it comes by time alone.
    if (const auto rule = static_cast<signal::Rule>(i); rule != signal::Rule::kIdle)
      fmt::format_to(std::back_inserter(metrics.text()), "curfew_findings{{rule=\"{}\"}} {}\n", signal::to_string(rule),
                     findings[i]);
  metrics.begin("gauge", "curfew_attention_users", "Users who need attention, by severity.");
  for (const auto& [severity, users] :
       {std::pair(signal::Severity::kLow, attention.low), std::pair(signal::Severity::kMedium, attention.medium),
        std::pair(signal::Severity::kHigh, attention.high)})
    fmt::format_to(std::back_inserter(metrics.text()), "curfew_attention_users{{severity=\"{}\"}} {}\n",
                   signal::to_string(severity), users);
}

void add_plans(Services& services, Metrics& metrics) {
  metrics.begin("counter", "curfew_query_plans_total", "Ways in which a realm's totals, rows and pages were found.");
  for (const auto& [plan, taken] : services.engine.index().plans())
    fmt::format_to(std::back_inserter(metrics.text()), "curfew_query_plans_total{{plan=\"{}\"}} {}\n", plan, taken);
}

Result<http::Response> metrics(Services& services, const Call&) {
  Metrics out;
  out.begin("gauge", "curfew_build_info", "The version that runs.");
  out.text() += "curfew_build_info{version=\"" CURFEW_VERSION "\"} 1\n";
  add_sessions(services, out);
  add_plans(services, out);
  const engine::Counters c = services.engine.counters();
  out.add("gauge", "curfew_ready", "Whether requests can be served: 1 or 0.", services.engine.ready() ? 1 : 0);
  out.add("counter", "curfew_commits_total", "Durable commits.", c.commits);
  out.add("counter", "curfew_commit_failures_total", "Commits that the ledger refused.", c.commit_failures);
  out.add("counter", "curfew_commands_total", "Commands applied.", c.commands);
  out.add("counter", "curfew_commands_refused_total", "Commands refused, such as those on ended sessions.", c.refused);
  out.add("counter", "curfew_sessions_started_total", "Sessions started.", c.started);
  out.add("counter", "curfew_sessions_touched_total", "Activities taken in.", c.touched);
  out.add("counter", "curfew_sessions_ended_total", "Sessions ended, whatever the cause.", c.ended);
  out.add("counter", "curfew_sessions_expired_total", "Sessions ended by policy.", c.expired);
  out.add("counter", "curfew_touches_dropped_total", "Activities dropped because too many waited.", c.touches_dropped);
  out.add("counter", "curfew_audit_records_total", "Audit records written.", c.audit_records);
  out.add("gauge", "curfew_queue_depth", "Commands waiting for the sequencer.", c.queue_depth);
  out.add("gauge", "curfew_clock_ahead_seconds",
          "How far the clock is ahead of the time that is believed: while it is not 0, policies end nobody.",
          static_cast<std::uint64_t>(c.clock_ahead.ms / 1000));
  out.add("gauge", "curfew_event_streams", "Open event streams.", static_cast<std::uint64_t>(services.streams.load()));
  out.add("counter", "curfew_api_requests_total", "Requests that reached the API.", services.requests);
  out.add("counter", "curfew_api_denied_total", "Requests refused for want of a permission.", services.denials.total());
  if (services.options.metrics) out.text() += services.options.metrics();
  return http::Response(200, "text/plain; version=0.0.4; charset=utf-8", out.take());
}

// --- Documentation
// --------------------------------------------------------------------------------------------------------------

http::Asset asset(std::string path, std::string type, std::string_view bytes) {
  http::Asset out;
  out.path = std::move(path);
  out.content_type = std::move(type);
  out.identity = bytes;
  return out;
}

const http::StaticFiles& documentation() {
  static const http::StaticFiles files = [] {
    http::StaticFiles out;
    out.add(asset("/openapi.json", "application/json", openapi_document()));
    out.add(asset("/docs", "text/html; charset=utf-8", docs_page()));
    out.add(asset("/docs/docs.css", "text/css; charset=utf-8", docs_style()));
    out.add(asset("/docs/docs.js", "text/javascript; charset=utf-8", docs_script()));
    return out;
  }();
  return files;
}

Result<http::Response> document(Services&, const Call& call) {
  auto response = documentation().serve(call.head);
  if (!response) return fail(ErrorCode::kNotFound, "", "There is nothing at this path.");
  response->headers.push_back({"Content-Security-Policy", std::string(kDocsPolicy)});
  return *std::move(response);
}

Route route(std::string_view pattern, std::string_view operation, Handler handler) {
  return {.method = Method::kGet, .pattern = pattern, .operation = operation, .handler = handler};
}

}  // namespace

std::vector<Route> ops_routes() {
  return {
      route("/livez", "livez", at_once<livez>),
      route("/readyz", "readyz", at_once<readyz>),
      route("/metrics", "metrics", at_once<metrics>),
      route("/openapi.json", "getOpenapi", at_once<document>),
      route("/docs", "getDocs", at_once<document>),
      route("/docs/docs.css", "getDocsStyle", at_once<document>),
      route("/docs/docs.js", "getDocsScript", at_once<document>),
  };
}

}  // namespace curfew::api
