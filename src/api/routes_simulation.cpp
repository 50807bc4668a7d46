// What a policy would end now, before it is saved.
#include <algorithm>
#include <array>

#include "api/json_in.h"
#include "api/json_out.h"
#include "api/policy_input.h"
#include "api/services.h"
#include "engine/simulation.h"

namespace curfew::api {
namespace {

constexpr std::array<std::string_view, 1> kFields{"policy"};

Result<session::Policy> read(const Call& call) {
  JsonParser parser;
  CURFEW_TRY(const auto root, parser.parse(call.body));
  CURFEW_TRY(const auto fields, Fields::open(root, kFields));
  const JsonValue* value = fields.find("policy");
  if (value == nullptr) return fields.missing("policy");
  CURFEW_TRY(const auto change, read_policy(*value));
  return session::changed(call.realm->policy, change);  // what is left out stays as it is, as when it is saved
}

Result<http::Response> simulate_policy(Services& services, const Call& call) {
  CURFEW_TRY(const auto policy, read(call));
  const index::Index& index = services.engine.index();
  const engine::Simulation would = engine::simulate(index, call.realm->id, policy, call.now);
  SessionNotes notes(services.engine, &services.findings);
  engine::Engine::AsOf as_of{};
  {
    const index::Index::ReadLock lock(index);
    notes.collect(would.sample);
    for (const auto& [id, count] : would.matched.clients)
      notes.names().set({}, id, index.client_name(call.realm->id, id));
    as_of = services.engine.as_of();
  }
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("sessions", would.matched.sessions).field("regular", would.matched.regular);
  json.field("offline", would.matched.offline).field("users", would.matched.users).key("causes").begin_object();
  for (const auto& [cause, count] : would.causes) json.field(session::to_string(cause), count);
  json.end_object();
  append_client_counts(json, would.matched, notes.names());
  json.key("sample").begin_array();
  for (const session::Session& row : would.sample)
    append_session(
        json, row,
        SessionView{
            .realm = call.realm, .notes = &notes, .now = call.now, .own = call.owns(call.realm->name, row.user_id)});
  json.end_array().key("asOf");
  append_as_of(json, as_of);
  json.end_object();
  return json_response(200, std::move(body));
}

}  // namespace

std::vector<Route> simulation_routes() {
  return {{.method = http::Method::kPost,
           .pattern = "/api/v1/realms/{realm}/policy/simulation",
           .operation = "simulatePolicy",
           .access = Access::kRealm,
           .permission = access::Permission::kSessionsRead,
           .body = Body::kJson,
           .handler = in_questions<simulate_policy>}};
}

}  // namespace curfew::api
