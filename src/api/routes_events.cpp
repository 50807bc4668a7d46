// Live changes as server-sent events.
#include "api/event_stream.h"

namespace curfew::api {
namespace {

constexpr std::size_t kEventsATime = 256;
constexpr std::size_t kEventId = 64;

class ChangeStream final : public EventStream {
 public:
  ChangeStream(Services& services, const Call& call, std::string_view last_event_id)
      : EventStream(services, still_allowed(services, call)),
        subscription_(services.engine.events().subscribe(wanted(services, call), last_event_id)) {}

 protected:
  More take(std::string& out, const std::function<void()>& poke) override {
    const auto batch = subscription_->next(kEventsATime, poke);
    if (batch.lost) append_event(out, batch.items.empty() ? batch.position : std::string_view(), "reset", "{}");
    for (const auto& item : batch.items)
      if (item.data) append_event(out, item.id, engine::to_string(item.kind), *item.data);
    return batch.lost || !batch.items.empty() ? More::kSome : More::kNothing;
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

Result<http::Response> stream_events(Services& services, const Call& call) {
  CURFEW_TRY_STATUS(room_for_stream(services));
  const std::string_view last = call.head.header("Last-Event-ID");
  if (last.size() > kEventId)
    return invalid("Last-Event-ID", "Last-Event-ID is the id of an event that this stream gave.");
  return stream_response(std::make_unique<ChangeStream>(services, call, last));
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
