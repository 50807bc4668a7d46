// Ending many sessions: what it would do, the doing, its progress, and how to stop it.
#include <algorithm>

#include "api/counted_list.h"
#include "api/event_stream.h"
#include "api/revocation_input.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "base/text.h"

namespace curfew::api {
namespace {

using access::Permission;
using http::Method;

constexpr std::string_view kAll = "/api/v1/realms/{realm}/revocations";
constexpr std::string_view kOne = "/api/v1/realms/{realm}/revocations/{revocationId}";
constexpr std::size_t kBody = 4 * 1024 * 1024;  // limits::kSessionsPerRevocation of the longest ids

// --- Dry run
// --------------------------------------------------------------------------------------------------------------------

Result<http::Response> dry_run(Services& services, const Call& call) {
  CURFEW_TRY(const auto asked, read_revocation(call));
  CURFEW_TRY(const auto preview, services.engine.preview(asked.selection));
  SessionNotes notes(services.engine, &services.findings);
  ClientNames& names = notes.names();
  engine::Engine::AsOf as_of{};
  {
    const index::Index& index = services.engine.index();
    const index::Index::ReadLock lock(index);
    notes.collect(preview.sample);
    // By the first realm that knows a name: under "-" the ids are merged over the realms.
    for (const auto& [id, count] : preview.matched.clients) {
      for (const engine::Realm* realm : call.scope) {
        const std::string name = index.client_name(realm->id, id);
        names.set({}, id, name);
        if (name != id) break;
      }
    }
    as_of = services.engine.as_of();
  }
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("matched", preview.matched.sessions).field("regular", preview.matched.regular);
  json.field("offline", preview.matched.offline).field("users", preview.matched.users);
  append_client_counts(json, preview.matched, names);
  json.field("ownKept", preview.own_kept).key("sample").begin_array();
  for (const session::Session& row : preview.sample) {
    const engine::Realm* realm = call.realms->find(row.key.realm);
    const bool own = realm != nullptr && call.owns(realm->name, row.user_id);
    append_session(json, row, SessionView{.realm = realm, .notes = &notes, .now = call.now, .own = own});
  }
  json.end_array().field("plan", preview.plan).key("asOf");
  append_as_of(json, as_of);
  json.end_object();
  return json_response(200, std::move(body));
}

// --- The real thing
// -------------------------------------------------------------------------------------------------------------

Result<engine::RevocationRequest> read_request(const Call& call) {
  CURFEW_TRY(auto asked, read_revocation(call));
  engine::RevocationRequest request;
  request.selection = std::move(asked.selection);
  request.reason = std::move(asked.reason);
  request.plan = std::move(asked.plan);
  request.origin = call.origin();
  if (const std::string_view key = call.head.header("Idempotency-Key"); !key.empty()) {
    CURFEW_TRY_STATUS(check_identifier("Idempotency-Key", key, limits::kIdempotencyKey));
    request.idempotency_key = key;
    request.fingerprint = to_hex(sha256(call.head.path + "\n", call.body));
  }
  return request;
}

http::Response revocation_response(const Call& call, int status, const engine::Revocation& revocation) {
  return json_response(status, revocation_json(revocation, call.variable("realm"), *call.realms));
}

void answer_revocation(Call& call, const engine::Revocation& revocation) {
  const bool running = revocation.state == engine::RevocationState::kRunning;
  http::Response response = revocation_response(call, running ? 202 : 200, revocation);
  if (running) response.headers.push_back({"Location", call.head.path + "/" + percent_encode(revocation.id)});
  call.answer(std::move(response));
}

void create_revocation(Services& services, Call call) {
  const auto dry = call.params.boolean("dryRun");
  if (!dry) return call.refuse(dry.error());
  if (dry->value_or(false)) return in_questions<dry_run>(services, std::move(call));
  auto request = read_request(call);
  if (!request) return call.refuse(request.error());
  auto held = std::make_shared<Call>(std::move(call));
  services.engine.revoke(*std::move(request), services.options.revocation_patience,
                         [held](Result<engine::Revocation> done) {
                           if (!done) return held->refuse(done.error());
                           answer_revocation(*held, *done);
                         });
}

// --- Looking at them
// ------------------------------------------------------------------------------------------------------------

Error no_such_revocation() {
  return {ErrorCode::kNotFound, "", "There is no such revocation here; finished ones are kept for a while only.",
          "revocationId"};
}

// One over several realms is shown to whoever may revoke everywhere, and to who began it.
bool may_see(const Call& call, const engine::Revocation& revocation) {
  return revocation.realm.value != 0 || revocation.origin.actor_id == call.caller.id ||
         call.caller.grants.allows_everywhere(Permission::kSessionsDelete);
}

Result<engine::Revocation> find_revocation(Services& services, const Call& call) {
  const std::string_view id = call.variable("revocationId");
  std::optional<engine::Revocation> found;
  if (call.realm != nullptr) {
    found = services.engine.revocation(call.realm->id, id);
  } else {
    found = services.engine.revocation({}, id);
    for (std::size_t i = 0; !found && i < call.scope.size(); ++i)
      found = services.engine.revocation(call.scope[i]->id, id);
  }
  if (!found || !may_see(call, *found)) return tl::make_unexpected(no_such_revocation());
  return *std::move(found);
}

Result<http::Response> get_revocation(Services& services, const Call& call) {
  CURFEW_TRY(const auto revocation, find_revocation(services, call));
  return revocation_response(call, 200, revocation);
}

Result<http::Response> list_revocations(Services& services, const Call& call) {
  std::vector<engine::Revocation> all;
  const auto add = [&](session::RealmId realm) {
    for (engine::Revocation& one : services.engine.revocations(realm))
      if (may_see(call, one)) all.push_back(std::move(one));
  };
  for (const engine::Realm* realm : call.scope) add(realm->id);
  if (call.realm == nullptr) {
    add({});
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return a.started_at != b.started_at ? a.started_at > b.started_at : a.id < b.id;
    });
  }
  return counted_list(services, call, all, [&](JsonWriter& json, const engine::Revocation& one) {
    const engine::Realm* realm = call.realms->find(one.realm);
    append_revocation(json, one, realm != nullptr ? std::string_view(realm->name) : access::kAllRealms, *call.realms,
                      false);
  });
}

void stop_revocation(Services& services, Call call) {
  const auto revocation = find_revocation(services, call);
  if (!revocation) return call.refuse(revocation.error());
  auto held = std::make_shared<Call>(std::move(call));
  services.engine.stop_revocation(revocation->id, held->origin(), [held](Result<engine::Revocation> done) {
    if (!done) return held->refuse(done.error());
    held->answer(revocation_response(*held, 200, *done));
  });
}

// --- Progress
// -------------------------------------------------------------------------------------------------------------------

// Gives the latest state only: a slow reader skips steps, never the last one.
class ProgressStream final : public EventStream {
 public:
  ProgressStream(Services& services, const Call& call, engine::Revocation now)
      : EventStream(services, still_allowed(services, call)),
        realm_name_(call.variable("realm")),
        realms_(call.realms),
        news_(std::make_shared<News>()) {
    const std::string id = now.id;
    news_->latest = std::move(now);
    watch_ =
        services.engine.watch_revocation(id, [news = news_](const engine::Revocation& changed) { news->set(changed); });
    // It may have moved on before it was watched.
    if (const auto again = services.engine.revocation(news_->realm(), id)) news_->set(*again);
  }

 protected:
  More take(std::string& out, const std::function<void()>& poke) override {
    const auto latest = news_->next(poke);
    if (!latest) return More::kNothing;
    const bool running = latest->state == engine::RevocationState::kRunning;
    append_event(out, {}, running ? "progress" : "done", revocation_json(*latest, realm_name_, *realms_));
    return running ? More::kSome : More::kEnd;
  }

 private:
  struct News {
    std::mutex mutex;
    std::optional<engine::Revocation> latest;  // not given yet
    std::function<void()> poke;
    std::uint64_t given = 0;  // sessions handled, in what was given last
    bool over = false;

    session::RealmId realm() {
      const std::lock_guard lock(mutex);
      return latest ? latest->realm : session::RealmId{};
    }
    void set(const engine::Revocation& changed) {
      std::function<void()> now;
      {
        const std::lock_guard lock(mutex);
        // Two threads may tell of it: what is older than what we have is dropped.
        const std::uint64_t handled = changed.revoked + changed.failed;
        if (over || handled < given || (latest && handled < latest->revoked + latest->failed)) return;
        over = changed.state != engine::RevocationState::kRunning;
        latest = changed;
        now = std::exchange(poke, nullptr);
      }
      if (now) now();
    }
    std::optional<engine::Revocation> next(const std::function<void()>& ring) {
      const std::lock_guard lock(mutex);
      if (!latest)
        poke = ring;
      else
        given = latest->revoked + latest->failed;
      return std::exchange(latest, std::nullopt);
    }
  };

  std::string realm_name_;
  std::shared_ptr<const engine::RealmTable> realms_;
  std::shared_ptr<News> news_;
  std::shared_ptr<void> watch_;
};

Result<http::Response> stream_revocation(Services& services, const Call& call) {
  CURFEW_TRY(auto revocation, find_revocation(services, call));
  CURFEW_TRY_STATUS(room_for_stream(services));
  return stream_response(std::make_unique<ProgressStream>(services, call, std::move(revocation)));
}

Route route(Method method, std::string_view pattern, std::string_view operation, Handler handler,
            std::vector<std::string_view> parameters = {}) {
  return {.method = method,
          .pattern = pattern,
          .operation = operation,
          .access = Access::kRealm,
          .permission = Permission::kSessionsDelete,
          .all_realms = true,
          .parameters = std::move(parameters),
          .handler = handler};
}

}  // namespace

std::vector<Route> revocation_routes() {
  std::vector<Route> out;
  out.push_back(route(Method::kPost, kAll, "createRevocation", create_revocation, {"dryRun"}));
  out.back().body = Body::kJson;
  out.back().max_body = kBody;
  out.push_back(route(Method::kGet, kAll, "listRevocations", at_once<list_revocations>, {"limit", "cursor", "offset"}));
  out.push_back(route(Method::kGet, kOne, "getRevocation", at_once<get_revocation>));
  out.push_back(route(Method::kGet, "/api/v1/realms/{realm}/revocations/{revocationId}/events", "streamRevocation",
                      at_once<stream_revocation>));
  out.push_back(route(Method::kPost, "/api/v1/realms/{realm}/revocations/{revocationId}/stop", "stopRevocation",
                      stop_revocation));
  return out;
}

}  // namespace curfew::api
