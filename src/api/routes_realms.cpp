// Realms and their policies.
#include <algorithm>
#include <array>

#include "api/admission.h"
#include "api/counted_list.h"
#include "api/json_in.h"
#include "api/policy_input.h"
#include "base/limits.h"
#include "base/text.h"
#include "session/policy.h"

namespace curfew::api {
namespace {

using access::Permission;
using http::Method;

constexpr std::array<std::string_view, 3> kCreateFields{"name", "displayName", "policy"};
constexpr std::array<std::string_view, 2> kChangeFields{"displayName", "policy"};

// --- Out
// ------------------------------------------------------------------------------------------------------------------------

struct RealmCounts {
  std::uint64_t regular = 0, offline = 0, users = 0;
};

// Under the ReadLock.
RealmCounts count_realm(const index::Index& index, session::RealmId id) {
  const std::array<session::RealmId, 1> one{id};
  index::Filter offline;
  offline.type = session::SessionType::kOffline;
  RealmCounts counts;
  counts.offline = index.count(one, offline);
  counts.regular = index.size(id) - counts.offline;
  counts.users = index.users(one, {}, 0, 0).total;
  return counts;
}

void append_whole_realm(JsonWriter& json, const Call& call, const engine::Realm& realm, const RealmCounts& counts) {
  append_realm(json, realm);
  const bool may_read = call.caller.grants.allows(Permission::kSessionsRead, realm.name);
  json.key("sessions");
  if (may_read)
    append_counts(json, counts.regular, counts.offline);
  else
    json.null();
  json.key("users");
  if (may_read)
    json.number(counts.users);
  else
    json.null();
  json.end_object();
}

http::Response realm_response(Services& services, const Call& call, int status, const engine::Realm& realm) {
  RealmCounts counts;
  {
    const index::Index& index = services.engine.index();
    const index::Index::ReadLock lock(index);
    counts = count_realm(index, realm.id);
  }
  std::string body;
  JsonWriter json(body);
  append_whole_realm(json, call, realm, counts);
  return json_response(status, std::move(body));
}

Result<http::Response> list_realms(Services& services, const Call& call) {
  CURFEW_TRY(const auto search, call.params.text("search", limits::kSearch, true));
  const std::string wanted = fold_case(search.value_or(""));
  std::vector<const engine::Realm*> seen;
  for (const engine::Realm* realm : call.realms->all()) {
    if (!call.caller.grants.sees(realm->name)) continue;
    if (fold_case(realm->name).find(wanted) == std::string::npos &&
        fold_case(realm->display_name).find(wanted) == std::string::npos)
      continue;
    seen.push_back(realm);
  }
  const index::Index& index = services.engine.index();
  const index::Index::ReadLock lock(index);
  return counted_list(services, call, seen, [&](JsonWriter& json, const engine::Realm* realm) {
    append_whole_realm(json, call, *realm, count_realm(index, realm->id));
  });
}

Result<http::Response> get_realm(Services& services, const Call& call) {
  return realm_response(services, call, 200, *call.realm);
}

// --- In
// -------------------------------------------------------------------------------------------------------------------------

struct RealmInput {
  std::string name;
  std::optional<std::string> display_name;
  std::optional<session::PolicyChange> policy;
};

Result<RealmInput> read_realm(const Call& call, std::span<const std::string_view> allowed) {
  JsonParser parser;
  CURFEW_TRY(const auto root, parser.parse(call.body));
  CURFEW_TRY(const auto fields, Fields::open(root, allowed));
  RealmInput input;
  if (call.realm == nullptr) {
    CURFEW_TRY(input.name, fields.text("name", limits::kRealmName));
    CURFEW_TRY_STATUS(engine::validate_realm_name(input.name));
  } else if (fields.size() == 0) {
    return invalid("", "Give displayName, policy or both.");
  }
  CURFEW_TRY(input.display_name, fields.optional_text("displayName", limits::kDisplayName));
  if (const JsonValue* policy = fields.find("policy")) {
    CURFEW_TRY(input.policy, read_policy(*policy));
  }
  return input;
}

engine::Done<engine::Realm> answer_with(Services& services, std::shared_ptr<Call> call, int status) {
  return [&services, call = std::move(call), status](Result<engine::Realm> realm) {
    if (!realm) return call->refuse(realm.error());
    http::Response response = status == 204 ? no_content() : realm_response(services, *call, status, *realm);
    if (status == 201) response.headers.push_back({"Location", "/api/v1/realms/" + percent_encode(realm->name)});
    call->answer(std::move(response));
  };
}

void create_realm(Services& services, Call call) {
  auto input = read_realm(call, kCreateFields);
  if (!input) return call.refuse(input.error());
  auto held = std::make_shared<Call>(std::move(call));
  std::string display = input->display_name.value_or(input->name);
  const session::Policy policy = session::changed({}, input->policy.value_or(session::PolicyChange{}));
  services.engine.create_realm(std::move(input->name), std::move(display), policy, held->origin(),
                               answer_with(services, held, 201));
}

void update_realm(Services& services, Call call) {
  auto input = read_realm(call, kChangeFields);
  if (!input) return call.refuse(input.error());
  // The route asks for POLICIES:WRITE, which is for the policy alone.
  if (input->display_name && !call.caller.grants.allows(Permission::kAdmin, call.realm->name))
    return deny(services, call, Permission::kAdmin, call.realm->name);
  auto held = std::make_shared<Call>(std::move(call));
  services.engine.update_realm(held->realm->id, std::move(input->display_name), input->policy, held->origin(),
                               answer_with(services, held, 200));
}

void delete_realm(Services& services, Call call) {
  auto held = std::make_shared<Call>(std::move(call));
  services.engine.remove_realm(held->realm->id, held->origin(), answer_with(services, held, 204));
}

}  // namespace

std::vector<Route> realm_routes() {
  constexpr std::string_view kAll = "/api/v1/realms";
  constexpr std::string_view kOne = "/api/v1/realms/{realm}";
  return {
      {.method = Method::kGet,
       .pattern = kAll,
       .operation = "listRealms",
       .access = Access::kAuthenticated,
       .parameters = {"search", "limit", "cursor", "offset"},
       .handler = at_once<list_realms>},
      {.method = Method::kPost,
       .pattern = kAll,
       .operation = "createRealm",
       .access = Access::kServer,
       .permission = Permission::kAdmin,
       .body = Body::kJson,
       .handler = create_realm},
      {.method = Method::kGet,
       .pattern = kOne,
       .operation = "getRealm",
       .access = Access::kAuthenticated,
       .handler = at_once<get_realm>},
      {.method = Method::kPatch,
       .pattern = kOne,
       .operation = "updateRealm",
       .access = Access::kRealm,
       .permission = Permission::kPoliciesWrite,
       .body = Body::kJson,
       .handler = update_realm},
      {.method = Method::kDelete,
       .pattern = kOne,
       .operation = "deleteRealm",
       .access = Access::kServer,
       .permission = Permission::kAdmin,
       .handler = delete_realm},
  };
}

}  // namespace curfew::api
