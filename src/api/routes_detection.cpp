// What counts as usual in a realm: its networks, rules and suppressions.
#include <algorithm>

#include "api/detection_json.h"
#include "api/json_out.h"
#include "api/services.h"

namespace curfew::api {
namespace {

using access::Permission;
using http::Method;

http::Response detection_response(const engine::Realm& realm) {
  std::string body;
  JsonWriter json(body);
  append_detection(json, *realm.detection);
  return json_response(200, std::move(body));
}

Result<http::Response> get_detection(Services&, const Call& call) {
  return detection_response(*call.realm);
}

void replace_detection(Services& services, Call call) {
  JsonParser parser;
  auto input = parser.parse(call.body).and_then(read_detection);
  if (!input) return call.refuse(input.error());
  auto held = std::make_shared<Call>(std::move(call));
  services.engine.replace_detection(held->realm->id, std::move(input->networks), std::move(input->rules),
                                    held->origin(), [held](const Result<engine::Realm>& realm) {
                                      if (!realm) return held->refuse(realm.error());
                                      held->answer(detection_response(*realm));
                                    });
}

Result<http::Response> list_suppressions(Services&, const Call& call) {
  std::vector<const signal::Suppression*> standing;
  for (const signal::Suppression& suppression : call.realm->detection->suppressions)
    if (suppression.expires > call.now) standing.push_back(&suppression);
  std::sort(standing.begin(), standing.end(),
            [](const auto* a, const auto* b) { return std::tie(b->created, b->id) < std::tie(a->created, a->id); });
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("items").begin_array();
  for (const signal::Suppression* suppression : standing) append_suppression(json, *suppression);
  json.end_array().field("total", std::uint64_t{standing.size()}).end_object();
  return json_response(200, std::move(body));
}

void create_suppression(Services& services, Call call) {
  JsonParser parser;
  auto input =
      parser.parse(call.body).and_then([&](const JsonValue& value) { return read_suppression(value, call.now); });
  if (!input) return call.refuse(input.error());
  auto held = std::make_shared<Call>(std::move(call));
  services.engine.add_suppression(held->realm->id, *std::move(input), held->origin(),
                                  [held](const Result<signal::Suppression>& made) {
                                    if (!made) return held->refuse(made.error());
                                    std::string body;
                                    JsonWriter json(body);
                                    append_suppression(json, *made);
                                    held->answer(json_response(201, std::move(body)));
                                  });
}

void delete_suppression(Services& services, Call call) {
  auto held = std::make_shared<Call>(std::move(call));
  services.engine.remove_suppression(held->realm->id, std::string(held->variable("suppressionId")), held->origin(),
                                     [held](const Result<signal::Suppression>& gone) {
                                       if (!gone) return held->refuse(gone.error());
                                       held->answer(no_content());
                                     });
}

}  // namespace

std::vector<Route> detection_routes() {
  constexpr std::string_view kDetection = "/api/v1/realms/{realm}/detection";
  constexpr std::string_view kSuppressions = "/api/v1/realms/{realm}/suppressions";
  return {
      {.method = Method::kGet,
       .pattern = kDetection,
       .operation = "getDetection",
       .access = Access::kRealm,
       .permission = Permission::kSessionsRead,
       .handler = at_once<get_detection>},
      {.method = Method::kPut,
       .pattern = kDetection,
       .operation = "replaceDetection",
       .access = Access::kRealm,
       .permission = Permission::kPoliciesWrite,
       .body = Body::kJson,
       .handler = replace_detection},
      {.method = Method::kGet,
       .pattern = kSuppressions,
       .operation = "listSuppressions",
       .access = Access::kRealm,
       .permission = Permission::kSessionsRead,
       .handler = at_once<list_suppressions>},
      {.method = Method::kPost,
       .pattern = kSuppressions,
       .operation = "createSuppression",
       .access = Access::kRealm,
       .permission = Permission::kPoliciesWrite,
       .body = Body::kJson,
       .handler = create_suppression},
      {.method = Method::kDelete,
       .pattern = "/api/v1/realms/{realm}/suppressions/{suppressionId}",
       .operation = "deleteSuppression",
       .access = Access::kRealm,
       .permission = Permission::kPoliciesWrite,
       .handler = delete_suppression},
  };
}

}  // namespace curfew::api
