// Counts now, and over time.
#include <algorithm>

#include "api/json_out.h"
#include "api/services.h"

namespace curfew::api {

namespace {

using access::Permission;
using http::Method;

constexpr std::size_t kMostClients = 100;
constexpr std::int64_t kMostPoints = 1'000;
constexpr std::int64_t kWantedPoints = 200;
constexpr std::int64_t kMinute = 60'000;

Result<http::Response> get_stats(Services& services, const Call& call) {
  index::Summary summary;
  std::vector<index::ClientRow> clients;
  std::array<std::uint64_t, device::kKinds> kinds{};
  engine::Engine::AsOf as_of{};
  {
    const index::Index& index = services.engine.index();
    const index::Index::ReadLock lock(index);
    summary = index.summarize(call.scope_ids(), {});
    clients = index.clients(call.scope_ids(), {});
    kinds = index.kinds(call.scope_ids());
    as_of = services.engine.as_of();
  }
  std::sort(clients.begin(), clients.end(), [](const index::ClientRow& a, const index::ClientRow& b) {
    const std::uint64_t sessions_a = a.regular + a.offline, sessions_b = b.regular + b.offline;
    return sessions_a != sessions_b ? sessions_a > sessions_b : a.client_id < b.client_id;
  });
  if (clients.size() > kMostClients) clients.resize(kMostClients);
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("sessions");
  append_counts(json, summary.regular, summary.offline);
  json.field("users", summary.users).key("clients").begin_array();
  for (const index::ClientRow& client : clients) append_client(json, client);
  json.end_array().key("devices").begin_object();
  for (std::size_t i = 1; i <= kinds.size(); ++i) {  // unknown last
    const std::size_t kind = i % kinds.size();
    json.field(device::to_string(static_cast<device::Kind>(kind)), kinds[kind]);
  }
  json.end_object().key("asOf");
  append_as_of(json, as_of);
  json.end_object();
  return json_response(200, std::move(body));
}

struct Span {
  Time from, to;
  Duration step;
};

Result<Span> read_span(const Call& call) {
  Span span;
  CURFEW_TRY(const auto to, call.params.time("to"));
  span.to = to.value_or(call.now);
  CURFEW_TRY(const auto from, call.params.time("from"));
  span.from = from.value_or(std::max(span.to - Duration::days(1), kMinTime));
  if (span.from >= span.to) return invalid("from", "from is before to.");
  const std::int64_t length = (span.to - span.from).ms;
  CURFEW_TRY(const auto step, call.params.duration("step"));
  if (step) {
    span.step = *step;
    if (step->ms < kMinute || step->ms % kMinute != 0)
      return invalid("step", "step is a whole number of minutes, at least PT1M.");
    if (length / step->ms >= kMostPoints)
      return invalid("step", "That would be more than 1,000 points: take a longer step or less time.");
  } else {
    span.step.ms = std::max(kMinute, (length / kWantedPoints + kMinute - 1) / kMinute * kMinute);
  }
  return span;
}

Result<http::Response> get_series(Services& services, const Call& call) {
  CURFEW_TRY(const auto span, read_span(call));
  const std::vector<engine::Sample> samples =
      services.engine.series().read(call.scope_ids(), span.from, span.to, span.step);
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("from", span.from).field("to", span.to).field("step", format_duration(span.step));
  json.key("points").begin_array();
  for (const engine::Sample& sample : samples) {
    json.begin_object().field("time", sample.at).field("regular", sample.regular).field("offline", sample.offline);
    json.field("started", sample.started).field("ended", sample.ended).field("revoked", sample.revoked).end_object();
  }
  json.end_array().end_object();
  return json_response(200, std::move(body));
}

Route route(std::string_view pattern, std::string_view operation, Handler handler,
            std::vector<std::string_view> parameters = {}) {
  return {.method = Method::kGet,
          .pattern = pattern,
          .operation = operation,
          .access = Access::kRealm,
          .permission = Permission::kSessionsRead,
          .all_realms = true,
          .parameters = std::move(parameters),
          .handler = handler};
}

}  // namespace

std::vector<Route> stats_routes() {
  return {
      route("/api/v1/realms/{realm}/stats", "getStats", in_background<get_stats>),
      route("/api/v1/realms/{realm}/stats/series", "getSeries", in_background<get_series>, {"from", "to", "step"}),
  };
}

}  // namespace curfew::api
