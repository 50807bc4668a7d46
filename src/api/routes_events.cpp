// Live changes as server-sent events.
#include "api/event_stream.h"

namespace curfew::api {
namespace {

constexpr std::size_t kEventId = 64;

class ChangeStream final : public EventStream {
 public:
  ChangeStream(Services& services, const Call& call, std::string_view last_event_id, bool gzip)
      : EventStream(services, still_allowed(services, call), gzip),
        subscription_(services.engine.events().subscribe(wanted(services, call), last_event_id)) {}

 protected:
  More take(std::string& out, const std::function<void()>& poke) override {
    auto next = subscription_->next(poke);
    if (next.lost) append_event(out, next.position, "reset", "{}");
    if (next.slice)
      share(std::move(next.slice), next.from, out);
    else if (!next.lost)
      return More::kNothing;
    return More::kSome;
  }

 private:
  // One realm, or all in which the caller holds the permission, those created later included.
  static std::function<bool(session::RealmId)> wanted(Services& services, const Call& call) {
    if (call.realm != nullptr) return [id = call.realm->id](session::RealmId realm) { return realm == id; };
    return [&services, grants = call.caller.grants, permission = *call.route->permission](session::RealmId id) {
      const auto realms = services.engine.realms();
      const engine::Realm* realm = realms->find(id);
      return realm != nullptr && grants.allows(permission, realm->name);
    };
  }

  std::unique_ptr<engine::EventHub::Subscription> subscription_;
};

// "gzip", and not "gzip;q=0".
bool accepts_gzip(std::string_view accepted) {
  while (!accepted.empty()) {
    const std::size_t comma = accepted.find(',');
    std::string_view one = accepted.substr(0, comma);
    accepted = comma == std::string_view::npos ? std::string_view() : accepted.substr(comma + 1);
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (!one.starts_with("gzip")) continue;
    one.remove_prefix(4);
    const std::size_t zero = one.find("q=0");
    const bool refused =
        zero != std::string_view::npos && one.find_first_not_of("0.", zero + 2) == std::string_view::npos;
    if ((one.empty() || one.front() == ';' || one.front() == ' ') && !refused) return true;
  }
  return false;
}

Result<http::Response> stream_events(Services& services, const Call& call) {
  CURFEW_TRY_STATUS(room_for_stream(services));
  const std::string_view last = call.head.header("Last-Event-ID");
  if (last.size() > kEventId)
    return invalid("Last-Event-ID", "Last-Event-ID is the id of an event that this stream gave.");
  // Nothing in it is secret to its reader, so that the length of what is compressed gives nothing away.
  const bool gzip = accepts_gzip(call.head.header("Accept-Encoding"));
  http::Response response = stream_response(std::make_unique<ChangeStream>(services, call, last, gzip), gzip);
  response.headers.push_back({"Vary", "Accept-Encoding"});
  return response;
}

}  // namespace

std::vector<Route> event_routes() {
  return {{.method = http::Method::kGet,
           .pattern = "/api/v1/realms/{realm}/events",
           .operation = "streamEvents",
           .access = Access::kRealm,
           .permission = access::Permission::kSessionsRead,
           .all_realms = true,
           .handler = at_once<stream_events>}};
}

}  // namespace curfew::api
