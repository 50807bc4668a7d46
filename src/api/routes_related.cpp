// The pivot: from one session to every other one that shares its user, address, network or device.
#include <optional>

#include "api/json_out.h"
#include "api/lookup.h"
#include "api/services.h"
#include "device/networks.h"

namespace curfew::api {
namespace {

// The sessions that share one thing with it, itself among them, and the filter that lists them.
struct Shared {
  std::string_view name;   // of the member
  std::string_view param;  // of the list's filter
  std::string value;
  index::Filter filter;
};

std::vector<Shared> shared_by(const session::Session& session, const device::Device& device) {
  std::vector<Shared> out;
  const auto add = [&](std::string_view name, std::string_view param, std::string value) -> index::Filter& {
    return out.emplace_back(Shared{name, param, std::move(value), {}}).filter;
  };
  add("user", "user", session.user_id).user = session.user_id;
  const Cidr address = Cidr(session.ip, 128), network = device::network_of(session.ip);
  add("address", "ip", session.ip.to_string()).ip = {address};
  add("network", "ip", network.to_string()).ip = {network};
  if (session.user_agent.empty() && session.device_id.empty()) return out;
  const std::string key = device::device_key(session.device_id, device);
  add("device", "device", key).devices = {key};
  return out;
}

Result<http::Response> list_related(Services& services, const Call& call) {
  CURFEW_TRY(const auto key, path_key(call));
  const auto found = find_live(services, *call.realm, key);
  if (!found) return tl::make_unexpected(not_active(services, key));
  const auto device = services.engine.classify(found->session.user_agent);
  const index::Index& index = services.engine.index();
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  const session::RealmId realms[] = {call.realm->id};
  const index::Index::Stay stay = index.stay(realms);
  std::string_view last;
  for (const Shared& shared : shared_by(found->session, *device)) {
    index::Summary summary;
    {
      const index::Index::ReadLock lock(index, stay);
      summary = index.summarize(realms, shared.filter);
    }
    json.key(shared.name).begin_object().field("sessions", summary.sessions).field("users", summary.users);
    json.key("filter").begin_object().field(shared.param, shared.value).end_object().end_object();
    last = shared.name;
  }
  if (last != "device") json.key("device").null();
  json.end_object();
  return json_response(200, std::move(body));
}

}  // namespace

std::vector<Route> related_routes() {
  return {{.method = http::Method::kGet,
           .pattern = "/api/v1/realms/{realm}/sessions/{type}/{id}/related",
           .operation = "listRelatedSessions",
           .access = Access::kRealm,
           .permission = access::Permission::kSessionsRead,
           .handler = in_questions<list_related>}};
}

}  // namespace curfew::api
